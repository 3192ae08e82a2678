"""`dunning cases` says since when a step is late, however often it was tried since."""

from datetime import UTC, datetime, timedelta

import pytest

from dunning.instants import to_milliseconds
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery
from dunning.store import Store, keys
from tests.integration.at_rest import redis_of
from tests.integration.cases_by_hand import Run, document, put, runner


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def a_late_case(store: Store) -> tuple[Case, datetime, datetime]:
    """Put a case whose first mail was planned 24 minutes ago and tried three times, the next time in five minutes."""
    now = datetime.now(UTC).replace(microsecond=0)
    planned_at, again_at = now - timedelta(minutes=24, seconds=30), now + timedelta(minutes=5)
    delivery = Delivery()
    for _ in range(3):
        delivery = delivery.claim("me", planned_at).put_back("me", "smtp_451", again_at, counted=True)
    case = await put(
        store, failed_days_ago=2 / 24 + 24.5 / 24 / 60, deliveries={"first": delivery}, reason_code="expired_card"
    )
    await redis_of(store).zadd(keys.LATE, {case.id: to_milliseconds(planned_at)})
    return case, planned_at, again_at


async def test_a_list_and_a_story_say_since_when_a_step_is_late_how_often_it_was_tried_why_and_when_again(
    run: Run, store: Store
) -> None:
    case, planned_at, again_at = await a_late_case(store)
    said = f"late 24 min, tried 3 times: smtp_451, again at {again_at:%Y-%m-%d %H:%M:%S} UTC"

    listed, shown = (await run("list")).stdout, (await run("show", case.id)).stdout

    assert said in listed
    assert f"  late          first since {planned_at:%Y-%m-%d %H:%M} UTC: {said}" in shown.splitlines()


async def test_in_json_too(run: Run, store: Store) -> None:
    case, planned_at, again_at = await a_late_case(store)
    late = {
        "step": "first",
        "since": f"{planned_at:%Y-%m-%dT%H:%M:%SZ}",
        "tries": 3,
        "reason": "smtp_451",
        "again_at": f"{again_at:%Y-%m-%dT%H:%M:%SZ}",
    }

    assert (await document(run, "list"))["cases"][0]["late"] == late
    assert (await document(run, "show", case.id))["late"] == late


async def test_what_is_paused_waits_because_it_is_meant_to(run: Run, store: Store) -> None:
    case, _, _ = await a_late_case(store)
    await store.brakes.pause("renewal", "a holiday", datetime.now(UTC))

    assert "late " not in (await run("list")).stdout
    assert "  late " not in (await run("show", case.id)).stdout
    assert (await document(run, "show", case.id))["late"] is None


async def test_what_is_on_time_is_not_late(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=0)

    assert "late " not in (await run("list")).stdout
    assert (await document(run, "show", case.id))["late"] is None
