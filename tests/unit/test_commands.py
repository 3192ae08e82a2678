"""What the `dunning` command says before it does anything."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.commands.reconcile import reconcile
from cli.main import COMMANDS, main
from dunning.durations import format_duration
from dunning.rules.healing import FEW_MAILS, MAILS_AN_HOUR, MAX_AGE
from tests.every_command import EVERY_COMMAND

ROOT = Path(__file__).parents[2]

# All that a help may load: beside the standard library, what it is written with.
LIGHT = {"click", "cli", "dunning"}
# Services, and what looks, or works on files and on Paddle alone. All others write the audit list.
CHANGE_NOTHING_BY_HAND = {
    *("webhooks", "worker", "up", "console"),
    *("audit", "cases list", "cases show", "dead list", "doctor", "out-webhooks list", "report", "status"),
    *("suppressions list", "tokens list"),
    *("campaigns check", "campaigns plan", "demo", "preview", "simulate"),
    *("backup", "connect", "init", "link", "restore"),
}
LOADED = """
import sys
before = set(sys.modules)
from cli.main import main
try:
    main(sys.argv[1:], prog_name="dunning")
finally:
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(*sorted(loaded - sys.stdlib_module_names), file=sys.stderr)
"""


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_a_help_loads_nothing_but_click(words: list[str]) -> None:
    told = subprocess.run([sys.executable, "-c", LOADED, *words, "--help"], capture_output=True, text=True, check=True)

    assert told.stdout.startswith(f"Usage: {' '.join(['dunning', *words])} [OPTIONS]")
    assert set(told.stderr.split()) == LIGHT


def test_commands_are_listed_with_the_first_line_of_their_help() -> None:
    context = click.Context(main)

    for name, listed in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert str(command.help).partition("\n")[0] == listed.summary


def test_what_reconcile_says_of_its_numbers_is_so() -> None:
    options = {parameter.name: parameter for parameter in reconcile.params}
    spread = options["spread"]

    assert options["max_age"].default == format_duration(MAX_AGE)
    assert isinstance(spread, click.Option)
    assert f"of more than {FEW_MAILS} at most {MAILS_AN_HOUR} an hour" in str(spread.help)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["stauts"], "No such command 'stauts'. Did you mean 'status'?"),
        (["case"], "No such command 'case'. Did you mean 'cases'"),
        (["xyzzy"], "No such command 'xyzzy'. `dunning --help` lists them."),
        (["cases", "lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["cases", "list", "--staet", "open"], "No such option '--staet'. Did you mean '--state'?"),
    ],
)
def test_a_mistyped_word_is_told_what_was_meant(typed: list[str], told: str) -> None:
    result = CliRunner().invoke(main, typed)

    assert result.exit_code == 2
    assert told in result.stderr.replace("(Did you mean", "Did you mean").replace("?)", "?")


def completed(line: str, *, shell: str = "bash") -> set[str]:
    """Give what a shell would offer at the end of this line, and see what that loads."""
    words = line.split(" ")
    given = {
        **os.environ,
        "_DUNNING_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, env=given)
    assert set(told.stderr.split()) == LIGHT
    return {offered.partition(",")[2] for offered in told.stdout.splitlines()}


def test_completion_offers_commands_and_options_and_loads_nothing_but_click() -> None:
    assert completed("dunning ") == set(COMMANDS)
    assert completed("dunning re") == {name for name in COMMANDS if name.startswith("re")}
    assert completed("dunning cases ") == {"list", "show", "stop", "send-now"}
    assert completed("dunning cases list --st") == {"--state"}
    assert completed("dunning cases list --state st") == {"stopped"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_every_shell(shell: str) -> None:
    given = {**os.environ, "_DUNNING_COMPLETE": f"{shell}_source"}

    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, env=given)

    assert f"_DUNNING_COMPLETE={shell}_complete" in told.stdout


def test_bash_takes_the_script(tmp_path: Path) -> None:
    dunning = tmp_path / "dunning"
    dunning.write_text(f'#!/bin/sh\nexec {sys.executable} -m cli.main "$@"\n')
    dunning.chmod(0o700)
    typed = """
        eval "$(_DUNNING_COMPLETE=bash_source dunning)"
        COMP_WORDS=(dunning stat) COMP_CWORD=1
        _dunning_completion dunning stat dunning
        echo "${COMPREPLY[@]}"
    """
    path = f"{tmp_path}:{os.environ['PATH']}"

    told = subprocess.run(
        ["/bin/bash", "-c", typed],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
        cwd=ROOT,
    )

    assert told.stdout == "status\n", told.stderr


def test_every_command_takes_the_name_of_who_does_it_unless_it_changes_nothing_by_hand() -> None:
    without = set()
    for words in EVERY_COMMAND:
        command: click.Command = main
        for word in words:
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word) or pytest.fail(word)
        if not isinstance(command, click.Group) and not any("--by" in one.opts for one in command.params):
            without.add(" ".join(words))

    assert without == CHANGE_NOTHING_BY_HAND


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_a_help_fits_any_terminal(words: list[str], columns: str) -> None:
    told = CliRunner().invoke(main, [*words, "--help"], terminal_width=int(columns))

    lines = told.stdout.splitlines()
    widest = [line for line in lines if len(line) > int(columns) and not line.startswith("    dunning ")]
    assert told.exit_code == 0
    assert [line for line in widest if " " in line.strip()] == [], widest


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_help_has_an_example_that_the_command_takes(words: list[str]) -> None:
    command: click.Command = main
    context = click.Context(main, info_name="dunning")
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=word)
    if isinstance(command, click.Group):
        return
    told = CliRunner().invoke(main, [*words, "--help"], terminal_width=200).stdout
    shown = [
        line.strip() for line in told.partition("Examples:")[2].splitlines() if line.strip().startswith("dunning ")
    ]

    assert shown
    for example in shown:
        given = shlex.split(example.partition(" > ")[0], comments=True)
        assert [word for word in given if word in {"dunning", *words}] == ["dunning", *words], example
        options = {name for parameter in (*main.params, *command.params) for name in parameter.opts}
        assert {word for word in given if word.startswith("--")} <= options, example
