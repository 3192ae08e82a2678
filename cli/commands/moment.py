"""A moment on the command line: how long ago, or when."""

from datetime import UTC, datetime

import click

from dunning.durations import parse_duration

FORMS = "a duration ago (90s, 2h, 7d), a day (2026-11-01) or a time (2026-11-01T09:30), both in UTC"


class Moment(click.ParamType[datetime]):
    """A moment in the past, as an operator writes it."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment."""
        written, now = str(value).strip(), datetime.now(UTC)
        try:
            return now - parse_duration(written)
        except (ValueError, OverflowError):
            pass
        try:
            at = datetime.fromisoformat(written)
        except ValueError:
            self.fail(f"{written!r} is no moment: it should be {FORMS}.", param, ctx)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        if at > now:
            self.fail(f"{written!r} is in the future.", param, ctx)
        return at


WHEN = Moment()
