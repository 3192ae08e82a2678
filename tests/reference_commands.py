"""What docs/reference.md says of the commands: their help, as click has it, in Markdown."""

import inspect
import re
from collections.abc import Iterator

import click

from cli.main import WRONG_CONFIGURATION, main
from tests.every_command import EVERY_COMMAND

EXIT_CODES = {
    0: "Done, or ended as asked. A command that only shows ends so whatever it shows.",
    1: "It could not be done, or something waits for you. The command says which, and its help says when.",
    WRONG_CONFIGURATION: "An option, an argument, an id or a setting is wrong: starting it again changes nothing.",
}
# Click puts this before a paragraph that is to stay as it is written.
VERBATIM = "\b"


def commands() -> Iterator[str]:
    """Give the section on commands, and the one on exit codes, line by line."""
    yield "## Commands"
    for words in EVERY_COMMAND:
        if words:
            yield from _command(words)
    yield ""
    yield "## Exit codes"
    yield ""
    yield "| Code | Means |"
    yield "|---|---|"
    for code, means in EXIT_CODES.items():
        yield f"| {code} | {means} |"


def _find(words: list[str]) -> click.Command:
    found: click.Command = main
    for word in words:
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), word)
        assert below is not None
        found = below
    return found


def _command(words: list[str]) -> Iterator[str]:
    command = _find(words)
    context = click.Context(command, info_name=" ".join(["dunning", *words]))
    yield ""
    yield f"### dunning {' '.join(words)}"
    yield ""
    yield f"`{context.command_path} {' '.join(command.collect_usage_pieces(context))}`"
    for paragraph in inspect.cleandoc(f"{command.help or ''}\n\n{command.epilog or ''}").strip().split("\n\n"):
        yield ""
        yield from _paragraph(paragraph)
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        yield ""
        yield "| Option | Means |"
        yield "|---|---|"
        for option in options:
            names, means = option.get_help_record(context) or ("", "")
            yield f"| `{names}` | {_in_a_cell(means)} |"


def _paragraph(text: str) -> Iterator[str]:
    if VERBATIM in text:
        yield "```sh"
        yield inspect.cleandoc(text.replace(VERBATIM, "")).strip("\n")
        yield "```"
    else:
        yield " ".join(_plain(line.strip()) for line in text.splitlines() if line.strip())


def _plain(text: str) -> str:
    """Keep Markdown from reading `<name>` as HTML, and `*` as emphasis, where a help has them bare."""
    return re.sub(r"([<*])", r"\\\1", text)


def _in_a_cell(text: str) -> str:
    return " ".join(_plain(text).replace("|", "\\|").split())
