"""Sums by day, in both stores: written with the case, and so exactly once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dunning.casebook.write import write_by
from dunning.errors import CaseConflictError
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.rules.cohort import Became
from dunning.rules.losses import with_amount
from dunning.rules.recoveries import with_cause
from dunning.rules.story import Entry, Kind
from dunning.rules.tally import Cause, Money
from dunning.store import Versioned
from tests.integration.at_rest import NOW, a_case
from tests.integration.cases_by_hand import CAMPAIGN
from tests.integration.stores import Either, Hands, RedisHands

TODAY, BEFORE = NOW.date(), (NOW - timedelta(days=3)).date()
EUR = Money("EUR", 2_900)


def what_happened(fields: dict[str, int]) -> dict[str, int]:
    """Leave out the sums by the day of the failure."""
    return {field: by for field, by in fields.items() if field.split("|")[1] not in set(Became)}


async def opened(store: Either) -> Versioned:
    case = a_case()
    return await write_by(
        store, CAMPAIGN, 1, NOW - timedelta(days=3), Versioned(None, 0), case, opened_by=case.failed_at, money=EUR
    )


async def end(store: Either, before: Versioned, state: CaseState) -> Versioned:
    assert before.case is not None
    return await write_by(store, CAMPAIGN, 1, NOW, before, before.case.end(state, None, NOW), money=EUR)


async def test_a_case_is_summed_up_on_the_days_on_which_it_opens_and_ends(hands: Hands) -> None:
    before = await opened(hands.store)
    await end(hands.store, before, CaseState.RECOVERED)

    days = [BEFORE, BEFORE + timedelta(days=1), TODAY]
    first, none, last = map(what_happened, await hands.store.sums.of(days))

    assert first == {
        "n|opened|renewal||soft||EUR": 1,
        "k|opened|renewal||soft||EUR": 1,
        "a|opened|renewal||soft||EUR": 2_900,
    }
    assert none == {}
    assert last == {
        "n|recovered|renewal|none|soft|paddle|EUR": 1,
        "k|recovered|renewal|none|soft|paddle|EUR": 1,
        "a|recovered|renewal|none|soft|paddle|EUR": 2_900,
    }


async def test_a_payment_after_a_click_is_told_from_one_without(hands: Hands) -> None:
    before = await opened(hands.store)
    assert before.case is not None
    await hands.store.cases.note(before.case.id, Entry(kind=Kind.CLICKED), NOW)

    await end(hands.store, before, CaseState.RECOVERED)

    (today,) = await hands.store.sums.of([TODAY])
    assert today["n|recovered|renewal|none|soft|click|EUR"] == 1


async def test_a_write_that_loses_the_race_adds_nothing(hands: Hands) -> None:
    before = await opened(hands.store)
    await end(hands.store, before, CaseState.RECOVERED)

    with pytest.raises(CaseConflictError):
        await end(hands.store, before, CaseState.RECOVERED)
    with pytest.raises(CaseConflictError):
        await write_by(hands.store, CAMPAIGN, 1, NOW, Versioned(None, 0), _same(before), money=EUR)

    (today,) = await hands.store.sums.of([TODAY])
    assert today["n|recovered|renewal|none|soft|paddle|EUR"] == 1
    assert "n|opened|renewal||soft||EUR" not in today


def _same(read: Versioned) -> Case:
    assert read.case is not None
    return read.case


async def test_a_loss_that_is_paid_after_all_is_taken_back_from_its_own_day(hands: Hands) -> None:
    before = await opened(hands.store)
    assert before.case is not None
    lost_at = NOW - timedelta(days=2)
    lost = await write_by(
        hands.store, CAMPAIGN, 1, lost_at, before, before.case.end(CaseState.STOPPED, "debt_canceled", lost_at)
    )

    await end(hands.store, lost, CaseState.RECOVERED)

    day_of_loss, today = await hands.store.sums.of([lost_at.date(), TODAY])
    assert what_happened(day_of_loss) == {"n|lost|renewal|none|soft|debt_canceled|": 0}
    assert today["n|recovered|renewal|none|soft|paddle|EUR"] == 1


async def test_a_case_counts_on_the_day_of_its_failure_too_with_what_became_of_it(hands: Hands) -> None:
    campaign = replace(CAMPAIGN, hold_out=10)
    failed_at = NOW - timedelta(days=9)
    case = a_case().but(failed_at=failed_at, held_out=True)
    read = await write_by(hands.store, campaign, 1, NOW - timedelta(days=3), Versioned(None, 0), case, money=EUR)
    lost_at = NOW - timedelta(days=1)
    lost = await write_by(
        hands.store, campaign, 1, lost_at, read, case.end(CaseState.STOPPED, "debt_canceled", lost_at)
    )

    await write_by(hands.store, campaign, 1, NOW, lost, case.end(CaseState.RECOVERED, None, NOW), money=EUR)

    (found,) = await hands.store.sums.of([failed_at.date()])
    assert found == {
        "n|due|renewal|held_out|10|EUR": 1,
        "a|due|renewal|held_out|10|EUR": 2_900,
        "n|paid|renewal|held_out|10|EUR": 1,
        "a|paid|renewal|held_out|10|EUR": 2_900,
        "q|paid|renewal|held_out|10|EUR": 841,
    }
    day_of_loss, today = await hands.store.sums.of([lost_at.date(), TODAY])
    assert day_of_loss == {"n|lost|renewal|none|soft|debt_canceled|": 0}
    assert today["n|recovered|renewal|none|soft|paddle|EUR"] == 1


async def test_no_sum_names_anybody(hands: Hands) -> None:
    before = await opened(hands.store)
    await end(hands.store, before, CaseState.RECOVERED)

    told = str(await hands.store.sums.of([BEFORE, TODAY]))

    assert not any(prefix in told for prefix in ("txn_", "sub_", "ctm_"))


async def lose(store: Either, before: Versioned, reason: EndReason, at: datetime) -> Versioned:
    assert before.case is not None
    return await write_by(store, CAMPAIGN, 1, at, before, before.case.end(CaseState.STOPPED, reason, at))


async def test_the_money_of_a_loss_is_added_once_it_is_known_and_only_once(hands: Hands) -> None:
    await lose(hands.store, await opened(hands.store), EndReason.DEBT_CANCELED, NOW)
    (loss,) = await hands.store.lost.first(30)

    for _ in range(2):
        await hands.store.lost.take_off(loss, with_amount(loss, EUR))

    (today,) = await hands.store.sums.of([TODAY])
    assert {field: by for field, by in what_happened(today).items() if by} == {
        "n|lost|renewal|none|soft|debt_canceled|EUR": 1,
        "k|lost|renewal|none|soft|debt_canceled|EUR": 1,
        "a|lost|renewal|none|soft|debt_canceled|EUR": 2_900,
    }
    assert await hands.store.lost.first(30) == []


async def test_a_loss_that_paddle_tells_no_amount_of_stays_counted_without_one(hands: Hands) -> None:
    await lose(hands.store, await opened(hands.store), EndReason.DEBT_CANCELED, NOW)
    (loss,) = await hands.store.lost.first(30)

    await hands.store.lost.take_off(loss, [])

    (today,) = await hands.store.sums.of([TODAY])
    assert what_happened(today) == {"n|lost|renewal|none|soft|debt_canceled|": 1}
    assert await hands.store.lost.first(30) == []


@pytest.mark.parametrize("known_before", [True, False])
async def test_the_money_of_a_loss_that_is_paid_after_all_is_taken_back(hands: Hands, *, known_before: bool) -> None:
    lost_at = NOW - timedelta(days=1)
    lost = await lose(hands.store, await opened(hands.store), EndReason.DEBT_CANCELED, lost_at)
    if known_before:
        (loss,) = await hands.store.lost.first(30)
        await hands.store.lost.take_off(loss, with_amount(loss, EUR))

    await end(hands.store, lost, CaseState.RECOVERED)
    for loss in await hands.store.lost.first(30):
        await hands.store.lost.take_off(loss, with_amount(loss, EUR))

    (day_of_loss,) = await hands.store.sums.of([lost_at.date()])
    assert set(what_happened(day_of_loss).values()) == {0}
    assert len(what_happened(day_of_loss)) == 4


async def test_losses_wait_for_their_amounts_in_order_and_not_for_ever(hands: Hands) -> None:
    for days_ago in (40, 2, 1):
        at = NOW - timedelta(days=days_ago)
        await lose(hands.store, await opened(hands.store), EndReason.DEBT_CANCELED, at)

    found = await hands.store.lost.first(30)

    assert [loss.sum.day for loss in found][-2:] == [(NOW - timedelta(days=ago)).date() for ago in (2, 1)]
    if isinstance(hands, RedisHands):
        assert len(found) == 2


async def test_a_recovery_moves_to_the_cause_that_is_known_later_and_only_once(hands: Hands) -> None:
    await end(hands.store, await opened(hands.store), CaseState.RECOVERED)
    (recovery,) = await hands.store.recovered.first(30, until=NOW)

    for _ in range(2):
        await hands.store.recovered.take_off(recovery, with_cause(recovery, Cause.RETAIN, EUR))

    (today,) = await hands.store.sums.of([TODAY])
    assert {field: by for field, by in what_happened(today).items() if by} == {
        "n|recovered|renewal|none|soft|retain|EUR": 1,
        "k|recovered|renewal|none|soft|retain|EUR": 1,
        "a|recovered|renewal|none|soft|retain|EUR": 2_900,
    }
    assert await hands.store.recovered.first(30) == []


async def test_a_recovery_after_a_click_waits_for_nothing_and_a_fresh_one_not_yet(hands: Hands) -> None:
    clicked = await opened(hands.store)
    assert clicked.case is not None
    await hands.store.cases.note(clicked.case.id, Entry(kind=Kind.CLICKED), NOW)
    await end(hands.store, clicked, CaseState.RECOVERED)
    fresh = await opened(hands.store)
    await end(hands.store, fresh, CaseState.RECOVERED)

    assert await hands.store.recovered.first(30, until=NOW - timedelta(seconds=1)) == []
    (found,) = await hands.store.recovered.first(30, until=NOW)
    assert fresh.case is not None
    assert found.case_id == fresh.case.id
    assert await hands.store.lost.first(30) == []
