"""The commands there are, those below a group included."""

from collections.abc import Iterator

import click

from cli.main import COMMANDS, main


def _every_command() -> Iterator[list[str]]:
    yield []
    for name in COMMANDS:
        yield [name]
        command = main.get_command(click.Context(main), name)
        if isinstance(command, click.Group):
            yield from ([name, below] for below in command.commands)


EVERY_COMMAND = [*_every_command()]
