"""What a changed campaign file changes, in sentences."""

from dunning.campaign_file.reader import parse_campaigns
from dunning.casebook.campaign_words import CampaignChange, changes

BEFORE = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = { hard = "2h", soft = "24h", outage = "48h" }
template = "payment_failed"

[[campaign.renewal.step]]
name = "reminder"
after = "3d"
template = "reminder"
"""
ANNUAL = """
[campaign.annual]
on = "renewal_failed"
when = { currency = ["EUR"] }

[[campaign.annual.step]]
name = "first"
after = "1d"
template = "payment_failed"
"""


def said(before: str, after: str) -> dict[str, list[str]]:
    found = changes(parse_campaigns(before, "before.toml"), parse_campaigns(after, "after.toml"))
    assert all(isinstance(one, CampaignChange) for one in found)
    return {one.name: list(one.lines) for one in found}


def test_a_file_that_says_the_same_changes_nothing() -> None:
    assert said(BEFORE, BEFORE + "\n# a remark\n") == {}


def test_who_is_mailed_at_another_time_is_said_by_decline_class() -> None:
    after = BEFORE.replace('hard = "2h"', 'hard = "4h"').replace('after = "3d"', 'after = "5d"')

    assert said(BEFORE, after) == {
        "renewal": [
            "first goes out on day 0, 4 h after a hard decline, instead of day 0, 2 h.",
            "reminder goes out on day 5 after a hard decline, instead of day 3.",
            "reminder goes out on day 5 after a soft decline, instead of day 3.",
            "reminder goes out on day 5 after an outage decline, instead of day 3.",
        ]
    }


def test_steps_that_come_go_or_send_another_mail_are_said() -> None:
    after = BEFORE.replace('name = "reminder"', 'name = "last"').replace('"payment_failed"', '"reminder"')

    assert said(BEFORE, after)["renewal"] == [
        "first is the mail reminder, instead of payment_failed.",
        "last goes out on day 3 after a hard decline, and did not before.",
        "last goes out on day 3 after a soft decline, and did not before.",
        "last goes out on day 3 after an outage decline, and did not before.",
        "reminder is not sent any more.",
    ]


def test_what_else_a_campaign_is_is_said() -> None:
    after = BEFORE.replace('"renewal_failed"', '"renewal_failed"\ngives_up = { after = "30d", action = "cancel" }', 1)

    assert said(BEFORE, BEFORE.replace('"renewal_failed"', '"renewal_failed"\nhold_out = "10%"', 1))["renewal"] == [
        "hold_out: 10% of the customers get no mail, to measure what mails bring, instead of not set."
    ]
    assert said(BEFORE, after)["renewal"] == [
        "gives_up: Paddle cancels the subscription on day 30, mails say, instead of not set: no mail names a last day."
    ]


def test_campaigns_that_come_go_or_change_places_are_said() -> None:
    assert said(BEFORE, ANNUAL + BEFORE) == {
        "annual": [
            "It is new, for currency EUR.",
            "first goes out on day 1 after a hard decline, and did not before.",
            "first goes out on day 1 after a soft decline, and did not before.",
            "first goes out on day 1 after an outage decline, and did not before.",
        ]
    }
    assert said(ANNUAL + BEFORE, BEFORE) == {"annual": ["It is gone: no renewal that fails from now on follows it."]}
    dollars = ANNUAL.replace("annual", "dollars").replace("EUR", "USD")
    assert said(ANNUAL + dollars, dollars + ANNUAL) == {
        "their order": ["A renewal follows the first that it fits: dollars, annual."]
    }
