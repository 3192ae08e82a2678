"""What a case's story is in Redis, and what it takes there."""

from collections.abc import Callable
from datetime import datetime

import pytest

from dunning.instants import to_milliseconds
from dunning.paddle.events import EventType
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, Kind, Moved
from dunning.rules.what_changed import entries_of_change
from dunning.store import Store, StoryLine, keys
from tests.integration.at_rest import NOW, a_case, everything, later, open_case, paddle_id, redis_of

OWNER = "0123456789ab"
STEPS = ("first", "reminder", "reminder-2")
# What sending a mail writes, one after the other.
MOVES: tuple[Callable[[Delivery, datetime], Delivery], ...] = (
    lambda planned, now: planned.claim(OWNER, now),
    lambda claimed, _now: claimed.begin_data(OWNER),
    lambda sending, _now: sending.settle(OWNER, DeliveryState.SENT, "smtp_250"),
)
# Bytes that both keys took when a story was prose: 536 of the case, 488 of the rest of its story.
AS_PROSE = 1024

OPENED = Entry(kind=Kind.OPENED, decline_class=DeclineClass.SOFT)
CLICKED = Entry(kind=Kind.CLICKED)
FELL_BACK = Entry(kind=Kind.CLICK_FELL_BACK, reason="paddle_unreachable")
RECOVERED = Entry(kind=Kind.ENDED, state=CaseState.RECOVERED)


def moved(to: Moved) -> Entry:
    return Entry(kind=Kind.STEP, step="first", moved=to)


def ended(case: Case) -> Case:
    return case.end(CaseState.RECOVERED, None, NOW)


async def send_mails(store: Store, case: Case) -> None:
    for day, step in enumerate(STEPS):
        now = later(days=day)
        for move in MOVES:
            (read,) = await store.cases.read_versioned([case.id])
            assert read.case is not None
            after = read.case.with_delivery(step, move(read.case.delivery(step), now))
            await store.cases.commit(
                after, read.revision, due_at=now, now=now, story=entries_of_change(read.case, after)
            )


async def test_a_note_is_a_line_in_the_story(either: Store) -> None:
    case = a_case()
    await either.cases.commit(case, 0, due_at=NOW, now=NOW, story=[OPENED])

    await either.cases.note(case.id, FELL_BACK, later(hours=1))

    assert (await either.cases.story(case.id))[1] == StoryLine(later(hours=1), FELL_BACK)


async def test_a_note_on_a_case_that_is_gone_leaves_nothing(store: Store) -> None:
    await store.cases.note(paddle_id("txn"), CLICKED, NOW)

    assert await everything(redis_of(store)) == {}


async def test_a_case_to_which_nothing_happened_yet_has_no_list_of_its_own(store: Store) -> None:
    case = a_case()

    await store.cases.commit(case, 0, due_at=NOW, now=NOW, story=[OPENED])

    assert await store.cases.story(case.id) == [StoryLine(NOW, OPENED)]
    assert not await redis_of(store).exists(keys.story(case.id))


async def test_a_story_keeps_its_order_however_often_the_case_is_written(either: Store) -> None:
    case = a_case()
    await either.cases.commit(case, 0, due_at=NOW, now=NOW, story=[OPENED])
    await either.cases.commit(
        case, 1, due_at=NOW, now=later(hours=1), story=[moved(Moved.CLAIMED), moved(Moved.SENDING)]
    )
    await either.cases.commit(case, 2, due_at=NOW, now=later(hours=2))

    await either.cases.commit(ended(case), 3, due_at=None, now=later(hours=3), story=[RECOVERED])

    assert [line.entry for line in await either.cases.story(case.id)] == [
        OPENED,
        moved(Moved.CLAIMED),
        moved(Moved.SENDING),
        RECOVERED,
    ]
    assert await either.cases.read(case.id) == ended(case)


async def test_a_case_that_began_without_a_line_tells_what_came_later(either: Store) -> None:
    case = await open_case(either)

    await either.cases.commit(case, 1, due_at=NOW, now=NOW, story=[moved(Moved.SENT)])

    assert await either.cases.story(case.id) == [StoryLine(NOW, moved(Moved.SENT))]


async def test_the_story_of_no_case_is_empty(either: Store) -> None:
    assert await either.cases.story(paddle_id("txn")) == []


async def test_a_note_on_an_ended_case_goes_when_the_case_does(store: Store) -> None:
    case = await open_case(store)
    await store.cases.commit(ended(case), 1, due_at=None, now=NOW)

    await store.cases.note(case.id, CLICKED, NOW)

    redis = redis_of(store)
    of_the_case = await redis.pttl(keys.case(case.id))  # read first: whatever time passes, it had more left
    assert 0 < await redis.pttl(keys.story(case.id)) <= of_the_case + 1


async def test_a_case_with_three_mails_takes_no_more_memory_than_its_prose_did(store: Store) -> None:
    case = Case(
        id="txn_01hv8wptq8987qeep44cyrewp9",
        subscription_id="sub_01hv8x29kz0t586xy6zn1a62ny",
        customer_id="ctm_01hv6y1jedq4p1n0yqn5ba3ky4",
        campaign="renewal",
        version="0123456789ab",
        decline_class=DeclineClass.HARD,
        reason_code="expired_card",
        failed_at=NOW,
        attempted_at=NOW,
    )
    opened = Entry(
        kind=Kind.OPENED,
        decline_class=DeclineClass.HARD,
        event_type=EventType.TRANSACTION_PAYMENT_FAILED,
        event_id="evt_01hv8wptq8987qeep44cyrewp9",
    )
    await store.cases.commit(case, 0, due_at=NOW, now=NOW, story=[opened])

    await send_mails(store, case)

    redis = redis_of(store)
    sizes = [await redis.memory_usage(key, samples=0) for key in (keys.case(case.id), keys.story(case.id))]
    assert len(await store.cases.story(case.id)) == 1 + len(STEPS) * len(MOVES)
    assert sum(filter(None, sizes)) <= AS_PROSE, sizes


@pytest.mark.parametrize(
    "line", ["opened: soft (transaction.past_due evt_1)", "first sent: smtp_250, repeated", "Z|of|a|later|version"]
)
async def test_what_another_version_wrote_is_read_as_it_is(store: Store, line: str) -> None:
    case = a_case()
    await store.cases.commit(case, 0, due_at=NOW, now=NOW, story=[OPENED])
    await redis_of(store).rpush(keys.story(case.id), f"{to_milliseconds(later(hours=1))} {line}")

    assert (await store.cases.story(case.id))[1:] == [StoryLine(later(hours=1), Entry.prose(line))]


async def test_a_story_that_is_no_text_is_read_as_far_as_it_is_one(store: Store) -> None:
    case = a_case()
    await store.cases.commit(case, 0, due_at=NOW, now=NOW)
    await redis_of(store).rpush(keys.story(case.id), f"{to_milliseconds(NOW)} ".encode() + b"caf\xe9")

    assert await store.cases.story(case.id) == [StoryLine(NOW, Entry.prose("caf�"))]
