"""The places of a life at which it can be cut, and what comes of each."""

import asyncio
import math
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dunning.store.server.embedded import EmbeddedServer
from dunning.watch.watcher import EVERY
from tests.chaos.cut_house import StuckError, cut_house
from tests.chaos.faults import Cut, Place
from tests.chaos.labels import POLLS
from tests.chaos.life import Life, live
from tests.chaos.passages import Passages

# The longest time after which an idle service begins anew with what it asks for, and a little more.
IDLE_ROUND = EVERY + timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one life with one cut in it."""

    cut: Cut
    made: bool
    """Whether the life came to that place at all."""
    life: Life = field(default_factory=Life)
    stuck: str = ""
    seconds: int = 0
    """How long after the cut everything had ended well, whole seconds, up."""

    @property
    def problems(self) -> list[str]:
        """What is not as it must be."""
        found = list(self.life.problems)
        if not self.made:
            found.append("the cut was not made")
        if self.stuck:
            found.append(f"in the end, still not: {self.stuck}")
        return found


async def asked_by_the_clock(redis_url: str, patience: timedelta) -> frozenset[str]:
    """Name what the service asks for while there is no case at all. A look for work has a place once it finds some."""
    passages = Passages()
    with tempfile.TemporaryDirectory(prefix="dunning-") as folder:
        async with cut_house(redis_url, Path(folder), passages, patience):
            asked: set[str] = set()
            while not asked or asked != passages.asked:
                asked = set(passages.asked)
                await asyncio.sleep(IDLE_ROUND.total_seconds())
    return frozenset(asked - POLLS.keys())


async def survey(redis_url: str, patience: timedelta, beside: Collection[str]) -> list[Place]:
    """Let a case live undisturbed, and give every place at which it could be cut."""
    passages = Passages(beside=beside)
    with tempfile.TemporaryDirectory(prefix="dunning-") as folder:
        async with cut_house(redis_url, Path(folder), passages, patience) as house:
            life = await live(house)
    assert life == Life(mails=1), life
    return passages.places


async def try_all(
    cuts: Iterable[Cut], servers: Sequence[EmbeddedServer], patience: timedelta, beside: Collection[str]
) -> list[Outcome]:
    """Make each cut in a life of its own, as many lives at a time as there are servers."""
    waiting = list(enumerate(cuts))[::-1]
    outcomes: dict[int, Outcome] = {}

    async def work(server: EmbeddedServer) -> None:
        while waiting:
            position, cut = waiting.pop()
            outcomes[position] = await _try(cut, server.url, patience, beside)

    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(work(server))
    return [outcomes[position] for position in sorted(outcomes)]


async def _try(cut: Cut, redis_url: str, patience: timedelta, beside: Collection[str]) -> Outcome:
    passages = Passages(cut, beside)
    life, stuck = Life(), ""
    with tempfile.TemporaryDirectory(prefix="dunning-") as folder:
        async with cut_house(redis_url, Path(folder), passages, patience) as house:
            try:
                life = await live(house)
            except StuckError as error:
                stuck = str(error)
            passed = house.clock.ahead.total_seconds()
    if passages.fired_at is None:
        return Outcome(cut, made=False, life=life, stuck=stuck)
    real = (passages.ended_at or time.monotonic()) - passages.fired_at
    return Outcome(cut, made=True, life=life, stuck=stuck, seconds=math.ceil(real + passed))
