from dataclasses import replace
from datetime import timedelta

from dunning.paddle.events import EventType
from dunning.store import DeadEvent, Mark, Store
from tests.integration.at_rest import NOW, a_burial, later, of_subscription, of_transaction, open_case, paddle_id


async def test_what_ended_before_it_opened_has_a_mark(store: Store) -> None:
    paid = of_transaction(EventType.TRANSACTION_PAID, at=later(hours=-1))
    await store.inbox.accept(paid, NOW)

    assert await store.traces.mark(paid.facts.id) == Mark("paid", later(hours=-1))


async def test_what_did_not_has_none(store: Store) -> None:
    assert await store.traces.mark("txn_unknown") is None


async def test_dead_events_are_found_by_the_debt_or_the_subscription_they_name(store: Store) -> None:
    failed = of_transaction(subscription=paddle_id("sub"))
    unrelated = of_transaction()
    await store.inbox.accept(failed, NOW)
    await store.inbox.accept(unrelated, NOW)
    await store.inbox.give_up(failed.id, "It is too odd.", later(seconds=1))
    await store.inbox.give_up(unrelated.id, "It is too odd.", later(seconds=1))

    found = await store.traces.dead_events([failed.facts.id])

    assert found == [DeadEvent(failed.id, NOW + timedelta(seconds=1), "It is too odd.")]


async def test_a_misshapen_event_is_found_by_the_ids_that_it_has_all_the_same(store: Store) -> None:
    debt, subscription = paddle_id("txn"), paddle_id("sub")
    buried = replace(a_burial("evt_odd"), about=(debt, subscription))
    await store.inbox.bury(buried, NOW)

    (dead,) = await store.traces.dead_events([subscription])
    (listed,) = await store.dead.all()

    assert dead.event_id == "evt_odd"
    assert (listed.about, listed.event_type) == (debt, "transaction.paid")
    assert (await store.forgotten.purge(subscription)).events == {"evt_odd"}


async def test_without_dead_events_none_is_found(store: Store) -> None:
    assert await store.traces.dead_events(["txn_unknown"]) == []


async def test_a_dead_event_that_is_forgotten_by_now_is_none(store: Store) -> None:
    failed = of_transaction()
    await store.inbox.accept(failed, NOW)
    await store.inbox.give_up(failed.id, "It is too odd.", NOW)
    await store._redis.delete(f"dunning:event:{failed.id}")

    assert await store.traces.dead_events([failed.facts.id]) == []


async def test_a_subscriptions_dead_event_is_found_by_its_id(store: Store) -> None:
    case = await open_case(store)
    ended = of_subscription(subscription=case.subscription_id)
    await store.inbox.accept(ended, NOW)
    await store.inbox.give_up(ended.id, "fault: KeyError", NOW)

    assert [dead.event_id for dead in await store.traces.dead_events([case.subscription_id])] == [ended.id]
