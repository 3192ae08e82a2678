from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dunning.rules.campaign import Campaign, FinalAction, GivesUp, Step, When, choose
from dunning.rules.declines import DeclineClass
from dunning.rules.triggers import Trigger

FAILED_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
FIRST = Step(
    name="first",
    after={
        DeclineClass.HARD: timedelta(hours=2),
        DeclineClass.SOFT: timedelta(hours=24),
        DeclineClass.OUTAGE: timedelta(hours=48),
    },
    template="payment_failed",
)


def campaign(gives_up: GivesUp | None) -> Campaign:
    return Campaign(name="renewal", on=Trigger.RENEWAL_FAILED, steps=(FIRST,), gives_up=gives_up)


@pytest.mark.parametrize(
    ("cls", "due_at"),
    [
        (DeclineClass.HARD, datetime(2026, 3, 1, 11, 30, tzinfo=UTC)),
        (DeclineClass.SOFT, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        (DeclineClass.OUTAGE, datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_step_is_due_so_long_after_the_failure_as_the_decline_class_says(cls: DeclineClass, due_at: datetime) -> None:
    assert FIRST.due_at(FAILED_AT, cls) == due_at


def test_a_campaign_that_says_when_paddle_gives_up_knows_the_end() -> None:
    gives_up = GivesUp(after=timedelta(days=30), action=FinalAction.CANCEL)

    assert campaign(gives_up).ends_at(FAILED_AT) == datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def test_a_campaign_that_does_not_say_names_no_end() -> None:
    assert campaign(None).ends_at(FAILED_AT) is None


def test_campaigns_are_values() -> None:
    same = Step(name=FIRST.name, after=dict(FIRST.after), template=FIRST.template)

    assert same == FIRST
    assert hash(same) == hash(FIRST)


EVERYBODY = campaign(None)


def for_whom(name: str, **when: frozenset[str]) -> Campaign:
    return replace(EVERYBODY, name=name, when=When(**when))


def chosen(*campaigns: Campaign) -> str | None:
    found = choose(
        campaigns,
        Trigger.RENEWAL_FAILED,
        product_ids=("pro_a", "pro_b"),
        price_ids=("pri_a",),
        currency_code="EUR",
    )
    return found.name if found else None


def test_a_campaign_that_asks_for_nothing_is_for_every_debt() -> None:
    assert chosen(EVERYBODY) == "renewal"


@pytest.mark.parametrize(
    "when",
    [
        {"products": frozenset({"pro_b", "pro_z"})},
        {"prices": frozenset({"pri_a"})},
        {"currencies": frozenset({"USD", "EUR"})},
        {"products": frozenset({"pro_a"}), "prices": frozenset({"pri_a"}), "currencies": frozenset({"EUR"})},
    ],
)
def test_a_campaign_is_for_debts_that_have_one_of_each_kind_it_names(when: dict[str, frozenset[str]]) -> None:
    assert chosen(for_whom("some", **when), EVERYBODY) == "some"


@pytest.mark.parametrize(
    "when",
    [
        {"products": frozenset({"pro_z"})},
        {"prices": frozenset({"pri_z"})},
        {"currencies": frozenset({"USD"})},
        {"products": frozenset({"pro_a"}), "currencies": frozenset({"USD"})},
    ],
)
def test_a_campaign_whose_conditions_do_not_all_hold_is_passed_over(when: dict[str, frozenset[str]]) -> None:
    assert chosen(for_whom("others", **when), EVERYBODY) == "renewal"


def test_the_first_of_several_that_match_is_chosen() -> None:
    assert chosen(for_whom("first", currencies=frozenset({"EUR"})), for_whom("second")) == "first"


def test_a_debt_that_no_campaign_is_for_gets_none() -> None:
    assert chosen(for_whom("others", currencies=frozenset({"USD"}))) is None
    assert chosen() is None
