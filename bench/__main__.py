"""Measure everything, or the parts that are named, and print one table: `python -m bench [PART ...] [--write]`.

It fails when something broke, and never because of a time.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click
import uvloop

from bench import accept, budget, cases, flood, jobs, machine, mail, million, rest, shares, start, storm, sweeps
from bench.figures import Figure
from bench.table import render, rewritten

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"

PARTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "accept": accept.measure,
    "shares": shares.measure,
    "jobs": jobs.measure,
    "mail": mail.measure,
    "storm": storm.measure,
    "budget": budget.measure,
    "rest": rest.measure,
    "cases": cases.measure,
    "sweeps": sweeps.measure,
    "start": start.measure,
    "flood": flood.measure,
    "million": million.measure,
}


async def measure(parts: Sequence[str]) -> tuple[list[tuple[str, list[Figure]]], list[str]]:
    """Measure one part after the other, and return what came of those that worked and the names of the others."""
    groups, broken = [], []
    for part in parts:
        click.echo(f"{part} … ", nl=False, err=True)
        began = time.monotonic()
        try:
            groups.append((part, await PARTS[part]()))
        except Exception as error:  # noqa: BLE001 - whatever broke, the other parts are still worth measuring
            broken.append(part)
            click.echo(f"broke: {type(error).__name__}: {error}", err=True)
        else:
            click.echo(f"{time.monotonic() - began:.0f} s", err=True)
    return groups, broken


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md. Only of all parts.")
def main(*, parts: tuple[str, ...], write: bool) -> None:
    """Measure these PARTS, or all."""
    if write and parts:
        raise click.UsageError("The document tells of one whole run: name no part.")
    groups, broken = uvloop.run(measure(parts or list(PARTS)))
    table = f"{machine.told()}\n\n{render(groups)}"
    click.echo(table)
    if write and not broken:
        DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8"), table), encoding="utf-8")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
