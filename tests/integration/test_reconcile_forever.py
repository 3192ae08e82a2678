"""The worker reconciles by itself, one of several at a time, and survives whatever goes wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dunning.errors import OperatorMustActError
from dunning.paddle_api.grants import Grant
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.rules.tally import Sum
from dunning.store import Reconciled
from dunning.store.server.embedded import EmbeddedServer
from paddle_twin import Twin
from tests.integration.at_rest import a_case, redis_of
from tests.integration.edge import settings
from tests.integration.house import house
from tests.until import until
from worker.reconcile.forever import Rhythm, Runs, reconcile_forever
from worker.reconcile.losses import sum_up_losses
from worker.reconcile.reconciler import Reconciler
from worker.services import WorkerServices, check_templates, open_services

AT_ONCE = Rhythm(
    first_after=timedelta(0),
    look_every=timedelta(milliseconds=20),
    events_every=timedelta(0),
    debts_every=timedelta(0),
    debts_soon=timedelta(0),
    losses_every=timedelta(0),
)
A_WHILE = timedelta(minutes=10)
DAY = timedelta(days=1)
LOST = "lost|renewal|none|hard|exhausted|"


@asynccontextmanager
async def services(redis_url: str, twin: Twin) -> AsyncIterator[WorkerServices]:
    """What a worker reconciles with. Its budget is large, and so its pauses are short."""
    given = settings(
        redis_url,
        PADDLE_API_KEY=twin.api_key,
        PADDLE_API_URL=twin.url,
        PADDLE_RATE_LIMIT="100000",
        PORTAL_LOGIN_URL=twin.portal_login_url,
    )
    opened = open_services(given, redis_url, check_templates(given))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def reconciling(of: WorkerServices, rhythm: Rhythm = AT_ONCE) -> AsyncIterator[None]:
    task = asyncio.create_task(reconcile_forever(of, rhythm))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with Twin(rate_limit=100_000) as started:
        yield started


@pytest.fixture
async def ours(redis_url: str, twin: Twin) -> AsyncIterator[WorkerServices]:
    async with services(redis_url, twin) as opened:
        yield opened


def declined(twin: Twin, *, ago: timedelta = A_WHILE) -> str:
    customer = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    return twin.world.decline(twin.world.add_subscription(customer), at=datetime.now(UTC) - ago)


async def gauge(of: WorkerServices, name: str) -> float:
    return (await of.store.health.snapshot(of.clock())).gauges[name]


async def counters(of: WorkerServices) -> dict[str, int]:
    return (await of.store.health.snapshot(of.clock())).counters


async def look(runs: Runs, every: timedelta = DAY) -> None:
    await runs.do(Reconciled.EVENTS, runs.events, every)
    await runs.do(Reconciled.PAST_DUE, runs.debts, every)


async def test_what_lost_webhooks_did_not_bring_is_mailed_and_closed_all_the_same(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home, services(redis_url, home.twin) as ours:
        home.twin.notifications.url = None
        bill = home.twin.world.decline(home.add_subscription())
        async with reconciling(ours):
            assert await home.delivery_ended(bill) is DeliveryState.SENT
            home.twin.world.pay(bill)
            assert (await home.case_ended(bill)).state is CaseState.RECOVERED
        assert len(home.mailbox.mails) == 1


async def lose(of: WorkerServices, case_id: str) -> None:
    now = of.clock()
    ended = a_case(case_id).end(CaseState.EXHAUSTED, None, now)
    await of.store.cases.commit(ended, 0, due_at=None, now=now, sums=[Sum(now.date(), f"n|{LOST}", 1)])


async def lost_sums(of: WorkerServices) -> dict[str, int]:
    (found,) = await of.store.sums.of([of.clock().date()])
    return {field: by for field, by in found.items() if LOST in field}


async def test_what_was_lost_in_money_is_asked_of_paddle_and_of_many_losses_in_one_call(
    ours: WorkerServices, twin: Twin
) -> None:
    """The last of the losses is of a transaction that Paddle doesn't know."""
    lost = [declined(twin), declined(twin), "txn_" + "0" * 26]
    for case_id in lost:
        await lose(ours, case_id)

    await Runs(ours).do(Reconciled.LOSSES, sum_up_losses, timedelta(0))

    total = int(twin.world.transactions[lost[0]]["details"]["totals"]["grand_total"])
    assert await lost_sums(ours) == {f"n|{LOST}": 1, f"n|{LOST}USD": 2, f"k|{LOST}USD": 2, f"a|{LOST}USD": 2 * total}
    assert twin.counts == {"GET /transactions": 1}


async def test_the_worker_asks_for_it_by_itself(ours: WorkerServices, twin: Twin) -> None:
    await lose(ours, declined(twin))

    await Runs(ours).look(AT_ONCE, just_started=False)

    assert (await lost_sums(ours))[f"k|{LOST}USD"] == 1


async def test_events_are_read_from_where_they_were_read_before(ours: WorkerServices, twin: Twin) -> None:
    declined(twin, ago=DAY)
    await look(runs := Runs(ours))
    missed = declined(twin)

    await look(runs, timedelta(0))

    assert {call.route for call in twin.calls} == {"GET /events", "GET /subscriptions", "GET /transactions"}
    assert (await ours.store.health.snapshot(ours.clock())).counters["reconcile_missed_events"] == 2
    # Its case is about to be opened by the event: it is not opened by the debt as well.
    assert await ours.store.inbox.read(f"reconciled_{missed[4:]}{datetime.now(UTC):%Y%m%d}opened") is None


async def test_of_several_workers_one_reconciles(ours: WorkerServices, twin: Twin, redis_url: str) -> None:
    async with services(redis_url, twin) as theirs:
        await asyncio.gather(*(look(Runs(each)) for each in (ours, theirs)))
        await look(Runs(theirs))

    assert twin.counts["GET /subscriptions"] == 1


async def test_what_failed_is_tried_again_in_a_minute_by_anybody(ours: WorkerServices, twin: Twin) -> None:
    twin.fail_next("GET /subscriptions", 400)
    runs = Runs(ours)

    with capture_logs() as logs:
        await look(runs)
        await look(runs)

    assert [entry["what"] for entry in logs if entry["event"] == "reconcile.failed"] == ["past_due"]
    assert (await counters(ours))["reconcile_failed"] == 1
    assert twin.counts["GET /subscriptions"] == 1
    assert 0 < await redis_of(ours.store).pttl("dunning:reconcile:turn:past_due") <= 60_000
    assert await redis_of(ours.store).get("dunning:reconcile:done:past_due") is None


async def test_a_refused_key_holds_mail_until_it_works_again(ours: WorkerServices, twin: Twin) -> None:
    key, twin.api.api_key = twin.api.api_key, "pdl_sdbx_apikey_another"
    await look(Runs(ours))
    held = [hold.word for hold in await ours.store.holds.all()]
    twin.api.api_key = key
    await redis_of(ours.store).delete("dunning:reconcile:turn:past_due")

    await look(Runs(ours))

    assert held == ["paddle_key"]
    assert await ours.store.holds.all() == []


async def test_events_that_may_not_be_read_stop_neither_mail_nor_the_debts(ours: WorkerServices, twin: Twin) -> None:
    twin.api.permissions.discard("notification.read")
    declined(twin)

    with capture_logs() as logs:
        await look(Runs(ours))

    (told,) = (entry for entry in logs if entry["event"] == "reconcile.must_act")
    assert "notification.read" in told["problem"]
    assert (await counters(ours))["reconcile_refused"] == 1
    assert await ours.store.holds.all() == []
    assert await gauge(ours, "unhandled_events") == 1


async def test_more_debts_than_are_usual_wait_for_the_operator_and_are_looked_at_more_often(
    ours: WorkerServices, twin: Twin
) -> None:
    for _ in range(51):
        declined(twin)
    runs = Runs(ours)

    with capture_logs() as logs:
        await look(runs)

    assert runs.waiting
    assert [entry["debts"] for entry in logs if entry["event"] == "reconcile.needs_apply"] == [51]
    assert await gauge(ours, "reconcile_waiting") == 51
    assert await gauge(ours, "unhandled_events") == 0


async def test_failures_that_were_withheld_before_a_run_broke_off_have_debts_looked_at_soon(
    ours: WorkerServices, twin: Twin
) -> None:
    declined(twin, ago=DAY)
    runs = Runs(ours)
    await runs.do(Reconciled.EVENTS, runs.events, timedelta(0))
    for _ in range(101):
        declined(twin)
    reads = 0

    async def break_off(reconciler: Reconciler) -> None:
        async def grant() -> Grant:
            nonlocal reads
            reads += 1
            if reads == 2:
                raise OperatorMustActError("The permission is gone.", hold=HoldWord.PADDLE_PERMISSION)
            return await reconciler.next_grant()

        await runs.events(replace(reconciler, next_grant=grant))

    await runs.do(Reconciled.EVENTS, break_off, timedelta(0))

    assert (reads, runs.waiting) == (2, True)


async def test_a_fault_ends_one_run_and_not_the_task(ours: WorkerServices) -> None:
    async def break_down(_: object) -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        await Runs(ours).do(Reconciled.EVENTS, break_down, DAY)

    assert [entry["event"] for entry in logs] == ["reconcile.fault"]


async def test_a_run_that_is_stopped_half_way_leaves_its_turn_to_others(ours: WorkerServices, twin: Twin) -> None:
    twin.fail_next("GET /subscriptions", "stall")

    async def stalled() -> bool:
        return twin.counts["GET /subscriptions"] == 1

    async with reconciling(ours):
        await until(stalled)

    assert 0 < await redis_of(ours.store).pttl("dunning:reconcile:turn:past_due") <= 60_000


async def test_a_redis_that_goes_away_is_told_once_and_outlived(twin: Twin) -> None:
    with EmbeddedServer(tcp=True) as server:
        async with services(server.url, twin) as ours:
            runs = Runs(ours)
            await look(runs)
            server.stop()
            with capture_logs() as logs:
                await look(runs)
                await look(runs)
                server.start()
                await look(runs, timedelta(0))

    events = [entry["event"] for entry in logs]
    assert events.count("reconcile.redis_is_away") == 1
    assert events.count("reconcile.redis_is_back") == 1
    assert twin.counts["GET /subscriptions"] == 2
