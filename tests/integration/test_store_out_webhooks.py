"""What waits for each destination: shared out, tried, given up, replayed, forgotten."""

from datetime import timedelta

import pytest

from dunning import queue
from dunning.rules.out_events import Brake, of_brake, of_write
from dunning.store import Store, Unsent, keys
from dunning.store.out_webhooks import NOT_SET
from tests.integration.at_rest import NOW, a_case, everything, later, redis_of

BOTH = ("app", "crm")


async def tell(store: Store, count: int = 1) -> None:
    """Write so many events for both destinations, and share them out."""
    await store.out_webhooks.register(BOTH, NOW)
    for _ in range(count):
        case = a_case()
        await store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))
    await store.out_webhooks.sweep(BOTH, NOW)


async def due(store: Store, destination: str = "app", **span: float) -> list[Unsent]:
    return await store.out_webhooks.due(destination, later(**span), 100)


async def gauges(store: Store) -> dict[str, float]:
    return (await store.health.snapshot(later(hours=1))).gauges


async def test_each_destination_is_to_be_told_the_same_under_the_same_id(store: Store) -> None:
    await tell(store, 2)

    app, crm = await due(store, "app"), await due(store, "crm")

    assert [(one.id, one.body) for one in app] == [(one.id, one.body) for one in crm]
    assert len({one.id for one in app}) == 2
    assert {(one.tries, one.why, one.since) for one in app} == {(0, "", NOW)}


async def test_a_destination_with_something_due_has_one_job_however_often_it_is_swept(store: Store) -> None:
    await tell(store)
    again = await store.out_webhooks.sweep(BOTH, NOW)

    jobs = await redis_of(store).zrange(queue.QUEUE, 0, -1)

    assert again == 0
    assert sorted(jobs) == [b"tell_destination:app", b"tell_destination:crm"]


async def test_what_one_destination_has_got_still_waits_for_the_other(store: Store) -> None:
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.told(event)

    assert await due(store) == []
    assert len(await due(store, "crm")) == 1
    assert (await store.health.snapshot(NOW)).counters["out_webhooks_delivered"] == 1


async def test_what_both_have_got_leaves_nothing_behind(store: Store) -> None:
    await tell(store)
    for destination in BOTH:
        for event in await due(store, destination):
            await store.out_webhooks.told(event)

    assert not {key for key in await everything(redis_of(store)) if key.startswith("dunning:out:")} - {
        keys.OUT_DESTINATIONS
    }


async def test_a_try_in_vain_is_repeated_when_it_is_time(store: Store) -> None:
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.again(event, "http_500", later(seconds=5))

    (again,) = await due(store, seconds=5)
    (waiting,) = [one for one in await store.out_webhooks.waiting(0, 10) if one.event.destination == "app"]

    assert await due(store, seconds=4) == []
    assert (again.id, again.tries, again.why, again.since) == (event.id, 1, "http_500", NOW)
    assert (waiting.event, waiting.at) == (again, later(seconds=5))


async def test_what_is_dead_is_listed_and_is_replayed_from_the_first_try_on(store: Store) -> None:
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.give_up(event, "http_500", later(days=1))
    (dead,) = await store.out_webhooks.dead()
    replayed = await store.out_webhooks.replay(dead.event, later(days=2))

    (again,) = await due(store, days=2)

    assert (dead.event.id, dead.event.tries, dead.event.why, dead.at) == (event.id, 1, "http_500", later(days=1))
    assert replayed
    assert (again.id, again.body, again.tries, again.since) == (event.id, event.body, 0, later(days=2))
    assert await store.out_webhooks.dead() == []
    assert (await store.health.snapshot(NOW)).counters["out_webhooks_failed"] == 1


async def test_what_is_dropped_is_gone(store: Store) -> None:
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.give_up(event, "http_500", NOW)

    assert await store.out_webhooks.drop(event)
    assert not await store.out_webhooks.drop(event)
    assert not await store.out_webhooks.replay(event, NOW)
    assert await store.out_webhooks.dead() == []
    assert await due(store) == []


async def test_what_is_dead_is_forgotten_after_thirty_days(store: Store) -> None:
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.give_up(event, "http_500", NOW)
    await store.out_webhooks.sweep(BOTH, NOW + keys.KEEP_OUT_DEAD - timedelta(seconds=1))
    kept = await store.out_webhooks.dead()
    await store.out_webhooks.sweep(BOTH, NOW + keys.KEEP_OUT_DEAD)

    assert len(kept) == 1
    assert await store.out_webhooks.dead() == []
    assert await redis_of(store).hlen(keys.OUT_EVENTS) == 1  # the other destination's


async def test_a_destination_that_rests_gets_no_job(store: Store) -> None:
    await store.out_webhooks.rest("app", timedelta(minutes=1))
    await store.out_webhooks.register(("crm",), NOW)
    await store.out_webhooks.rest("crm", timedelta(minutes=1))
    await store.brakes.pause(None, "by hand", NOW)

    assert await store.out_webhooks.sweep(("crm",), NOW) == 0
    assert len(await due(store, "crm")) == 1


async def test_a_destination_that_is_gone_has_all_it_waits_for_given_up_until_one_is_replayed(store: Store) -> None:
    await tell(store, 3)
    await store.out_webhooks.gone("app")
    is_gone = await store.out_webhooks.is_gone("app")
    buried = await store.out_webhooks.bury_all("app", "http_410", later(hours=1))
    dead = await store.out_webhooks.dead()
    await store.out_webhooks.replay(dead[0].event, NOW)

    assert is_gone
    assert (buried, {(one.event.why, one.event.tries, one.at) for one in dead}) == (
        3,
        {("http_410", 0, later(hours=1))},
    )
    assert not await store.out_webhooks.is_gone("app")
    assert not await store.out_webhooks.is_gone("crm")


async def test_what_waits_for_a_destination_that_is_no_more_is_dead(store: Store) -> None:
    await tell(store, 2)

    buried = await store.out_webhooks.register(("crm",), NOW)

    assert buried == 2
    assert [one.event.why for one in await store.out_webhooks.dead()] == [NOT_SET] * 2
    assert len(await due(store, "crm")) == 2
    assert await store.out_webhooks.destinations() == {"crm"}


async def test_with_no_destination_left_nothing_is_written_any_more(store: Store) -> None:
    await store.out_webhooks.register(BOTH, NOW)
    await store.brakes.pause(None, "by hand", NOW)
    await store.out_webhooks.register((), NOW)
    await store.brakes.pause("renewal", "by hand", NOW)

    assert await redis_of(store).exists(keys.OUT_NEW, keys.OUT_DESTINATIONS) == 0


async def test_a_forgotten_customer_is_told_of_to_nobody_and_comes_back_by_no_late_answer(store: Store) -> None:
    await tell(store, 2)
    first, second = await due(store)
    (other,) = [one for one in await due(store, "crm") if one.id == second.id]
    await store.out_webhooks.give_up(other, "http_500", NOW)
    customer = second.body.partition('"customer_id":"')[2].partition('"')[0]
    await store.forgotten.purge(customer)
    await store.out_webhooks.again(second, "http_500", NOW)

    assert [one.id for one in await due(store)] == [first.id]
    assert [one.id for one in await due(store, "crm")] == [first.id]
    assert await store.out_webhooks.dead() == []
    assert customer not in str(await redis_of(store).hgetall(keys.OUT_EVENTS))


async def test_an_event_that_is_written_twice_by_a_lost_answer_is_told_once(store: Store) -> None:
    await store.out_webhooks.register(BOTH, NOW)
    line = f"msg_1 {of_brake(NOW, Brake.PAUSE, on=True).body()}"
    await redis_of(store).rpush(keys.OUT_NEW, line, line)
    await store.out_webhooks.sweep(BOTH, NOW)

    assert [one.id for one in await due(store)] == ["msg_1"]


async def test_more_than_is_shared_out_at_once_waits_for_the_next_sweep(store: Store) -> None:
    await store.out_webhooks.register(("app",), NOW)
    await redis_of(store).rpush(keys.OUT_NEW, *(f"msg_{number} {{}}" for number in range(501)))
    await store.out_webhooks.sweep(("app",), NOW)
    first = await gauges(store)
    await store.out_webhooks.sweep(("app",), NOW)

    assert await redis_of(store).zcard(keys.OUT_UNSENT) == 501
    assert (first["waiting_out_webhooks"], first["oldest_out_webhook_seconds"]) == (501, 3600)


async def test_the_gauges_say_what_waits_and_what_is_dead(store: Store) -> None:
    none = await gauges(store)
    await tell(store)
    (event,) = await due(store)
    await store.out_webhooks.give_up(event, "http_500", NOW)
    some = await gauges(store)

    names = ("waiting_out_webhooks", "oldest_out_webhook_seconds", "dead_out_webhooks")
    assert [none[name] for name in names] == [0, 0, 0]
    assert [some[name] for name in names] == [1, 3600, 1]


@pytest.mark.parametrize("count", [1, 2])
async def test_no_more_is_taken_than_was_asked_for(store: Store, count: int) -> None:
    await tell(store, 3)

    assert len(await store.out_webhooks.due("app", NOW, count)) == count
