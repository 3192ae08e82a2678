"""`dunning console` on a clock that runs ahead: `python -m cli.plan.clocked_console FILE`."""

from pathlib import Path

import click

from cli.lab.clock import ShiftedClock
from cli.plan.backstage import Backstage
from cli.run.commands import console
from cli.run.ends_with_stdin import until_stdin_closes


@click.command()
@click.argument("ahead", type=click.Path(dir_okay=False, path_type=Path))
@until_stdin_closes
def main(*, ahead: Path, until_stdin_closes: bool) -> None:
    """Serve the private side ahead of real time by the seconds in the file AHEAD."""
    clock = ShiftedClock(ahead)
    console(lambda settings: Backstage(settings, clock), until_stdin_closes=until_stdin_closes, clock=clock)


if __name__ == "__main__":
    main()
