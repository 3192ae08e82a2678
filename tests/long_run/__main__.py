"""`python -m tests.long_run`: play a day of traffic in some minutes, and tell what grew that has no reason to."""

import asyncio
import sys
import time

import click

from tests.chaos import results as document
from tests.long_run.day import ROUND, beginning
from tests.long_run.judge import STEADY_FROM_HOUR, Sample, grown, left
from tests.long_run.told import told

HOURS = 24


@click.command()
@click.option(
    "--hours",
    type=click.IntRange(min=STEADY_FROM_HOUR + 4),
    default=HOURS,
    show_default=True,
    help="How much of the day.",
)
@click.option("--write", is_flag=True, help="Write what came of it into docs/reliability.md.")
def main(*, hours: int, write: bool) -> None:
    """Play a day of traffic, and fail if anything grows that has no reason to."""
    began = time.monotonic()
    samples, after = asyncio.run(_play(hours))
    problems = [*grown(samples), *left(samples, after)]
    text = told(samples, after, problems, minutes=(time.monotonic() - began) / 60)
    click.echo(text)
    if write:
        document.rewrite("day", text)
    sys.exit(bool(problems))


async def _play(hours: int) -> tuple[list[Sample], Sample]:
    rounds = round(hours * 3600 / ROUND.total_seconds())
    async with beginning() as day:
        samples = [sample async for sample in day.play(rounds, lambda what: click.echo(f"  {what}", err=True))]
        return samples, await day.long_after()


if __name__ == "__main__":
    main()
