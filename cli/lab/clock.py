"""A clock that the demo runs ahead: real time and an offset, which a file holds for all processes together."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click


class ShiftedClock:
    """Tells the time of whoever shares the file. It only ever runs forward: links and due times rely on that."""

    def __init__(self, path: Path) -> None:
        """Read the offset, in seconds, from this file. Without the file there is none."""
        self.path = path

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of real time."""
        try:
            return timedelta(seconds=float(self.path.read_text()))
        except FileNotFoundError:
            return timedelta(0)

    def forward_to(self, moment: datetime) -> None:
        """Make it `moment` now, for everybody. A moment that is past changes nothing."""
        ahead = max(self.ahead, moment - datetime.now(UTC))
        fresh = self.path.with_suffix(".new")
        fresh.write_text(repr(ahead.total_seconds()))
        fresh.replace(self.path)  # in one step: nobody reads half a number


def _read(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Callable[[], datetime] | None:
    return None if path is None else ShiftedClock(path)


# Hidden: with a clock of their own, processes would refuse real webhooks.
clock_option = click.option(
    "--clock",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_read,
    hidden=True,
    help="Run ahead of real time by the seconds in this file.",
)
