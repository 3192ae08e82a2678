"""`python -m tests.storms --seed 7`: play a storm, and if it is not survived, find the faults that matter.

With `--in-memory` there are no processes, and a storm takes a fraction of a second. With `--minutes` storm follows on
storm: a sixth of the time in memory, the rest against real processes.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import click

from tests.chaos import results as document
from tests.storms import in_memory
from tests.storms.checker import judge
from tests.storms.play import play
from tests.storms.results import Outcome, told
from tests.storms.schedule import Schedule, draw
from tests.storms.shrink import shrink

CASES, CASES_IN_MEMORY = 200, 10
SHARE_IN_MEMORY = 6
AT_A_TIME = 100
ORDER = "PYTHONHASHSEED"


@click.command()
@click.option("--seed", default=1, help="Draws the storm; with --minutes the first of many.")
@click.option("--cases", type=int, help=f"How many customers: {CASES}, in memory {CASES_IN_MEMORY}.")
@click.option("--faults", help="Only these of the drawn faults: their places in the list, as 0,3,7; `none` for none.")
@click.option("--in-memory", "memory", is_flag=True, help="Over the store in memory, without processes.")
@click.option("--shrink/--no-shrink", "shrinks", default=True, help="Look for the fewest faults that still fail.")
@click.option("--show", is_flag=True, help="Print the storm as JSON, and do not play it.")
@click.option("--minutes", type=float, help="Play storm after storm for so long.")
@click.option("--write", is_flag=True, help="Write what came of them into docs/reliability.md.")
def main(
    *,
    seed: int,
    cases: int | None,
    faults: str | None,
    memory: bool,
    shrinks: bool,
    show: bool,
    minutes: float | None,
    write: bool,
) -> None:
    """Play a storm that is drawn from a seed."""
    if minutes is not None:
        sys.exit(_play_many(seed, minutes, write=write))
    storm = draw(seed, cases or (CASES_IN_MEMORY if memory else CASES))
    places = list(range(len(storm.faults))) if faults is None else _read(faults, len(storm.faults))
    if show:
        click.echo(json.dumps(storm.only(places).as_json(), indent=1))
        return
    outcome = _play(storm.only(places), memory=memory)
    _tell(outcome)
    if outcome.problems and shrinks:
        _tell_fewest(storm, places, memory=memory)
    sys.exit(bool(outcome.problems))


def _read(faults: str, count: int) -> list[int]:
    if faults == "none":
        return []
    places = [int(one) if one.isdecimal() else count for one in faults.split(",")]
    if max(places) >= count:
        raise click.BadParameter(f"should be places from 0 to {count - 1}, as 0,3,7, or `none`.")
    return places


def _play(storm: Schedule, *, memory: bool) -> Outcome:
    if memory:
        history = in_memory.play(storm)
    else:
        history = asyncio.run(play(storm, say=lambda what: click.echo(f"  {what}", err=True)))
    return Outcome(storm, history, judge(history))


def _tell(outcome: Outcome) -> None:
    kinds = ", ".join(fault.kind for fault in outcome.schedule.faults) or "no fault"
    click.echo(f"seed {outcome.schedule.seed}: {kinds}")
    for problem in outcome.problems:
        click.echo(f"  {problem}")
    click.echo(f"  {'not survived' if outcome.problems else 'survived'}: {len(outcome.history.mails)} mails")


def _tell_fewest(storm: Schedule, places: Sequence[int], *, memory: bool) -> None:
    """Find the fewest faults that still fail, and print how to play them again."""

    async def fails(chosen: Sequence[int]) -> bool:
        problems = (await asyncio.to_thread(_play, storm.only(chosen), memory=memory)).problems
        click.echo(f"  with {_places(chosen)}: {'not survived' if problems else 'survived'}", err=True)
        return bool(problems)

    fewest = asyncio.run(shrink(places, fails))
    for place in fewest:
        click.echo(f"  {json.dumps(storm.only([place]).as_json()['faults'][0])}")
    how = f"{'--in-memory ' if memory else ''}--seed {storm.seed} --cases {len(storm.lives)}"
    click.echo(f"Again: python -m tests.storms {how} --faults {_places(fewest)}")


def _places(chosen: Sequence[int]) -> str:
    return ",".join(map(str, chosen)) or "none"


def _play_many(first: int, minutes: float, *, write: bool) -> bool:
    """Play storms from this seed on, and return whether one was not survived."""
    began, seconds = time.monotonic(), minutes * 60
    quick = list(_in_memory_until(began + seconds / SHARE_IN_MEMORY, first))
    real = list(_real_until(began + seconds, first))
    text = told(real, quick)
    click.echo(text)
    if write:
        document.rewrite("storms", text)
    return any(one.problems for one in [*real, *quick])


def _in_memory_until(end: float, seed: int) -> Iterator[Outcome]:
    """Play in as many processes as there are processors."""
    with ProcessPoolExecutor() as pool:
        while time.monotonic() < end:
            for outcome in pool.map(_play_in_memory, range(seed, seed + AT_A_TIME)):
                if outcome.problems:
                    _tell_problems(outcome, memory=True)
                yield outcome
            seed += AT_A_TIME


def _play_in_memory(seed: int) -> Outcome:
    return _play(draw(seed, CASES_IN_MEMORY), memory=True)


def _real_until(end: float, seed: int) -> Iterator[Outcome]:
    while time.monotonic() < end:
        outcome = _play(draw(seed, CASES), memory=False)
        if outcome.problems:
            _tell_problems(outcome, memory=False)
        else:
            _tell(outcome)
        seed += 1
        yield outcome


def _tell_problems(outcome: Outcome, *, memory: bool) -> None:
    _tell(outcome)
    _tell_fewest(outcome.schedule, range(len(outcome.schedule.faults)), memory=memory)


if __name__ == "__main__":
    if os.environ.get(ORDER) is None:
        # Sets of texts are gone through in another order in each process: a storm is to be the same again.
        os.execve(sys.executable, [sys.executable, "-m", "tests.storms", *sys.argv[1:]], {**os.environ, ORDER: "0"})  # noqa: S606 - ourselves
    main()
