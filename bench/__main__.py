"""Measure everything, or the parts that are named, and print one table: `python -m bench [PART ...] [--write]`.

It fails when something broke, and never because of a time.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click
import uvloop

from bench import (
    accept,
    budget,
    cases,
    flood,
    jobs,
    losses,
    machine,
    mail,
    million,
    private,
    rest,
    scaling,
    shares,
    start,
    storm,
    sweeps,
)
from bench.figures import Figure
from bench.table import render, rewritten

DOCS = Path(__file__).parents[1] / "docs"

Measure = Callable[[], Awaitable[list[Figure]]]

# What a flood of webhooks costs, and what others would make of it.
WEBHOOKS: dict[str, Measure] = {"accept": accept.measure, "jobs": jobs.measure, "losses": losses.measure}
FIGURES: dict[str, Measure] = {
    "shares": shares.measure,
    "mail": mail.measure,
    "storm": storm.measure,
    "budget": budget.measure,
    "rest": rest.measure,
    "cases": cases.measure,
    "sweeps": sweeps.measure,
    "private": private.measure,
    "start": start.measure,
}
FLOOD: dict[str, Measure] = {"flood": flood.measure}
# It takes longer than all the others together.
MILLION: dict[str, Measure] = {"million": million.measure}
# What the API budget allows.
SCALING: dict[str, Measure] = {"scaling": scaling.measure}
PARTS = WEBHOOKS | FIGURES | FLOOD | MILLION | SCALING
# The documents have a table of each, by these names, since few have the patience for all at once.
TABLES = {"webhooks": WEBHOOKS, "figures": FIGURES, "flood": FLOOD, "million": MILLION, "scaling": SCALING}
DOCUMENTS = dict.fromkeys(TABLES, DOCS / "performance.md") | {"scaling": DOCS / "scaling.md"}


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
@click.option(
    "--write",
    is_flag=True,
    help="Put tables into docs/performance.md and docs/scaling.md: "
    f"{', '.join(WEBHOOKS)}; flood; million; scaling; all the others.",
)
def main(*, parts: tuple[str, ...], write: bool) -> None:
    """Measure these PARTS, or all."""
    wanted = parts or tuple(PARTS)
    tables = {name: held for name, held in TABLES.items() if set(held) <= set(wanted)}
    if write and {part for held in tables.values() for part in held} != set(wanted):
        raise click.UsageError("Each table of the document is of one run: name all of its parts, or none.")
    groups, broken = uvloop.run(measure(wanted))
    click.echo(_told(groups))
    if write and not broken:
        for name, held in tables.items():
            document = DOCUMENTS[name].read_text(encoding="utf-8")
            table = _told([group for group in groups if group[0] in held])
            DOCUMENTS[name].write_text(rewritten(document, name, table), encoding="utf-8")
    sys.exit(1 if broken else 0)


def _told(groups: Sequence[tuple[str, list[Figure]]]) -> str:
    return f"{machine.told()}\n\n{render(groups)}"


if __name__ == "__main__":
    main()
