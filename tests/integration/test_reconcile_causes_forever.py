"""A worker asks what came before payments by itself, and what goes wrong with that alerts nobody."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from dunning.casebook.write import write_by
from dunning.rules.case import CaseState
from dunning.store import Reconciled, Versioned
from paddle_twin import Twin
from tests.integration.cases_by_hand import CAMPAIGN, sent
from tests.integration.test_reconcile_forever import AT_ONCE, counters, services
from tests.unit.case_builders import a_case
from worker.reconcile.forever import Runs
from worker.services import WorkerServices

PAID_AGO = timedelta(minutes=30)
RECOVERED = "recovered|renewal|first|hard"


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    paid_at = datetime.now(UTC) - PAID_AGO
    async with Twin(rate_limit=100_000, clock=lambda: paid_at) as started:
        yield started


@pytest.fixture
async def ours(redis_url: str, twin: Twin) -> AsyncIterator[WorkerServices]:
    async with services(redis_url, twin) as opened:
        yield opened


async def paid_by_retain(ours: WorkerServices, twin: Twin) -> None:
    now = twin.world.clock()
    customer = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    bill = twin.world.decline(twin.world.add_subscription(customer), at=now - timedelta(days=2))
    subscription = twin.world.transactions[bill]["subscription_id"]
    case = a_case(
        id=bill,
        subscription_id=subscription,
        customer_id=customer,
        failed_at=now - timedelta(days=2),
        deliveries={"first": sent(now - timedelta(days=1))},
    )
    read = await write_by(ours.store, CAMPAIGN, 1, now - timedelta(days=1), Versioned(None, 0), case)
    twin.world.pay(bill, source="retain")
    await write_by(ours.store, CAMPAIGN, 1, now, read, case.end(CaseState.RECOVERED, None, now))


async def recovered(ours: WorkerServices, twin: Twin) -> dict[str, int]:
    (found,) = await ours.store.sums.of([twin.world.clock().date()])
    return {field: by for field, by in found.items() if by and RECOVERED in field}


async def test_a_worker_asks_beside_all_else_that_it_reconciles(ours: WorkerServices, twin: Twin) -> None:
    await paid_by_retain(ours, twin)

    await Runs(ours).look(AT_ONCE, just_started=False)

    assert await recovered(ours, twin) == {f"n|{RECOVERED}|retain|": 1}


async def test_a_key_that_may_not_ask_is_told_once_and_holds_nothing(ours: WorkerServices, twin: Twin) -> None:
    twin.api.permissions.remove("subscription_history.read")
    runs = Runs(ours)

    with capture_logs() as logs:
        for _ in range(2):
            await paid_by_retain(ours, twin)
            await runs.do(Reconciled.CAUSES, runs.causes, timedelta(0))
        twin.api.permissions.add("subscription_history.read")
        await paid_by_retain(ours, twin)
        await runs.do(Reconciled.CAUSES, runs.causes, timedelta(0))

    (line,) = [one for one in logs if one["event"].startswith("reconcile.")]
    assert (line["event"], line["log_level"]) == ("reconcile.history_refused", "info")
    assert "subscription_history.read" in line["problem"]
    assert await ours.store.holds.all() == []
    assert await recovered(ours, twin) == {f"n|{RECOVERED}|mail|": 2, f"n|{RECOVERED}|retain|": 1}


async def test_what_paddle_does_not_answer_is_asked_later_and_is_no_failure(ours: WorkerServices, twin: Twin) -> None:
    await paid_by_retain(ours, twin)
    twin.fail_next("GET /subscriptions/{id}/history", "not_json", times=1)
    runs = Runs(ours)

    with capture_logs() as logs:
        await runs.do(Reconciled.CAUSES, runs.causes, timedelta(0))
        await runs.do(Reconciled.CAUSES, runs.causes, timedelta(0))

    assert [one["event"] for one in logs] == ["reconcile.causes_later"]
    assert "reconcile_failed" not in await counters(ours)
    assert await recovered(ours, twin) == {f"n|{RECOVERED}|retain|": 1}
