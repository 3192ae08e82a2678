"""Our processes on a clock that runs ahead: `python -m cli.lab.clocked FILE webhooks`.

No option of theirs: with a clock of their own they would refuse real webhooks.
"""

from pathlib import Path

import click

from cli.lab.clock import ShiftedClock
from cli.run.commands import webhooks, worker
from cli.run.ends_with_stdin import until_stdin_closes

COMMANDS = {"webhooks": webhooks, "worker": worker}


@click.command()
@click.argument("ahead", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("command", type=click.Choice(list(COMMANDS)))
@until_stdin_closes
def main(*, ahead: Path, command: str, until_stdin_closes: bool) -> None:
    """Run COMMAND ahead of real time by the seconds in the file AHEAD."""
    COMMANDS[command](until_stdin_closes=until_stdin_closes, clock=ShiftedClock(ahead))


if __name__ == "__main__":
    main()
