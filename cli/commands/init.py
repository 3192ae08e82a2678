"""`dunning init`."""

import click

from cli.commands.examples import examples


@click.command(epilog=examples("dunning init", "dunning --env-file staging.env init", "dunning init < answers"))
def init() -> None:
    """Ask for the settings that are not there yet, check each answer, and write them to a file.

    The file is .env in this folder, or /etc/dunning/env where only that is there, or what --env-file names. What is set
    already, there or in the environment, is not asked for and not changed. Each answer is written as it comes, so a
    second run goes on where the first was left. Answers may come from a pipe, a line each. Exit code 0: every question
    is answered. Exit code 1: they are not.
    """
    from cli.connect.init import command

    command.init()
