"""Who of a customer's open cases mails, who waits, and whose debt is named."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

import pytest

from dunning.paddle.live import LiveTransaction
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import pick_step
from dunning.rules.shared_debts import (
    PATIENCE,
    Carried,
    Companion,
    Debts,
    Leads,
    WaitsForLeader,
    send_or_wait,
    still_named,
)
from dunning.rules.triggers import Trigger
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    FIRST,
    HOUR,
    ME,
    MINUTE,
    REMINDER,
    SECOND,
    a_case,
    a_customer,
    a_live_attempt,
    a_live_subscription,
    a_live_transaction,
    held,
    sent,
    unknown,
)

NOW = FAILED_AT + 2 * HOUR  # when the first step of a hard decline is due
ONE, TWO, THREE = "sub_1", "sub_2", "sub_3"
REPEATS = 1


def debt(case_id: str, subscription: str, failed: timedelta = timedelta(0), **deliveries: Delivery) -> Case:
    return a_case(id=case_id, subscription_id=subscription, failed_at=FAILED_AT + failed, deliveries=deliveries)


def decide(case: Case, *others: Case, step: Step = FIRST, now: datetime = NOW) -> Carried | WaitsForLeader | Leads:
    return send_or_wait(case, CAMPAIGN, step, [(other, CAMPAIGN) for other in others], repeats=REPEATS, now=now)


def put_off(by: timedelta, at: datetime = NOW) -> Delivery:
    return Delivery().postpone("transaction_billed", at + by, counted=True)


def test_a_case_alone_leads_and_names_nothing_else() -> None:
    assert decide(debt("a", ONE)) == Leads(())


def test_a_newer_debt_of_the_same_subscription_waits_for_the_next_mail_of_the_older() -> None:
    old, new = debt("a", ONE, -DAY, first=sent()), debt("b", ONE)

    assert decide(new, old) == Carried("a", FAILED_AT + 2 * DAY)


def test_a_newer_debt_waits_for_an_older_one_that_is_tried_again_until_it_is() -> None:
    older = debt("a", ONE, -DAY, first=put_off(HOUR))

    assert decide(debt("b", ONE), older) == Carried("a", NOW + HOUR)


def test_of_two_debts_that_failed_at_once_the_smaller_id_carries() -> None:
    assert decide(debt("b", ONE), debt("a", ONE)) == Carried("a", NOW)
    assert decide(debt("a", ONE), debt("b", ONE)) == Leads((Companion(debt("b", ONE), FIRST),))


def test_the_carriers_mail_names_the_newer_debts_and_covers_what_they_would_send_within_a_day() -> None:
    newer = debt("b", ONE, MINUTE), debt("c", ONE, DAY), debt("d", ONE, DAY + SECOND)
    doubtful = debt("e", ONE, MINUTE, first=unknown(NOW))

    assert decide(debt("a", ONE), *newer, doubtful) == Leads(
        (
            Companion(newer[0], FIRST),
            Companion(doubtful, None),
            Companion(newer[1], FIRST),
            Companion(newer[2], None),
        )
    )


def test_an_older_debt_with_no_step_left_carries_no_more_and_is_named() -> None:
    done = debt("a", ONE, -10 * DAY, first=sent(), reminder=sent(), final=sent())

    assert decide(debt("b", ONE), done) == Leads((Companion(done, None),))


@pytest.mark.parametrize(
    "done",
    [
        debt("a", THREE, -10 * DAY, first=sent(), reminder=sent(), final=sent()),
        debt("a", THREE, -DAY).end(CaseState.RECOVERED, None, NOW),
    ],
    ids=["no step left", "over"],
)
def test_a_debt_that_is_done_with_hides_no_younger_one_and_comes_before_none(done: Case) -> None:
    early, late = debt("b", TWO, -MINUTE), debt("c", ONE)

    assert decide(late, done, early) == WaitsForLeader("b")
    assert Debts([(case, CAMPAIGN) for case in (done, early, late)], REPEATS, NOW).place(done) == 0


def test_an_older_debt_that_has_lapsed_carries_no_more() -> None:
    lapsed = debt("a", ONE, -OPEN_FOR)

    assert decide(debt("b", ONE), lapsed) == Leads((Companion(lapsed, None),))


def test_a_mail_of_an_older_debt_that_has_lapsed_is_waited_for_while_it_is_on_its_way() -> None:
    lapsed = debt("a", ONE, -OPEN_FOR, final=held(NOW))

    assert decide(debt("b", ONE), lapsed) == WaitsForLeader("a")


def test_an_older_debt_that_is_over_covers_nothing_and_is_not_named() -> None:
    paid = debt("a", ONE, -DAY).end(CaseState.RECOVERED, None, NOW)

    assert decide(debt("b", ONE), paid) == Leads(())


def test_the_case_itself_among_the_others_is_not_another() -> None:
    assert decide(debt("a", ONE), debt("a", ONE)) == Leads(())


def test_of_two_subscriptions_the_one_that_is_due_first_leads_and_covers_the_others_step() -> None:
    early, late = debt("b", ONE, -MINUTE), debt("a", TWO)

    assert decide(late, early) == WaitsForLeader("b")
    assert decide(early, late) == Leads((Companion(late, FIRST, carries=True),))


@pytest.mark.parametrize(("later", "together"), [(DAY, True), (DAY + SECOND, False)])
def test_what_is_due_within_a_day_is_named(later: timedelta, *, together: bool) -> None:
    other = debt("b", TWO, later)

    assert decide(debt("a", ONE), other) == Leads((Companion(other, FIRST, carries=True),) if together else ())


def test_what_is_named_covers_the_next_step_that_is_to_be_sent() -> None:
    other = debt("b", TWO, -3 * DAY + 10 * HOUR, first=sent(FAILED_AT - 2 * DAY))

    assert decide(debt("a", ONE), other) == Leads((Companion(other, REMINDER, carries=True),))


def test_a_named_subscription_brings_its_newer_debts() -> None:
    other, newer, apart = debt("b", TWO, MINUTE), debt("c", TWO, HOUR), debt("d", THREE, 2 * DAY)

    assert decide(debt("a", ONE), apart, newer, other) == Leads(
        (Companion(other, FIRST, carries=True), Companion(newer, FIRST))
    )


def test_a_case_whose_mail_is_on_its_way_is_waited_for_whoever_is_due_first() -> None:
    late = debt("b", TWO, MINUTE, first=held(NOW))

    assert decide(debt("a", ONE), late, now=NOW + SECOND) == WaitsForLeader("b")


def test_a_holder_that_is_gone_is_not_waited_for() -> None:
    late = debt("b", TWO, MINUTE, first=held(NOW))

    assert decide(debt("a", ONE), late, now=NOW + MINUTE) == Leads((Companion(late, FIRST, carries=True),))


def test_a_leader_that_is_soon_tried_again_is_waited_for() -> None:
    leader = debt("a", ONE, first=put_off(PATIENCE))

    assert decide(debt("b", TWO), leader) == WaitsForLeader("a")


def test_a_leader_that_is_put_off_for_long_is_not_waited_for_and_named() -> None:
    leader = debt("a", ONE, first=put_off(PATIENCE + SECOND))

    assert decide(debt("b", TWO), leader) == Leads((Companion(leader, FIRST, carries=True),))


def test_an_unknown_that_is_soon_repeated_leads() -> None:
    leader = debt("a", ONE, first=unknown(NOW).postpone("eof", NOW + SECOND, counted=False))

    assert decide(debt("b", TWO), leader) == WaitsForLeader("a")


def test_an_unknown_that_is_late_for_its_time_still_leads() -> None:
    leader = debt("a", ONE, first=unknown(NOW + HOUR).postpone("eof", NOW + HOUR + SECOND, counted=False))

    assert decide(debt("b", TWO), leader, now=NOW + HOUR) == WaitsForLeader("a")


def test_an_unknown_that_is_not_waited_for_is_left_alone() -> None:
    doubtful = debt("a", ONE, first=unknown(NOW).postpone("eof", NOW + HOUR, counted=False))

    assert decide(debt("b", TWO), doubtful) == Leads(())


def test_an_unknown_that_is_not_repeated_is_done_with() -> None:
    doubtful = debt("a", ONE, first=unknown(NOW))

    assert send_or_wait(debt("b", TWO), CAMPAIGN, FIRST, [(doubtful, CAMPAIGN)], repeats=0, now=NOW) == Leads(())


def test_what_an_operator_brought_forward_is_due_from_then_on() -> None:
    forward = a_case(id="b", subscription_id=TWO, deliveries={"reminder": Delivery(dated_at=NOW), "first": sent()})
    later = debt("a", ONE, HOUR)

    assert decide(forward, later, step=REMINDER) == Leads((Companion(later, FIRST, carries=True),))


def test_what_is_spread_out_does_not_lead_before_its_turn() -> None:
    waiting = debt("a", ONE, -DAY).model_copy(update={"not_before": NOW + HOUR})

    assert decide(debt("b", TWO), waiting) == Leads((Companion(waiting, FIRST, carries=True),))


def test_what_the_last_mail_holds_up_does_not_lead_and_is_not_named() -> None:
    held_up = debt("b", TWO, -3 * DAY, first=sent(NOW - HOUR))

    assert decide(debt("a", ONE), held_up) == Leads(())


def test_what_is_due_later_does_not_lead_though_its_turn_and_its_last_mail_are_behind() -> None:
    later = debt("b", TWO, -3 * DAY + 3 * HOUR, first=sent(FAILED_AT - 2 * DAY)).but(not_before=FAILED_AT - 2 * DAY)

    assert decide(debt("a", ONE), later) == Leads((Companion(later, REMINDER, carries=True),))


def test_other_campaigns_may_share_a_mail() -> None:
    step = Step("gentle", dict.fromkeys(DeclineClass, 3 * HOUR), "gentle")
    gentle = Campaign("gentle", Trigger.RENEWAL_FAILED, (step,), None)
    other = a_case(id="b", subscription_id=TWO, campaign="gentle")

    shared = send_or_wait(debt("a", ONE), CAMPAIGN, FIRST, [(other, gentle)], repeats=REPEATS, now=NOW)

    assert shared == Leads((Companion(other, step, carries=True),))


class Look(NamedTuple):
    case: Case
    step: Step
    decision: Carried | WaitsForLeader | Leads


DELIVERIES = (
    None,
    held(NOW - SECOND),
    put_off(SECOND),
    put_off(10 * MINUTE),
    put_off(-SECOND),
    unknown(NOW - SECOND),
    unknown(NOW - SECOND).postpone("eof", NOW + SECOND, counted=False),
    unknown(NOW - SECOND).postpone("eof", NOW + HOUR, counted=False),
    sent(),
)
FAILED = (-3 * DAY - HOUR, -HOUR, timedelta(0), 20 * HOUR)


def look_at_all(cases: Sequence[Case], now: datetime) -> list[Look]:
    """What everybody decides who looks at one of the cases that are due."""
    looks = []
    for case in cases:
        tidied, step = pick_step(case, CAMPAIGN, REPEATS, now)
        if step is not None:
            others = [(other, CAMPAIGN) for other in cases if other is not case]
            looks.append(Look(case, step, send_or_wait(tidied, CAMPAIGN, step, others, repeats=REPEATS, now=now)))
    return looks


@pytest.mark.parametrize("subscriptions", [(ONE, ONE), (ONE, TWO), (ONE, ONE, TWO), (ONE, TWO, THREE)])
def test_at_any_moment_at_most_one_leads_and_nobody_waits_for_ever(subscriptions: tuple[str, ...]) -> None:
    count = len(subscriptions)
    deliveries = DELIVERIES if count < 3 else DELIVERIES[:2] + DELIVERIES[3:4] + DELIVERIES[6:]
    for failed, states in product(product(FAILED, repeat=count), product(deliveries, repeat=count)):
        cases = [
            debt(f"txn_{place}", subscription, when, **({"first": state} if state else {}))
            for place, (subscription, when, state) in enumerate(zip(subscriptions, failed, states, strict=True))
        ]

        looks = look_at_all(cases, NOW)

        leaders = [look for look in looks if isinstance(look.decision, Leads)]
        assert len(leaders) <= 1
        for leader in leaders:
            assert not any(one.is_held(NOW) for other in cases for one in deliveries_beside(other, leader.case))
        for look in looks:
            if isinstance(look.decision, WaitsForLeader):
                assert moves_within(cases, look.decision.leader, PATIENCE)
            if isinstance(look.decision, Carried):
                assert older_of(cases, look.case, look.decision.by)


def deliveries_beside(other: Case, case: Case) -> Iterable[Delivery]:
    return () if other is case else other.deliveries.values()


def moves_within(cases: Sequence[Case], case_id: str, wait: timedelta) -> bool:
    """Whether the case is being mailed, or is looked at soon."""
    case = next(case for case in cases if case.id == case_id)
    _, step = pick_step(case, CAMPAIGN, REPEATS, NOW + wait)
    return step is not None or any(one.is_held(NOW) for one in case.deliveries.values())


def older_of(cases: Sequence[Case], newer: Case, by: str) -> bool:
    older = next(case for case in cases if case.id == by)
    return older.subscription_id == newer.subscription_id and older.failed_at <= newer.failed_at


def names(case: Case, *companions: Companion, at_most: int = 29, **changes: LiveTransaction) -> list[str]:
    """The ids of what is still named after Paddle was asked."""
    cases = [case, *(one.case for one in companions)]
    transactions = {
        one.id: a_live_transaction(id=one.id, subscription_id=one.subscription_id) for one in cases
    } | changes
    subscriptions = {one.subscription_id: a_live_subscription(id=one.subscription_id) for one in cases}
    named = still_named(case, companions, transactions, subscriptions, NOW, at_most=at_most)
    return [one.case.id for one in named]


A, B, C = debt("a", ONE), Companion(debt("b", TWO), FIRST, carries=True), Companion(debt("c", TWO), FIRST)


def test_what_paddle_says_is_still_owed_is_named() -> None:
    assert names(A, Companion(debt("n", ONE), None), B, C) == ["n", "b", "c"]


def test_what_is_paid_is_not_named() -> None:
    assert names(A, B, C, c=a_live_transaction(id="c", status="paid")) == ["b"]


def test_what_may_just_be_being_paid_is_not_named() -> None:
    under_way = a_live_attempt(status="authorized", at=NOW - MINUTE)

    assert names(A, B, C, c=a_live_transaction(id="c", attempts=(under_way,))) == ["b"]


def test_what_paddle_does_not_answer_about_is_not_named() -> None:
    subscriptions = {ONE: a_live_subscription(id=ONE)}

    assert still_named(A, [B], {"a": a_live_transaction()}, subscriptions, NOW, at_most=9) == ()
    both = {"a": a_live_transaction(), "b": a_live_transaction()}
    assert still_named(A, [B], both, subscriptions, NOW, at_most=9) == ()


def test_a_subscription_whose_carrier_is_paid_is_not_named_at_all() -> None:
    assert names(A, B, C, b=a_live_transaction(id="b", status="paid")) == []


def test_another_customers_debt_is_never_named() -> None:
    stranger = a_live_transaction(id="b", customer=a_customer(email="other@fjordlys.example"))

    assert names(A, B, b=stranger) == []


def test_no_more_subscriptions_are_named_than_there_is_room_for() -> None:
    third = Companion(debt("d", THREE), FIRST, carries=True)

    assert names(A, B, C, third, at_most=1) == ["b", "c"]


def test_the_state_of_a_planned_delivery_is_what_makes_a_step_coverable() -> None:
    refused = replace_state(DeliveryState.REFUSED)

    assert decide(A, debt("b", TWO, first=refused)) == Leads(())


def replace_state(state: DeliveryState) -> Delivery:
    return held().begin_data(ME).settle(ME, state, "smtp_550")
