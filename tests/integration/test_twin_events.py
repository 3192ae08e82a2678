from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from paddle_twin import Twin
from tests.integration.reconciling import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def twin(clock: Clock) -> AsyncIterator[Twin]:
    async with Twin(clock=clock) as started:
        yield started


async def events(twin: Twin, query: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {twin.api_key}"}
    async with ClientSession() as http, http.get(f"{twin.url}/events?{query}", headers=headers) as response:
        return response.status, await response.json()


def types(body: dict[str, Any]) -> list[str]:
    return [event["event_type"] for event in body["data"]]


def declined(twin: Twin) -> str:
    return twin.world.decline(
        twin.world.add_subscription(twin.world.add_customer(name=None, email="rosa@lamplight.example"))
    )


async def test_events_are_what_webhooks_told_without_a_notifications_id(twin: Twin) -> None:
    bill = declined(twin)

    _, body = await events(twin, "event_type=transaction.past_due,transaction.payment_failed&order_by=id[ASC]")

    assert types(body) == ["transaction.payment_failed", "transaction.past_due"]
    assert {event["data"]["id"] for event in body["data"]} == {bill}
    assert body["data"][0].keys() == {"data", "event_id", "event_type", "occurred_at"}
    assert {event["event_id"] for event in body["data"]} <= {sent.event_id for sent in twin.sent}


async def test_the_newest_event_is_asked_for_by_the_order(twin: Twin) -> None:
    declined(twin)

    _, body = await events(twin, "order_by=id[DESC]&per_page=1")

    assert [event["event_id"] for event in body["data"]] == [twin.sent[-1].event_id]


async def test_events_after_one_come_page_by_page_oldest_first(twin: Twin) -> None:
    declined(twin)
    first, *others = [sent.event_id for sent in twin.sent]

    _, page = await events(twin, f"after={first}&order_by=id[ASC]&per_page=4")
    next_url = page["meta"]["pagination"]["next"]
    _, last = await events(twin, next_url.partition("?")[2])

    assert [event["event_id"] for body in (page, last) for event in body["data"]] == others
    assert (page["meta"]["pagination"]["has_more"], last["meta"]["pagination"]["has_more"]) == (True, False)


async def test_paddle_forgets_events_after_90_days(twin: Twin, clock: Clock) -> None:
    declined(twin)
    old = twin.sent[-1].event_id
    clock.forward(timedelta(days=90))
    declined(twin)

    status, refusal = await events(twin, f"after={old}")
    _, body = await events(twin, "per_page=200")

    assert (status, refusal["error"]["code"]) == (404, "not_found")
    assert len(body["data"]) == len(twin.sent) // 2


async def test_what_was_sent_by_hand_is_an_event_and_what_was_simulated_is_none(twin: Twin) -> None:
    twin.send("customer.updated", {"id": "ctm_1"})
    twin.send("customer.updated", {"id": "ctm_2"}, simulated=True)

    _, body = await events(twin, "")

    assert [event["data"]["id"] for event in body["data"]] == ["ctm_1"]


async def test_events_take_a_permission_of_their_own(twin: Twin) -> None:
    twin.api.permissions.discard("notification.read")

    status, body = await events(twin, "")

    assert (status, body["error"]["code"]) == (403, "forbidden")
