"""A customer with hundreds of open debts costs one look at each, however many of them are due together."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case, CaseState
from dunning.rules.shared_debts import Companion, Debts, Leads, WaitsForLeader, send_or_wait
from tests.unit.case_builders import CAMPAIGN, DAY, FAILED_AT, FIRST, HOUR, MINUTE, REMINDER, a_case, held

NOW = FAILED_AT + 2 * HOUR  # when the first step of a hard decline is due
REPEATS = 1


@dataclass
class Looks:
    """How often somebody went through a campaign's steps, which is what a look at a case takes."""

    count: int = 0
    campaign: Campaign = field(init=False)

    def __post_init__(self) -> None:
        looks = self

        class Steps(tuple[Step, ...]):
            """The steps, which note that they are gone through."""

            __slots__ = ()

            def __iter__(self) -> Iterator[Step]:
                looks.count += 1
                return super().__iter__()

        self.campaign = replace(CAMPAIGN, steps=Steps(CAMPAIGN.steps))


def debt(case_id: str, subscription: str, failed: timedelta = timedelta(0)) -> Case:
    return a_case(id=case_id, subscription_id=subscription, failed_at=FAILED_AT + failed)


@pytest.mark.parametrize("subscriptions", [1, 300])
def test_the_cases_are_looked_at_once_for_all_that_are_asked_about(subscriptions: int) -> None:
    looks = Looks()
    cases = [debt(f"txn_{number:03}", f"sub_{number % subscriptions}") for number in range(300)]
    debts = Debts([(case, looks.campaign) for case in cases], REPEATS, NOW)
    after_one_look = looks.count

    carried = [case.id for case in cases if debts.carried(case) is not None]
    leads = debts.lead(cases[0], looks.campaign, FIRST)
    places = [debts.place(case) for case in cases if case.id not in carried]

    assert looks.count == after_one_look <= 3 * len(cases)
    assert len(carried) == 300 - subscriptions
    assert isinstance(leads, Leads)
    assert places == list(range(subscriptions))


def test_those_that_are_due_first_come_first() -> None:
    late, early, waiting = debt("a", "sub_1", MINUTE), debt("b", "sub_2"), debt("c", "sub_3", -DAY)
    waiting = waiting.model_copy(update={"not_before": NOW + HOUR})

    debts = Debts([(case, CAMPAIGN) for case in (late, early, waiting)], REPEATS, NOW)

    assert [debts.place(case) for case in (early, late, waiting)] == [0, 1, 2]


def test_the_case_that_has_a_mail_on_its_way_does_not_wait_for_itself() -> None:
    mailed = debt("a", "sub_1").with_delivery("first", held(NOW))
    other = debt("b", "sub_2")

    debts = Debts([(case, CAMPAIGN) for case in (mailed, other)], REPEATS, NOW)

    assert debts.lead(other, CAMPAIGN, FIRST) == WaitsForLeader("a")
    assert debts.lead(mailed, CAMPAIGN, REMINDER) == WaitsForLeader("b")


def test_what_is_over_has_no_place_and_is_nobodys_companion() -> None:
    over = debt("a", "sub_1").end(CaseState.RECOVERED, None, NOW)
    due = debt("b", "sub_2")

    debts = Debts([(case, CAMPAIGN) for case in (over, due)], REPEATS, NOW)

    assert debts.place(due) == 0
    assert debts.lead(due, CAMPAIGN, FIRST) == Leads(())


def test_what_is_spread_out_is_named_with_the_step_that_is_due_at_its_turn() -> None:
    now = FAILED_AT + 2 * DAY
    spread = debt("b", "sub_2").model_copy(update={"not_before": now + DAY})

    shared = send_or_wait(debt("a", "sub_1"), CAMPAIGN, FIRST, [(spread, CAMPAIGN)], repeats=REPEATS, now=now)

    assert shared == Leads((Companion(spread, REMINDER, carries=True),))
