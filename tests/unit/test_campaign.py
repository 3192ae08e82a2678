from datetime import UTC, datetime, timedelta

import pytest

from dunning.campaign import Campaign, FinalAction, GivesUp, Step, Trigger
from dunning.declines import DeclineClass

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
