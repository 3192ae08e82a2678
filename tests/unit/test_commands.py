"""What the `dunning` command says before it does anything."""

import subprocess
import sys

import click
import pytest

from cli.commands.reconcile import reconcile
from cli.main import COMMANDS, main
from dunning.durations import format_duration
from dunning.rules.healing import FEW_MAILS, MAILS_AN_HOUR, MAX_AGE
from tests.every_command import EVERY_COMMAND

# All that a help may load: beside the standard library, what it is written with.
LIGHT = {"click", "cli", "dunning"}
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
