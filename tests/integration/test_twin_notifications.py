import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web

from paddle_twin import Twin
from tests.until import until

RETRY_AFTER = timedelta(milliseconds=5)


@dataclass
class Receiver:
    """A webhook receiver that answers what it is told to, and 200 from then on."""

    answers: list[int] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""

    async def receive(self, request: web.Request) -> web.Response:
        self.received.append((request.headers["Paddle-Signature"], await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": self.url} if status == 302 else {})

    def event_ids(self) -> list[str]:
        return [json.loads(body)["event_id"] for _, body in self.received]


@asynccontextmanager
async def receiver(*answers: int) -> AsyncIterator[Receiver]:
    receiving = Receiver(list(answers))
    app = web.Application()
    app.router.add_post("/webhooks/paddle", receiving.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiving.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/paddle"
    yield receiving
    await runner.cleanup()


def declined(twin: Twin) -> str:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    return twin.world.decline(twin.world.add_subscription(customer))


async def test_every_notification_arrives_signed_now_with_the_state_of_its_moment() -> None:
    async with receiver() as receiving, Twin(webhook_url=receiving.url, webhook_secret="whole-secret") as twin:
        declined(twin)
        await twin.notifications.settled()

    statuses = {}
    for signature, body in receiving.received:
        sent_at, _, digest = signature.removeprefix("ts=").partition(";h1=")
        assert abs(int(sent_at) - time.time()) < 30
        assert hmac.new(b"whole-secret", f"{sent_at}:".encode() + body, hashlib.sha256).hexdigest() == digest
        envelope = json.loads(body)
        assert envelope["notification_id"].startswith("ntf_")
        statuses[envelope["event_type"]] = envelope["data"]["status"]
    assert statuses["transaction.payment_failed"] == "billed"
    assert statuses["transaction.past_due"] == "past_due"
    assert len(receiving.received) == 8


async def test_what_is_not_answered_200_is_sent_again_as_the_same_event() -> None:
    async with (
        receiver(503, 302, 204) as receiving,
        Twin(webhook_url=receiving.url, retry_after=RETRY_AFTER) as twin,
    ):
        sent = twin.send("api_key.expiring", {"id": "apikey_01jq3w0a1b2c3d4e5f6g7h8j9k"})
        await twin.notifications.settled()

    assert sent.answers == [503, 302, 204, 200]
    assert sent.status == "delivered"
    assert receiving.event_ids() == [sent.event_id] * 4


async def test_a_receiver_that_is_away_gets_everything_when_it_is_back() -> None:
    async with receiver() as gone:
        pass

    async with Twin(webhook_url=gone.url, retry_after=RETRY_AFTER) as twin, receiver() as back:
        sent = twin.send("api_key.expiring", {})
        while not sent.answers:  # noqa: ASYNC110 - the twin notes answers, and wakes nobody
            await asyncio.sleep(0.005)
        twin.notifications.url = back.url
        await twin.notifications.settled()

    assert sent.answers[0] == 0
    assert back.event_ids() == [sent.event_id]


async def test_a_receiver_that_never_answers_200_is_given_up_in_the_end() -> None:
    async with (
        receiver(*[500] * 60) as receiving,
        Twin(webhook_url=receiving.url, retry_after=timedelta(0)) as twin,
    ):
        sent = twin.send("api_key.expiring", {})
        await twin.notifications.settled()

    assert sent.status == "failed"
    assert len(sent.answers) == 60


async def test_without_a_destination_notifications_are_lost_but_remembered() -> None:
    async with Twin() as twin:
        declined(twin)
        await twin.notifications.settled()

    assert [notification.status for notification in twin.sent] == ["not_attempted"] * 8


async def test_taking_the_destination_away_ends_what_is_still_to_be_sent() -> None:
    twin = Twin(webhook_url="http://127.0.0.1:1/")
    sent = twin.send("api_key.expiring", {})
    twin.notifications.url = None

    async with twin:
        await twin.notifications.settled()

    assert sent.status == "failed"


async def test_a_replay_is_the_same_event_in_a_new_notification() -> None:
    async with receiver() as receiving, Twin(webhook_url=receiving.url) as twin:
        first = twin.send("api_key.revoked", {"id": "apikey_01jq3w0a1b2c3d4e5f6g7h8j9k"})
        await twin.notifications.settled()
        again = twin.replay(first.event_id)
        await twin.notifications.settled()

    bodies = [json.loads(body) for _, body in receiving.received]
    assert again.event_id == first.event_id
    assert [body.pop("notification_id") for body in bodies] == [first.id, again.id]
    assert bodies[0] == bodies[1]


async def test_a_simulated_event_shows_it_in_its_ids() -> None:
    async with Twin() as twin:
        sent = twin.send("transaction.past_due", {}, simulated=True)

    assert sent.event_id.startswith("ntfsimevt_")
    assert sent.id.startswith("ntfsimntf_")


async def test_the_twin_stops_though_a_notification_is_still_waiting_for_its_retry() -> None:
    async with (
        receiver(500) as receiving,
        Twin(webhook_url=receiving.url, retry_after=timedelta(hours=1)) as twin,
    ):
        sent = twin.send("api_key.expiring", {})
        while not sent.answers:  # noqa: ASYNC110 - the twin notes answers, and wakes nobody
            await asyncio.sleep(0.005)

    assert sent.status == "needs_retry"


@pytest.mark.parametrize("url", ["//x", "not an address", "http://ex..ample/", f"http://{'a' * 300}/"])
async def test_an_address_that_is_none_is_a_failed_attempt(url: str) -> None:
    async with Twin(webhook_url=url, retry_after=RETRY_AFTER) as twin:
        declined(twin)

        async def tried_twice() -> bool:
            return all(len(sent.answers) > 1 for sent in twin.sent)

        await until(tried_twice)
        assert {answer for sent in twin.sent for answer in sent.answers} == {0}


async def test_nobody_waits_for_what_goes_to_a_destination_that_was_deleted() -> None:
    setting = {"description": "x", "destination": "http://127.0.0.1:1/", "type": "url"}
    async with Twin() as twin, ClientSession(headers={"Authorization": f"Bearer {twin.api_key}"}) as http:
        async with http.post(
            f"{twin.url}/notification-settings", json=setting | {"subscribed_events": ["transaction.past_due"]}
        ) as made:
            setting_id = (await made.json())["data"]["id"]
        declined(twin)
        waiting = asyncio.create_task(twin.settled())
        await asyncio.sleep(0)
        async with http.delete(f"{twin.url}/notification-settings/{setting_id}") as deleted:
            assert deleted.status == 204
        await asyncio.wait_for(waiting, 10)
