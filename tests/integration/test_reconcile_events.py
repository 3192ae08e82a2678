"""Events that no webhook brought are read from Paddle, and taken in once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from dunning.casebook.forget import forget
from dunning.errors import OperatorMustActError
from dunning.paddle.events import EventType, parse_envelope, read_json
from dunning.paddle.projection import project
from dunning.paddle_api.client import CallRefusedError, PaddleClient
from dunning.paddle_api.grants import Grant, Unlimited
from dunning.reasons import HoldWord
from dunning.store import Store
from paddle_twin.world import Event as TwinEvent
from tests.integration.edge import LINK_SECRET, paddle_id, past_due_transaction
from tests.integration.reconciling import Scene, scene
from worker.reconcile.events import Missed, take_in_missed_events
from worker.reconcile.reconciler import Reconciler

A_WHILE = timedelta(minutes=10)


@pytest.fixture
async def at(store: Store) -> AsyncIterator[Scene]:
    async with scene(store) as made:
        yield made


@pytest.fixture
async def begun(at: Scene) -> Scene:
    """A scene in which events were read once: there had been one."""
    at.decline()
    await take_in_missed_events(at.reconciler)
    at.clock.forward(A_WHILE)
    return at


async def test_the_first_run_begins_at_the_newest_event_and_takes_nothing_in(at: Scene) -> None:
    at.decline()
    newest = at.twin.sent[-1].event_id

    missed = await take_in_missed_events(at.reconciler)

    assert missed.events == 0
    assert await at.store.reconciling.cursor() == newest
    assert at.twin.counts["GET /events"] == 1
    assert await at.unhandled() == []


async def test_an_account_without_events_is_asked_again_next_time(at: Scene) -> None:
    await take_in_missed_events(at.reconciler)

    assert await at.store.reconciling.cursor() is None


async def test_what_was_deleted_of_a_customer_who_was_forgotten_was_not_missed(begun: Scene) -> None:
    bill, other = (begun.decline() for _ in range(2))
    customer = begun.twin.world.transactions[bill]["customer_id"]
    await forget(begun.store, customer, [LINK_SECRET], begun.clock.now)
    begun.clock.forward(A_WHILE)

    missed = await take_in_missed_events(replace(begun.reconciler, link_secrets=[LINK_SECRET]))

    assert (missed.events, missed.transaction_ids) == (2, {other})


async def test_a_failure_that_no_webhook_brought_is_taken_in_once(begun: Scene) -> None:
    bill = begun.decline()
    begun.clock.forward(A_WHILE)

    with capture_logs() as logs:
        first = await take_in_missed_events(begun.reconciler)
    again = await take_in_missed_events(begun.reconciler)

    assert (first.events, first.transaction_ids, again.events) == (2, {bill}, 0)
    assert {(event.type, event.facts.id) for event in await begun.unhandled()} == {
        (EventType.TRANSACTION_PAYMENT_FAILED, bill),
        (EventType.TRANSACTION_PAST_DUE, bill),
    }
    assert (await begun.counters())["reconcile_missed_events"] == 2
    assert {"event": "reconcile.missed_events", "log_level": "warning", "events": 2} in logs


async def test_more_failures_than_are_usual_are_left_to_the_debts(begun: Scene) -> None:
    few = replace(begun.reconciler, breaker=2)
    bills = [begun.decline() for _ in range(3)]
    begun.twin.world.pay(bills[0])
    begun.clock.forward(A_WHILE)

    with capture_logs() as logs:
        missed = await take_in_missed_events(few)

    assert missed.withheld
    assert (missed.events, missed.transaction_ids) == (0, set())
    assert await begun.unhandled() == []
    assert {"event": "reconcile.events_withheld", "log_level": "warning", "most": 2} in logs


async def test_as_many_failures_as_are_usual_are_taken_in_and_more_when_one_is_asked_to(begun: Scene) -> None:
    bills = {begun.decline() for _ in range(2)}
    begun.clock.forward(A_WHILE)

    assert (await take_in_missed_events(replace(begun.reconciler, breaker=2))).transaction_ids == bills

    more = {begun.decline() for _ in range(3)}
    begun.clock.forward(A_WHILE)

    assert (await take_in_missed_events(replace(begun.reconciler, breaker=2), asked_to=True)).transaction_ids == more


async def test_what_webhooks_brought_is_not_counted(begun: Scene) -> None:
    begun.decline()
    for sent in begun.twin.sent:
        if sent.event_type in set(EventType):
            payload = read_json(sent.body)
            event = project(payload, parse_envelope(payload))
            await begun.store.inbox.accept(event, begun.clock.now)
    begun.clock.forward(A_WHILE)

    assert (await take_in_missed_events(begun.reconciler)).events == 0


async def test_events_whose_webhook_may_be_under_way_are_left_for_the_next_time(begun: Scene) -> None:
    begun.decline()
    begun.clock.forward(timedelta(minutes=1))

    too_early = await take_in_missed_events(begun.reconciler)
    begun.clock.forward(timedelta(minutes=2))
    later = await take_in_missed_events(begun.reconciler)

    assert (too_early.events, later.events) == (0, 2)


async def test_a_payment_that_touches_no_case_is_none_that_was_missed(begun: Scene) -> None:
    begun.twin.world.pay(begun.decline())
    begun.clock.forward(A_WHILE)

    missed = await take_in_missed_events(begun.reconciler)

    assert {event.type for event in await begun.unhandled()} == {
        EventType.TRANSACTION_PAYMENT_FAILED,
        EventType.TRANSACTION_PAST_DUE,
    }
    assert missed.events == 2


async def test_reading_goes_on_an_hour_before_the_newest_event(begun: Scene) -> None:
    for _ in range(3):
        begun.decline()
        begun.clock.forward(timedelta(minutes=45))
    begun.decline()
    begun.clock.forward(A_WHILE)

    await take_in_missed_events(begun.reconciler)

    cursor = await begun.store.reconciling.cursor()
    (stopped_at,) = (sent for sent in begun.twin.sent if sent.event_id == cursor)
    since = begun.clock.now - A_WHILE - parse_envelope(read_json(stopped_at.body)).occurred_at
    assert timedelta(hours=1) <= since < timedelta(hours=1, minutes=45)


async def test_all_pages_are_read(begun: Scene) -> None:
    bills = {begun.decline() for _ in range(101)}
    begun.clock.forward(A_WHILE)

    missed = await take_in_missed_events(begun.reconciler, asked_to=True)

    assert (missed.events, missed.transaction_ids) == (202, bills)
    assert begun.told == [("events", 200, None), ("events", 202, None)]


async def test_a_run_that_breaks_off_has_taken_in_what_it_read_and_the_next_goes_on_there(begun: Scene) -> None:
    before = await begun.store.reconciling.cursor()
    bills = []
    for _ in range(101):
        bills.append(begun.decline())
        begun.clock.forward(A_WHILE)
    missed = Missed()
    pages_read = 0

    async def break_off() -> Grant:
        nonlocal pages_read
        if pages_read == 1:
            raise OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY)
        pages_read += 1
        return await begun.reconciler.next_grant()

    with pytest.raises(OperatorMustActError):
        await take_in_missed_events(replace(begun.reconciler, next_grant=break_off), asked_to=True, missed=missed)

    assert missed.transaction_ids == set(bills[:100])
    assert await begun.store.reconciling.cursor() != before
    begun.told.clear()
    assert (await take_in_missed_events(begun.reconciler)).transaction_ids == set(bills[100:])
    assert begun.told == [("events", 14, None)]  # the last hour and the rest, not all over again


async def test_of_many_pages_no_more_failures_are_taken_in_than_are_usual(begun: Scene) -> None:
    few = replace(begun.reconciler, breaker=100)
    bills = [begun.decline() for _ in range(151)]
    begun.twin.world.pay(bills[0])
    begun.clock.forward(A_WHILE)

    with capture_logs() as logs:
        missed = await take_in_missed_events(few)

    assert (missed.withheld, missed.transaction_ids) == (True, set(bills[:100]))
    assert [entry["event"] for entry in logs].count("reconcile.events_withheld") == 1


@pytest.mark.parametrize("status", [400, 404])
async def test_where_paddle_refuses_the_last_event_reading_begins_anew(begun: Scene, status: int) -> None:
    begun.decline()
    newest = begun.twin.sent[-1].event_id
    begun.twin.fail_next("GET /events", status)

    missed = await take_in_missed_events(begun.reconciler)

    assert missed.events == 0
    assert await begun.store.reconciling.cursor() == newest


async def test_where_paddle_forgot_the_last_event_reading_begins_anew(begun: Scene) -> None:
    begun.clock.forward(timedelta(days=91))
    begun.decline()
    newest = begun.twin.sent[-1].event_id

    with capture_logs() as logs:
        missed = await take_in_missed_events(begun.reconciler)

    assert missed.events == 0
    assert await begun.store.reconciling.cursor() == newest
    assert [entry["event"] for entry in logs] == ["reconcile.events_forgotten"]


async def test_another_refusal_is_told(begun: Scene) -> None:
    begun.twin.fail_next("GET /events", 422)

    with pytest.raises(CallRefusedError):
        await take_in_missed_events(begun.reconciler)


async def test_a_missing_permission_is_the_operators_to_give(at: Scene) -> None:
    at.twin.api.permissions.discard("notification.read")

    with pytest.raises(OperatorMustActError, match=r"notification\.read"):
        await take_in_missed_events(at.reconciler)


async def test_a_dry_run_counts_and_changes_nothing(begun: Scene) -> None:
    cursor = await begun.store.reconciling.cursor()
    begun.twin.world.pay(begun.decline())
    begun.twin.events.note(TwinEvent(begun.twin.world.new_id("evt"), "transaction.past_due", begun.clock.now, "{}"))
    begun.clock.forward(timedelta(hours=3))
    begun.decline()
    begun.clock.forward(A_WHILE)

    missed = await take_in_missed_events(begun.reconciler, dry_run=True)

    assert missed.events == 4
    assert await begun.unhandled() == []
    assert await begun.store.reconciling.cursor() == cursor
    assert await begun.counters() == {}


async def test_a_dry_run_does_not_even_begin(at: Scene) -> None:
    at.decline()

    await take_in_missed_events(at.reconciler, dry_run=True)

    assert await at.store.reconciling.cursor() is None


async def test_a_malformed_event_is_buried_once(begun: Scene) -> None:
    begun.twin.events.note(TwinEvent(begun.twin.world.new_id("evt"), "transaction.past_due", begun.clock.now, "{}"))
    begun.clock.forward(A_WHILE)

    with capture_logs() as logs:
        for _ in range(2):
            await take_in_missed_events(begun.reconciler)

    assert [entry["event"] for entry in logs] == ["reconcile.buried"]
    assert (await begun.store.health.snapshot(begun.clock.now)).gauges["dead_events"] == 1


async def test_a_dead_event_is_not_tried_again_and_again(begun: Scene) -> None:
    begun.decline()
    begun.clock.forward(A_WHILE)
    await take_in_missed_events(begun.reconciler)
    for event in await begun.unhandled():
        await begun.store.inbox.give_up(event.id, "no reason", begun.clock.now)

    missed = await take_in_missed_events(begun.reconciler)

    assert missed.events == 0
    assert await begun.unhandled() == []


def told(event_id: str, event_type: str = "transaction.past_due", occurred_at: str = "2026-05-04T11:00:00Z") -> object:
    return {
        "event_id": event_id,
        "event_type": event_type,
        "occurred_at": occurred_at,
        "data": past_due_transaction(id=event_id.replace("evt", "txn").replace("ntfsimtxn", "txn")),
    }


@asynccontextmanager
async def paddle_telling(*events: object) -> AsyncIterator[str]:
    """Serve an API whose events are these."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"data": list(events), "meta": {"pagination": {"has_more": False}}})

    app = web.Application()
    app.router.add_get("/events", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def reading(at: Scene, url: str) -> AsyncIterator[Reconciler]:
    async with ClientSession() as http:
        paddle = PaddleClient(http, api_url=url, api_key="pdl_sdbx_apikey_1", limiter=Unlimited())
        yield replace(at.reconciler, paddle=paddle)


async def test_what_is_simulated_of_no_use_or_no_event_is_passed_over(begun: Scene) -> None:
    strange = [
        told(paddle_id("ntfsimevt", 1)),
        told(paddle_id("evt", 2), "customer.updated"),
        "not an event",
        {"event_id": paddle_id("evt", 3)},
    ]

    async with paddle_telling(*strange, told(paddle_id("evt", 4))) as url, reading(begun, url) as reconciler:
        with capture_logs() as logs:
            missed = await take_in_missed_events(reconciler)

    assert missed.transaction_ids == {paddle_id("txn", 4)}
    assert [entry["event"] for entry in logs].count("reconcile.not_an_event") == 2


async def test_a_time_without_an_offset_is_utc_and_its_event_malformed(begun: Scene) -> None:
    async with (
        paddle_telling(told(paddle_id("evt"), occurred_at="2026-05-04T11:00:00")) as url,
        reading(begun, url) as reconciler,
    ):
        missed = await take_in_missed_events(reconciler)

    assert missed.events == 0
    assert (await begun.store.health.snapshot(begun.clock.now)).gauges["dead_events"] == 1


async def test_a_time_that_is_yet_to_come_does_not_move_on_what_is_read_next(begun: Scene) -> None:
    cursor = await begun.store.reconciling.cursor()
    ahead = told(paddle_id("evt", 2), occurred_at="2999-01-01T00:00:00Z")

    async with paddle_telling(told(paddle_id("evt", 1)), ahead) as url, reading(begun, url) as reconciler:
        await take_in_missed_events(reconciler)

    assert await begun.store.reconciling.cursor() in {cursor, paddle_id("evt", 1)}


async def test_a_beginning_that_is_no_event_is_told_and_not_kept(at: Scene) -> None:
    async with paddle_telling("not an event") as url, reading(at, url) as reconciler:
        with capture_logs() as logs:
            await take_in_missed_events(reconciler)

    assert [entry["event"] for entry in logs] == ["reconcile.not_an_event"]
    assert await at.store.reconciling.cursor() is None
