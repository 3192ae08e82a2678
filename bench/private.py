"""What the private side costs: standing checks against a bare aiohttp handler, and pages among a million cases."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bench.accept import start_beside
from bench.cases import open_one
from bench.copies import read_original, write_copies
from bench.figures import Figure, at_most, percentile, ratios
from bench.load import Load, put_load
from bench.notifications import PATH
from bench.screen import screen
from bench.service import UNLIMITED, BrokenError, Service, database, running_service, until_logged
from cli.lab.ports import free_port
from dunning.access_token import Scope, make_token
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.case_page import read_case_page
from dunning.casebook.find import CaseQuery
from dunning.instants import to_milliseconds
from dunning.rules.case import OPEN_FOR
from dunning.store import Store

SIZES = (1_000, 1_000_000)
ROUNDS = 5
PAGES = 40
ON_A_PAGE = 50
SCREEN = {"the overview of the screen": "/", "its list of cases": "/cases"}
CHECKS = 2_000
CONNECTIONS = 16


async def measure() -> list[Figure]:
    """Ask who owes as fast as is answered, and read pages of stores of both sizes in turn."""
    async with running_service([]) as service:
        return [*await _standing(service), *await _pages(service)]


async def _standing(service: Service) -> list[Figure]:
    port, made = free_port(), make_token()
    service.stack.environment["DUNNING_CONSOLE_PORT"] = str(port)
    case, _ = await open_one(service)
    store = Store.open(service.stack.server.url, rate_limit=UNLIMITED)
    await store.tokens.add(made.id, "bench", (Scope.READ,), made.digest, datetime.now(UTC))
    await store.close()
    await service.stack.start("console")
    path = f"/v1/customers/{case.customer_id}/standing"
    await until_logged(service, "console", "console.listening")
    bare_port = await start_beside(service, "bench.bare")
    ours: list[Load] = []
    bare: list[Load] = []
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {made.text}\r\nContent-Length: 0\r\n\r\n"
    for _ in range(ROUNDS):
        for where, requested, took in (
            (port, f"GET {path} HTTP/1.1\r\n{head}", ours),
            (bare_port, f"POST {PATH} HTTP/1.1\r\n{head}", bare),
        ):
            load = await put_load("127.0.0.1", where, [requested.encode()] * CHECKS, connections=CONNECTIONS)
            if load.refused:
                raise BrokenError(f"{load.refused} of {CHECKS} checks were refused")
            took.append(load)
    return [
        Figure("standing checks, a second", "checks", tuple(load.per_second for load in ours)),
        Figure(
            "the same, against the bare handler",
            "ratio",
            ratios([load.per_second for load in ours], [load.per_second for load in bare]),
        ),
        Figure(
            f"a standing check, {CONNECTIONS} at a time, median",
            "ms",
            tuple(1000 * percentile(load.latencies_seconds, 50) for load in ours),
        ),
    ]


async def _pages(service: Service) -> list[Figure]:
    now = datetime.now(UTC)
    case, _ = await open_one(service)
    original = await read_original(service.stack.server.url, case)
    took: dict[int, list[float]] = {}
    stores = {}
    for number, size in enumerate(SIZES, start=1):
        await write_copies(
            database(service, number),
            original,
            size,
            lambda _: to_milliseconds(now + timedelta(hours=1) + OPEN_FOR * random.random()),  # noqa: S311 - any will do
        )
        stores[size], took[size] = Store.open(database(service, number), rate_limit=UNLIMITED), []
    for _ in range(ROUNDS):
        for size, store in stores.items():
            took[size].append(await _read_pages(store, now))
    for store in stores.values():
        await store.close()
    return [*_compared(f"a page of {ON_A_PAGE} cases", took), *await _screen(service)]


async def _screen(service: Service) -> list[Figure]:
    """Load pages as a browser does, from both stores in turn."""
    took: dict[str, dict[int, list[float]]] = {page: {size: [] for size in SIZES} for page in SCREEN}
    for _ in range(ROUNDS):
        for number, size in enumerate(SIZES, start=1):
            async with screen(service.settings, database(service, number)) as load:
                for page, path in SCREEN.items():
                    took[page][size].append(await load(path))
    return [figure for page in SCREEN for figure in _compared(page, took[page])]


def _compared(what: str, took: Mapping[int, Sequence[float]]) -> list[Figure]:
    least, most = SIZES
    return [
        *(Figure(f"{what}, of {size:,}", "ms", tuple(took[size])) for size in SIZES),
        Figure(f"{what}, of {most:,} against {least:,}", "ratio", ratios(took[most], took[least]), at_most(2)),
    ]


async def _read_pages(store: Store, now: datetime) -> float:
    """Turn pages from the first on, and return the median of the milliseconds that each took."""
    campaigns, cursor, took = Campaigns(store, parse_campaigns(shipped(), "default.toml")), None, []
    for _ in range(PAGES):
        began = time.perf_counter()
        page = await read_case_page(store, campaigns, CaseQuery(), ON_A_PAGE, now, cursor)
        took.append(1000 * (time.perf_counter() - began))
        if len(page.cases) != ON_A_PAGE and page.cursor is not None:
            raise BrokenError(f"a page has {len(page.cases)} cases")
        cursor = page.cursor
    return percentile(took, 50)
