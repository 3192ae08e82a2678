"""What is kept of events that came to no case, of refused clicks and of who excluded whom, in both stores."""

from datetime import timedelta

from dunning.store import keys
from dunning.store.traces import Trace
from tests.integration.at_rest import NOW, later, of_transaction, paddle_id
from tests.integration.stores import Hands


def trace(number: int) -> Trace:
    return Trace(later(seconds=number), "transaction.payment_failed", f"evt_{number}", "no_renewal")


async def test_the_last_events_of_a_transaction_are_kept_and_no_more(hands: Hands) -> None:
    transaction = paddle_id("txn")
    for number in range(keys.TRACED + 3):
        await hands.store.inbox.mark_handled(f"evt_{number}", (transaction, trace(number)))

    found = await hands.store.traces.events(transaction)

    assert found == [trace(number) for number in range(3, keys.TRACED + 3)]
    assert await hands.store.traces.events(paddle_id("txn")) == []


async def test_they_are_kept_for_two_weeks_since_the_last(hands: Hands) -> None:
    transaction = paddle_id("txn")
    await hands.store.inbox.mark_handled("evt_1", (transaction, trace(1)))
    await hands.let_pass(timedelta(days=13))
    await hands.store.inbox.mark_handled("evt_2", (transaction, trace(2)))
    await hands.let_pass(timedelta(days=13))
    assert len(await hands.store.traces.events(transaction)) == 2

    await hands.let_pass(timedelta(days=2))

    assert await hands.store.traces.events(transaction) == []


async def test_an_event_that_is_traced_is_handled(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)

    await hands.store.inbox.mark_handled(event.id, (event.facts.id, trace(1)))

    assert await hands.store.inbox.read(event.id) is None


async def test_of_refused_clicks_the_first_within_an_hour_is_news(hands: Hands) -> None:
    clicks = hands.store.clicks

    assert [await clicks.is_news("txn_1"), await clicks.is_news("txn_1"), await clicks.is_news("txn_2")] == [
        True,
        False,
        True,
    ]
    await hands.let_pass(timedelta(minutes=61))
    assert await clicks.is_news("txn_1")


async def test_who_excluded_somebody_first_is_known_until_it_is_taken_back(hands: Hands) -> None:
    exclusions = hands.store.exclusions
    await exclusions.exclude("ctm_1", NOW, "ada")
    await exclusions.exclude("ctm_1", later(hours=1), "eve")
    await exclusions.exclude("ctm_2", NOW)

    assert [(one.id, one.by) for one in await exclusions.all()] == [("ctm_1", "ada"), ("ctm_2", None)]
    await exclusions.include("ctm_1")
    await exclusions.exclude("ctm_1", NOW)
    assert [(one.id, one.by) for one in await exclusions.all()] == [("ctm_1", None), ("ctm_2", None)]
