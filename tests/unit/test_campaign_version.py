from dataclasses import replace
from datetime import time, timedelta

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.rules.campaign import Campaign, FinalAction, GivesUp, SendBetween, When
from dunning.rules.campaign_version import from_json, to_json, version
from dunning.rules.triggers import Trigger
from tests.unit.case_builders import CAMPAIGN, DAY, FINAL, FIRST

(SHIPPED,) = parse_campaigns(shipped(), "default.toml")
RICH = Campaign(
    name="annual",
    on=Trigger.RENEWAL_FAILED,
    steps=(FIRST, FINAL),
    gives_up=GivesUp(30 * DAY, FinalAction.PAUSE),
    when=When(frozenset({"pro_a", "pro_b"}), frozenset({"pri_a"}), frozenset({"EUR", "USD"})),
    send_between=SendBetween(time(8), time(18, 30)),
)


@pytest.mark.parametrize("campaign", [SHIPPED, RICH, CAMPAIGN], ids=["shipped", "rich", "plain"])
def test_a_campaign_survives_being_written_and_read_again(campaign: Campaign) -> None:
    assert from_json(to_json(campaign)) == campaign


def test_a_campaign_that_says_the_same_has_the_same_version() -> None:
    again = replace(RICH, when=When(frozenset(["pro_b", "pro_a"]), frozenset({"pri_a"}), frozenset(["USD", "EUR"])))

    assert version(again) == version(RICH) == version(from_json(to_json(RICH)))


@pytest.mark.parametrize(
    "changed",
    [
        replace(RICH, name="monthly"),
        replace(RICH, steps=(FIRST,)),
        replace(RICH, steps=(replace(FIRST, after=dict.fromkeys(FIRST.after, timedelta(hours=3))), FINAL)),
        replace(RICH, steps=(replace(FIRST, template="other"), FINAL)),
        replace(RICH, gives_up=None),
        replace(RICH, when=When()),
        replace(RICH, send_between=None),
    ],
)
def test_whatever_changes_makes_another_version(changed: Campaign) -> None:
    assert version(changed) != version(RICH)


def test_a_version_is_eight_hex_digits() -> None:
    assert len(version(SHIPPED)) == 8
    assert int(version(SHIPPED), 16) >= 0


def test_what_is_no_campaign_is_refused() -> None:
    with pytest.raises(ValueError, match="Campaign"):
        from_json("{}")
