"""`dunning webhooks`, `worker`, `console` and `up`."""

from pathlib import Path

import click

from cli.commands.examples import examples
from cli.run.ends_with_stdin import until_stdin_closes


@click.command(epilog=examples("dunning webhooks"))
@until_stdin_closes
def webhooks(*, until_stdin_closes: bool) -> None:
    """Receive Paddle's webhooks and serve payment links over HTTP."""
    from cli.run import commands

    commands.webhooks(until_stdin_closes=until_stdin_closes)


@click.command(epilog=examples("dunning worker", "dunning worker --alive /run/dunning/alive"))
@click.option(
    "--alive",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Touch this file every ten seconds, for an orchestrator that looks whether the process works.",
)
@until_stdin_closes
def worker(*, alive: Path | None, until_stdin_closes: bool) -> None:
    """Handle events and send mail."""
    from cli.run import commands

    commands.worker(until_stdin_closes=until_stdin_closes, alive=alive)


@click.command(epilog=examples("dunning console", "DUNNING_CONSOLE_PORT=9090 dunning console"))
@until_stdin_closes
def console(*, until_stdin_closes: bool) -> None:
    """Serve the private side: an API for your programs, and a screen.

    It listens on DUNNING_CONSOLE_HOST and DUNNING_CONSOLE_PORT. Programs come with a token, which
    `dunning tokens create` makes; people sign in by a link, which `dunning sign-in` makes.
    """
    from cli.plan.backstage import Backstage
    from cli.run import commands

    commands.console(Backstage, until_stdin_closes=until_stdin_closes)


@click.command(epilog=examples("dunning up", "dunning up --data /var/lib/dunning"))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the embedded server keeps its data. Default: $XDG_STATE_HOME/dunning/live (or sandbox), "
    "and ~/.local/state where that isn't set.",
)
def up(*, data: Path | None) -> None:
    """Run `webhooks`, `worker` and `console` together, with a server of their own unless DUNNING_REDIS_URL is set."""
    from cli.run import commands

    commands.up(data=data)
