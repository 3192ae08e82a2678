"""Each page of the screen asks as much of Redis however many cases there are, and never scans."""

import asyncio
from datetime import timedelta
from typing import Any, NamedTuple

from console.screen.overview import LOOKED_AT
from dunning.casebook.case_page import CHUNK
from dunning.casebook.write import write_by
from dunning.rules.case import Case, CaseState
from dunning.store import Store, Versioned
from tests.integration.at_rest import a_case, later, redis_of
from tests.integration.cases_by_hand import CAMPAIGN
from tests.integration.console_side import Person, running_console
from tests.integration.edge import NOW, settings

# As many open cases as any page looks at, and a trip more.
MANY = LOOKED_AT + CHUNK
AT_ONCE = 250
SCANS = {"keys", "scan", "hscan", "sscan", "zscan"}
ENDS = ((CaseState.RECOVERED, None), (CaseState.STOPPED, "by_operator"), (CaseState.EXHAUSTED, None))
PAGES = (
    "/",
    "/cases",
    "/cases?state=every",
    "/cases?state=stopped",
    "/cases?reason=by_operator",
    "/cases?state=ended&campaign=renewal",
    "/campaigns",
    "/healing",
    "/dead",
    "/brakes",
    "/alerts",
    "/audit",
)


class Cost(NamedTuple):
    """What a page asked of Redis: how often each command, and how many bytes Redis answered in all."""

    calls: dict[str, int]
    answered_bytes: int


async def put_many(store: Store, count: int) -> None:
    """Put so many cases, of which a fifth has ended."""

    async def put(number: int) -> None:
        case, read = await _open(store, number)
        if number % 5 == 0:
            state, reason = ENDS[number // 5 % len(ENDS)]
            await write_by(store, CAMPAIGN, 0, later(hours=1), read, case.end(state, reason, later(hours=1)))

    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(put(number) for number in range(start, start + AT_ONCE)))


async def _open(store: Store, number: int) -> tuple[Case, Versioned]:
    case = a_case()
    due_at = later(seconds=number)
    return case, await write_by(store, CAMPAIGN, 0, NOW, Versioned(None, 0), case, opened_by=NOW, due_at=due_at)


async def cost_of(redis: Any, person: Person, path: str) -> Cost:  # noqa: ANN401 - as in `redis_of`
    """Load a page, and give what it cost: the least of three times, since the process also looks at itself."""
    costs = []
    for _ in range(3):
        await redis.config_resetstat()
        assert (await person.get(path))[0] == 200
        told = await redis.info("all")
        calls = {name[8:]: stats["calls"] for name, stats in told.items() if name.startswith("cmdstat_")}
        costs.append(Cost(calls, told["total_net_output_bytes"]))
    return min(costs, key=lambda cost: (sum(cost.calls.values()), cost.answered_bytes))


async def test_no_page_asks_more_of_redis_because_there_are_more_cases(redis_url: str, store: Store) -> None:
    redis = redis_of(store)
    async with running_console(settings(redis_url), clock=lambda: later(hours=1) + timedelta(days=2)) as side:
        person = await side.sign_in()
        await put_many(store, MANY * 5 // 4)
        case, _ = await _open(store, 0)
        pages = [*PAGES, f"/cases/{case.id}", f"/cases?state=every&customer={case.customer_id}"]
        few = {path: await cost_of(redis, person, path) for path in pages}
        await put_many(store, MANY // 2)
        many = {path: await cost_of(redis, person, path) for path in pages}

    assert {path: cost.calls for path, cost in many.items()} == {path: cost.calls for path, cost in few.items()}
    for path in pages:
        assert SCANS.isdisjoint(many[path].calls), path
        assert many[path].answered_bytes <= few[path].answered_bytes * 1.02 + 100, path
