"""What both stores write for the seller's programs, in the same step as what it tells of."""

from dunning.casebook.write import write_by
from dunning.errors import CaseConflictError, OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.rules.out_events import of_click, of_write
from dunning.rules.story import Entry, Kind
from dunning.store import Versioned
from tests.integration.at_rest import NOW, a_case, later, open_case, raised
from tests.integration.cases_by_hand import CAMPAIGN
from tests.integration.stores import Hands

AN_ERROR = OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN)


async def test_nothing_is_written_while_there_is_nobody_to_tell(hands: Hands) -> None:
    case = a_case()
    await hands.store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))
    await hands.store.cases.note(case.id, Entry(kind=Kind.CLICKED), NOW, of_click(case, NOW))
    await hands.store.holds.raise_(AN_ERROR, NOW)
    await hands.store.brakes.pause(None, "by hand", NOW)

    assert await hands.told() == []


async def test_a_write_of_a_case_writes_what_it_tells(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    case = a_case()

    await hands.store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))
    ended = case.end(CaseState.RECOVERED, None, NOW)
    await hands.store.cases.commit(
        ended,
        1,
        due_at=None,
        now=NOW,
        story=[Entry(kind=Kind.CLICKED)] * 3,
        counts=["a"],
        told=of_write(case, ended, 2, NOW),
    )

    assert [(one["type"], one["data"]["revision"]) for one in await hands.told()] == [
        ("case.opened", 1),
        ("case.recovered", 2),
    ]
    assert len(await hands.store.cases.story(case.id)) == 3


async def test_a_write_that_meets_a_conflict_tells_nothing(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    case = await open_case(hands.store)

    again = hands.store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))

    await raised(CaseConflictError, again)
    assert await hands.told() == []


async def test_the_casebook_tells_each_write_with_the_revision_that_it_makes(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)

    read = await write_by(hands.store, CAMPAIGN, 1, NOW, Versioned(None, 0), a_case())
    assert read.case is not None
    await write_by(hands.store, CAMPAIGN, 1, NOW, read, read.case.end(CaseState.STOPPED, "by_operator", NOW))

    assert [(one["type"], one["data"]["revision"]) for one in await hands.told()] == [
        ("case.opened", 1),
        ("case.stopped", 2),
    ]


async def test_a_click_is_told_with_its_note_and_not_of_a_case_that_is_gone(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    case, gone = await open_case(hands.store), a_case()

    for one in (case, gone):
        await hands.store.cases.note(one.id, Entry(kind=Kind.CLICKED), NOW, of_click(one, NOW))

    assert [(one["type"], one["data"]["transaction_id"]) for one in await hands.told()] == [("link.clicked", case.id)]


async def test_a_hold_is_told_when_it_comes_on_and_when_it_goes_off(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    await hands.store.holds.raise_(AN_ERROR, NOW)
    await hands.store.holds.raise_(AN_ERROR, later(seconds=1))
    await hands.store.holds.release(
        HoldWord.MAIL_SENDER, HoldWord.MAIL_LOGIN, began_at=later(seconds=2), now=later(seconds=3)
    )
    await hands.store.holds.release(HoldWord.MAIL_LOGIN, began_at=later(seconds=4))

    assert [(one["type"], one["timestamp"], one["data"]) for one in await hands.told()] == [
        ("sending.held", "2026-05-04T12:00:00Z", {"by": "hold", "hold": "mail_login"}),
        ("sending.resumed", "2026-05-04T12:00:03Z", {"by": "hold", "hold": "mail_login"}),
    ]


async def test_a_pause_is_told_when_it_comes_on_and_when_it_goes_off(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    for campaign in (None, None, "renewal"):
        await hands.store.brakes.pause(campaign, "by hand", NOW)
    for campaign in (None, "renewal", "renewal"):
        await hands.store.brakes.resume(campaign, NOW)

    assert [(one["type"], one["data"]) for one in await hands.told()] == [
        ("sending.held", {"by": "pause"}),
        ("sending.held", {"by": "pause", "campaign": "renewal"}),
        ("sending.resumed", {"by": "pause"}),
        ("sending.resumed", {"by": "pause", "campaign": "renewal"}),
    ]


async def test_the_breaker_is_told_when_it_trips_and_when_it_is_released(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    await hands.count_opened(NOW, 60)
    for _ in range(2):
        await hands.store.due.sweep(NOW, calls_per_case=0, most_opened=50)
    await hands.store.brakes.resume(None, NOW)

    assert [(one["type"], one["data"]) for one in await hands.told()] == [
        ("sending.held", {"by": "breaker"}),
        ("sending.resumed", {"by": "breaker"}),
    ]


async def test_what_is_to_be_told_of_a_customer_is_forgotten_with_them(hands: Hands) -> None:
    await hands.store.out_webhooks.register(["app"], NOW)
    case, other = a_case(), a_case()
    for one in (case, other):
        await hands.store.cases.commit(one, 0, due_at=None, now=NOW, told=of_write(None, one, 1, NOW))

    await hands.store.forgotten.purge(case.customer_id)

    assert [one["data"]["customer_id"] for one in await hands.told()] == [other.customer_id]
