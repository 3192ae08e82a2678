"""A million cases, in accounts of five customers: how many mails went out that should not have.

It runs the worker's own jobs over a store in memory, on a clock that is only a value: declined renewals of every kind,
people who pay, cancel, pause and dispute, webhooks that are lost, late and doubled, mail servers that refuse or fall
silent, pauses and outages, and workers that are killed between any two things they do. What lost webhooks did not
bring, the worker's own reconciling finds now and then, in half of the months. What a mail says is judged by
`bench.forbidden`, from Paddle's side, at the moment of each mail. `python -m bench.million 20000` plays so many.
"""

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click

from bench.figures import Figure, at_most
from bench.month import play_chunk
from bench.table import render

CASES = 1_000_000
CHUNK = 2_500


async def measure() -> list[Figure]:
    """Play them all, over all of this machine's cores."""
    return await play(CASES)


async def play(cases: int) -> list[Figure]:
    """Play this many cases, and count."""
    began = time.perf_counter()
    workers = os.cpu_count() or 1
    loop = asyncio.get_running_loop()
    seeds = range(0, cases, CHUNK)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = [loop.run_in_executor(pool, play_chunk, seed, min(CHUNK, cases - seed)) for seed in seeds]
        counts: Counter[str] = Counter()
        for part in asyncio.as_completed(parts):
            counts += await part
    seconds = time.perf_counter() - began
    return _figures(counts, seconds, workers)


def _figures(counts: Counter[str], seconds: float, workers: int) -> list[Figure]:
    cases = counts["cases"]
    return [
        Figure(
            f"wrong mails, of {counts['mails']:,} in {cases:,} cases", "mails", (float(counts["wrong"]),), at_most(0)
        ),
        Figure("mails that came twice, none of them flagged", "mails", (float(counts["unflagged"]),), at_most(0)),
        Figure("steps that were due and ended without a reason", "steps", (float(counts["untold"]),), at_most(0)),
        Figure("cases that did not end", "cases", (float(counts["open"]),), at_most(0)),
        Figure(f"months of a case, {workers} processes", "a second", (cases / seconds,)),
    ]


@click.command()
@click.argument("cases", type=int, default=CASES)
def main(cases: int) -> None:
    """Play CASES cases."""
    click.echo(render([("million", asyncio.run(play(cases)))]))


if __name__ == "__main__":
    main()
