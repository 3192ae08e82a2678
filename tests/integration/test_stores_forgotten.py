"""Forgetting a customer, in both stores."""

from datetime import timedelta

import pytest

from dunning.casebook.forget import forget
from dunning.errors import CaseConflictError, OperatorMustActError
from dunning.paddle.events import EventType
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.rules.story import Entry, Kind
from dunning.rules.tally import Sum
from dunning.store import Accepted, Store, keys
from dunning.store.forgotten import Named
from dunning.store.traces import Trace
from dunning.suppression import customer_key, customer_keys
from tests.integration.at_rest import (
    NOW,
    a_case,
    customer_of,
    everything_told,
    later,
    of_subscription,
    of_transaction,
    open_case,
    paddle_id,
)
from tests.integration.stores import Hands, RedisHands

SECRETS = ["a-link-secret-of-at-least-32-characters", "an-older-link-secret-of-32-characters"]


async def test_a_customer_is_remembered_as_forgotten_for_as_long_as_paddle_sends_events(hands: Hands) -> None:
    customer = paddle_id("ctm")
    known_as = customer_keys(customer, reversed(SECRETS))

    await forget(hands.store, customer, SECRETS, NOW)

    among = hands.store.forgotten.among
    assert await among(known_as, NOW) == {customer_key(customer, SECRETS[0])}
    assert await among(known_as, NOW + keys.KEEP_EVENT - timedelta(minutes=1))
    assert await among(known_as, NOW + keys.KEEP_EVENT) == set()
    assert await among(customer_keys(paddle_id("ctm"), SECRETS), NOW) == set()
    assert await among([], NOW) == set()


async def test_all_that_names_a_customer_is_gone_and_all_else_stays(hands: Hands) -> None:
    store, subscription = hands.store, paddle_id("sub")
    customer = customer_of(subscription)
    mine, over = a_case(subscription=subscription), a_case(subscription=subscription)
    other = await open_case(store)
    for case in (mine, over):
        await store.cases.commit(case, 0, due_at=NOW, now=NOW)
    lost = [Sum(NOW.date(), f"n|{what}|renewal|none|hard|paddle|", 1) for what in ("lost", "recovered")]
    await store.cases.commit(over.end(CaseState.STOPPED, None, NOW), 1, due_at=None, now=NOW, sums=lost)
    await store.cases.note(mine.id, Entry(kind=Kind.CLICKED), NOW)
    await store.clicks.allow(mine.id, NOW)
    await store.clicks.is_news(mine.id)
    await store.exclusions.exclude(subscription, NOW, "ada")
    await store.refusals.note(customer, about_recipient=True)
    waiting = of_subscription(subscription=subscription)
    dead = of_transaction(EventType.TRANSACTION_PAYMENT_FAILED, transaction=mine.id, subscription=subscription)
    others = of_transaction()
    for event in (waiting, dead, others):
        assert await store.inbox.accept(event, NOW) is Accepted.ACCEPTED
    await store.inbox.give_up(dead.id, "fault", NOW)
    await store.inbox.mark_handled("evt_x", (mine.id, Trace(NOW, "transaction.paid", "evt_x", "no_case")))
    await store.due.sweep(later(seconds=1), calls_per_case=0)

    found = await forget(store, customer, SECRETS, NOW)

    assert found.cases == {mine.id, over.id}
    assert found.events == {waiting.id, dead.id}
    assert (len(found.batches), found.others) == (1, 2)
    assert [read.revision for read in await store.cases.read_versioned([mine.id, over.id, other.id])] == [0, 0, 1]
    assert await store.cases.story(mine.id) == []
    assert await store.cases.open_of_customer(customer) == []
    assert await store.cases.open_or_just_stopped(customer, subscription) == []
    assert await store.due.when([mine.id, over.id]) == [None, None]
    assert await store.due.late_since([mine.id]) == [None]
    assert await store.exclusions.all() == []
    assert await store.refusals.are_over()
    assert await store.dead.all() == []
    assert await store.traces.events(mine.id) == []
    assert await store.lost.first(30) == []
    assert await store.recovered.first(30) == []
    assert await hands.events() == {others.id}
    assert [cases for cases, _ in await hands.batches()] == [[other.id]]
    assert await store.inbox.read(others.id) == others
    assert await forget(store, customer, SECRETS, NOW) == Named()
    if isinstance(hands, RedisHands):
        held = await everything_told(hands.redis)
        assert not any(one in held for one in (customer, subscription, mine.id, over.id))
    assert await store.clicks.is_news(mine.id)


async def test_a_case_that_was_put_aside_with_its_paused_campaign_is_gone_too(hands: Hands) -> None:
    case = await open_case(hands.store)
    await hands.store.brakes.pause("renewal", "by_operator", NOW)
    await hands.store.brakes.park("renewal", [case.id], NOW)

    await forget(hands.store, case.customer_id, SECRETS, NOW)

    if isinstance(hands, RedisHands):
        assert case.id not in await everything_told(hands.redis)
    await hands.store.brakes.resume("renewal", NOW)
    assert await hands.store.due.when([case.id]) == [None]


async def test_a_case_that_is_in_a_workers_hands_is_not_written_back(hands: Hands) -> None:
    case = await open_case(hands.store)
    await forget(hands.store, case.customer_id, SECRETS, NOW)

    with pytest.raises(CaseConflictError):
        await hands.store.cases.commit(case, 1, due_at=None, now=NOW)

    assert await hands.store.cases.read(case.id) is None


async def test_a_hold_names_no_case_of_theirs_any_more(store: Store) -> None:
    case = await open_case(store)
    sentence = f"Case {case.id} needs the template gone."
    await store.holds.raise_(
        OperatorMustActError(sentence, hold=HoldWord.TEMPLATE_MISSING, about=f"{case.id} first"), NOW
    )

    await forget(store, case.customer_id, SECRETS, NOW)

    (hold,) = await store.holds.all()
    assert (hold.sentence, hold.about) == ("Case a case needs the template gone.", "")
