import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dunning.store import Store
from tests.integration.edge import (
    NOW,
    WEBHOOK_SECRET,
    Edge,
    notification,
    paddle_id,
    past_due_transaction,
    running,
    settings,
    sign,
)

EVENT_ID = paddle_id("evt")


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    async with running(settings(redis_url)) as edge:
        yield edge


async def test_a_failure_is_recorded_before_it_is_acknowledged(edge: Edge, store: Store) -> None:
    response = await edge.notify(notification())

    assert (response.status, await response.read()) == (200, b"")
    event = await store.inbox.read(EVENT_ID)
    assert event is not None
    assert event.facts.id == paddle_id("txn")
    assert (
        'dunning_notifications_total{event_type="transaction.past_due",outcome="accepted"} 1.0' in await edge.metrics()
    )


async def test_a_duplicate_is_acknowledged_and_recorded_once(edge: Edge, store: Store) -> None:
    await edge.notify(notification())

    response = await edge.notify(notification(notification_id=paddle_id("ntf", 2)))

    assert response.status == 200
    assert (await store.health.snapshot(NOW)).gauges["queued_jobs"] == 1
    assert 'outcome="duplicate"} 1.0' in await edge.metrics()


async def test_any_secret_may_have_signed(redis_url: str, store: Store) -> None:
    async with running(settings(redis_url, WEBHOOK_SECRETS=f"pdl_ntfset_new,{WEBHOOK_SECRET}")) as edge:
        response = await edge.notify(notification())

    assert response.status == 200
    assert await store.inbox.read(EVENT_ID)


async def test_good_signatures_are_counted_by_the_place_of_their_secret(redis_url: str, store: Store) -> None:
    del store
    async with running(settings(redis_url, WEBHOOK_SECRETS=f"pdl_ntfset_new,{WEBHOOK_SECRET}")) as edge:
        for body in (notification(), notification(), b"{}"):
            await edge.notify(body)
        await edge.notify(notification(), sign(notification(), secret="pdl_ntfset_new"))
        await edge.notify(notification(), sign(notification(), secret="pdl_ntfset_somebody_else"))
        metrics = await edge.metrics()

    assert re.findall(r"^dunning_webhook_signatures_total.*", metrics, re.MULTILINE) == [
        'dunning_webhook_signatures_total{secret="2"} 3.0',
        'dunning_webhook_signatures_total{secret="1"} 1.0',
    ]


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        ("", "There is no Paddle-Signature header."),
        ("ts=1;h1=", "No signature"),
        ("ts=1;h1=" + "a" * 5000, "No signature"),
        ("x" * 5000, "0 ts"),
        (f"ts={'9' * 400};h1={'0' * 64}", "not a time"),
        ("ts=1;h1=\u00e9", "no h1"),
        ("ts=1;" + ";".join(["h1=" + "0" * 64] * 60), "No signature"),
        (" ; = ;ts = 1 ; h2=x ; h1 = 0", "No signature"),
        (sign(notification(), secret="pdl_ntfset_somebody_else"), "No signature"),
        (sign(notification(), at=NOW - timedelta(seconds=61)), "made 61 s ago"),
        (sign(notification(), at=NOW + timedelta(seconds=61)), "made 61 s ahead"),
    ],
)
async def test_what_paddle_did_not_sign_just_now_is_refused(
    edge: Edge, store: Store, signature: str, sentence: str
) -> None:
    response = await edge.notify(notification(), signature)

    assert response.status == 401
    assert sentence in await response.text()
    assert await store.inbox.read(EVENT_ID) is None


async def test_a_header_line_past_8190_bytes_is_refused(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        response = await edge.notify(notification(), "x" * 9000)

    assert response.status == 400
    assert [(line["event"], line["log_level"]) for line in logs] == [("http.not_understood", "info")]
    assert not caplog.records


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        notification()[:-1],
        notification()[: len(notification()) // 2],
        b"\xff\xfe\x00",
        notification().replace(b"EUR", b"\xe9\xe9\xe9"),
        b"[" * 100_000,
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused(edge: Edge, body: bytes) -> None:
    response = await edge.notify(body)

    assert response.status == 400
    assert (await response.text()).startswith("The body is not a Paddle event")


@pytest.mark.parametrize("event_type", ["customer.updated", "brand.new", "x" * 10_000, ""])
async def test_a_type_without_use_is_acknowledged_and_counted_under_few_labels(edge: Edge, event_type: str) -> None:
    response = await edge.notify(notification(event_type, data={}))

    label = "customer.updated" if event_type == "customer.updated" else "other"
    assert (response.status, await response.read()) == (200, b"")
    assert f'dunning_notifications_total{{event_type="{label}",outcome="unused"}} 1.0' in await edge.metrics()


@pytest.mark.parametrize(
    ("event_type", "alert"),
    [
        ("api_key.expiring", "paddle.api_key.expiring"),
        ("api_key.revoked", "paddle.api_key.revoked"),
        ("api_key_exposure.created", "paddle.api_key.exposed"),
        ("api_key_rotation.created", "paddle.api_key.rotation_created"),
        ("api_key_rotation.updated", "paddle.api_key.rotation_updated"),
        ("api_key.brand_new", "paddle.api_key.changed"),
        ("api_key_rotation.brand_new", "paddle.api_key.changed"),
    ],
)
async def test_news_of_an_api_key_alerts(edge: Edge, event_type: str, alert: str) -> None:
    with capture_logs() as logs:
        response = await edge.notify(notification(event_type, data={"name": "my key"}))

    assert response.status == 200
    assert [(line["event"], line["log_level"]) for line in logs] == [(alert, "error")]


@pytest.mark.parametrize(
    "ids",
    [
        {"event_id": "ntfsimevt_" + "1" * 26, "notification_id": "ntfsimntf_" + "1" * 26},
        {"event_id": "ntfsimevt_" + "1" * 26, "notification_id": None},
        {"notification_id": "ntfsimntf_" + "1" * 26},
    ],
)
async def test_a_simulated_event_touches_nothing(edge: Edge, store: Store, ids: dict[str, Any]) -> None:
    response = await edge.notify(notification(**ids))

    assert response.status == 200
    gauges = (await store.health.snapshot(NOW)).gauges
    assert (gauges["queued_jobs"], gauges["unhandled_events"], gauges["dead_events"]) == (0, 0, 0)
    assert 'outcome="simulated"} 1.0' in await edge.metrics()


async def test_an_unsigned_simulated_event_is_refused(edge: Edge) -> None:
    response = await edge.notify(notification(event_id="ntfsimevt_" + "1" * 26), "ts=1;h1=0")

    assert response.status == 401


@pytest.mark.parametrize(
    "body",
    [
        notification(data={}),
        notification(data=[]),
        notification(data="ada@example.com"),
        notification(data=past_due_transaction(id="ada@example.com")),
        notification(data=past_due_transaction(subscription_id="1")),
        notification(event_id="no-paddle-id"),
        notification(event_id="x" * 5000),
        notification(occurred_at="2026-05-04T11:00:03"),
        notification(notification_id="ada@example.com", data={}),
        notification("subscription.canceled"),
    ],
)
async def test_a_malformed_event_is_kept_as_dead_and_acknowledged(edge: Edge, store: Store, body: bytes) -> None:
    with capture_logs() as logs:
        response = await edge.notify(body)

    assert (response.status, await response.read()) == (200, b"")
    gauges = (await store.health.snapshot(NOW)).gauges
    assert (gauges["dead_events"], gauges["queued_jobs"]) == (1, 0)
    assert [line["event"] for line in logs] == ["webhook.buried"]
    assert "ada@example.com" not in str(logs)


async def test_a_healthy_payment_is_acknowledged_and_not_kept(edge: Edge, store: Store) -> None:
    paid = past_due_transaction(status="completed", payments=[])

    response = await edge.notify(notification("transaction.completed", data=paid))

    assert response.status == 200
    assert (await store.health.snapshot(NOW)).gauges["queued_jobs"] == 0


async def test_of_what_is_private_in_a_notification_nothing_is_kept_or_logged_but_the_total_until_it_is_handled(
    edge: Edge, store: Store, redis_url: str
) -> None:
    """The total goes into a day's sum when the event is handled, and is forgotten then."""
    totals = {"subtotal": "356104731", "tax": "63760988", "grand_total": "419865719"}
    card = {"type": "card", "card": {"cardholder_name": "Ada Example"}}
    attempt = {**past_due_transaction()["payments"][0], "amount": "419865719", "method_details": card}
    data = past_due_transaction(
        custom_data={"email": "ada@example.com"}, details={"totals": totals}, payments=[attempt]
    )

    with capture_logs() as logs:
        await edge.notify(notification(data=data))
    waiting = await all_of(redis_url)
    await store.inbox.mark_handled(EVENT_ID)
    handled = await all_of(redis_url)

    assert waiting.count(b"419865719") == 1
    for private in ("ada@example.com", "Ada Example", "356104731", "63760988", "419865719"):
        assert private == "419865719" or private.encode() not in waiting
        assert private.encode() not in handled
        assert private not in json.dumps(logs, default=str)


async def all_of(redis_url: str) -> bytes:
    """Give all texts that Redis holds."""
    async with Redis.from_url(redis_url) as redis:
        texts = [name for name in await redis.keys() if await redis.type(name) == b"string"]
        hashes = [name for name in await redis.keys() if await redis.type(name) == b"hash"]
        rest = [name for name in await redis.keys() if name not in {*texts, *hashes}]
        kept = [await redis.get(name) or b"" for name in texts]
        kept += [value for name in hashes for value in (await redis.hgetall(name)).values()]
        kept += [await redis.dump(name) or b"" for name in rest]
        return b"\n".join(kept)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_another_method_is_not_allowed(edge: Edge, method: str) -> None:
    response = await edge.http.request(method, edge.url / "webhooks/paddle")

    assert response.status == 405


async def test_another_path_is_not_found(edge: Edge) -> None:
    for path in ("", "webhooks", "webhooks/paddle/x", "webhooks/stripe"):
        response = await edge.http.post(edge.url / path)
        assert response.status == 404
