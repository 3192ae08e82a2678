"""How a Lua script names what it is given, so that nobody has to count."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from dunning.store.driver import scripts

SCRIPTS = {script.name: script.read_text() for script in files(scripts).iterdir() if script.name.endswith(".lua")}
# `local case, story = unpack(KEYS)`, over several lines where there are many.
NAMED = re.compile(r"^local ([\w, \n]+) = unpack\((KEYS|ARGV)\)$", re.MULTILINE)
# What takes a name: `local a, b`, `for a, b in`, `for i =`, `function try(a, b)`.
TAKEN = re.compile(r"\b(?:local|for)\s+(?!function\b)(\w+(?:,\s*\w+)*)|\bfunction\s+\w+\(([\w, ]*)\)")

every_script = pytest.mark.parametrize("source", SCRIPTS.values(), ids=SCRIPTS.keys())


def named(source: str) -> dict[str, list[str]]:
    return {given: re.findall(r"\w+", names) for names, given in NAMED.findall(source)}


@every_script
def test_a_script_names_its_keys_and_its_arguments_and_reads_none_by_its_number(source: str) -> None:
    assert list(named(source)) == ["KEYS", "ARGV"]
    assert not re.findall(r"\b(?:KEYS|ARGV)\s*\[\s*\d+\s*\]", source)


@every_script
def test_what_follows_in_any_number_begins_after_the_last_name(source: str) -> None:
    first_unnamed = len(named(source)["ARGV"]) + 1

    assert {int(begin) for begin in re.findall(r"unpack\(ARGV, (\d+)", source)} <= {first_unnamed}


@every_script
def test_no_name_of_a_key_or_an_argument_is_taken_again(source: str) -> None:
    code = re.sub(r"--.*", "", source)
    taken = Counter(name for names in TAKEN.findall(code) for name in re.findall(r"\w+", " ".join(names)))

    assert {name: taken[name] for names in named(source).values() for name in names if taken[name] != 1} == {}
