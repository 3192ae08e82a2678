"""Dead events, in both stores."""

from datetime import timedelta

from dunning.paddle.events import Envelope, TransactionFacts
from dunning.paddle.intake import Bury
from dunning.store import Accepted, keys
from tests.integration.at_rest import NOW, later, of_transaction, paddle_id
from tests.integration.stores import Hands

DEBT = paddle_id("txn")
MALFORMED = Bury(
    Envelope(event_id="evt_odd", event_type="transaction.paid", occurred_at=NOW, notification_id="ntf_1"),
    None,
    "odd",
    (DEBT, paddle_id("ctm")),
)


async def test_dead_events_are_listed_the_oldest_first_with_what_is_known_of_them(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.give_up(event.id, "fault: KeyError", later(seconds=9))
    await hands.store.inbox.bury(MALFORMED, later(seconds=3))

    odd, known = await hands.store.dead.all()

    assert (odd.event_id, odd.at, odd.reason, odd.event_type, odd.event) == (
        "evt_odd",
        later(seconds=3),
        "odd",
        "transaction.paid",
        None,
    )
    assert odd.about == DEBT
    assert (known.event_id, known.at, known.reason, known.event_type, known.event) == (
        event.id,
        later(seconds=9),
        "fault: KeyError",
        "transaction.payment_failed",
        event,
    )


async def test_a_dead_event_is_kept_without_the_amount_that_it_told(hands: Hands) -> None:
    event = of_transaction()
    assert isinstance(event.facts, TransactionFacts)
    event = event.model_copy(update={"facts": event.facts.model_copy(update={"total": 2_900})})
    await hands.store.inbox.accept(event, NOW)
    waiting = await hands.store.inbox.read(event.id)
    await hands.store.inbox.give_up(event.id, "fault", NOW)

    (dead,) = await hands.store.dead.all()

    assert waiting == event
    assert dead.event == event.without_total() != event


async def test_a_dropped_event_is_dead_no_more_and_its_repeat_a_duplicate(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.give_up(event.id, "fault", NOW)

    assert await hands.store.dead.drop([event.id, "evt_unknown"]) == [event.id]

    assert await hands.store.dead.all() == []
    assert await hands.store.dead.drop([event.id]) == []
    assert await hands.store.inbox.accept(event, NOW) is Accepted.DUPLICATE


async def test_an_event_that_waits_or_is_handled_is_not_dropped(hands: Hands) -> None:
    waiting, handled = of_transaction(), of_transaction()
    for event in (waiting, handled):
        await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.mark_handled(handled.id)

    assert await hands.store.dead.drop([waiting.id, handled.id]) == []
    assert await hands.store.inbox.read(waiting.id) == waiting


async def test_a_dead_event_is_kept_for_as_long_as_paddle_could_send_it(hands: Hands) -> None:
    await hands.store.inbox.bury(MALFORMED, NOW)

    await hands.let_pass(keys.KEEP_EVENT - timedelta(hours=1))
    kept = await hands.store.dead.all()
    await hands.let_pass(timedelta(hours=2))

    assert (len(kept), await hands.store.dead.all()) == (1, [])
