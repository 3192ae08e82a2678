from datetime import time, timedelta

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign, FinalAction, GivesUp, SendBetween, When
from dunning.rules.declines import DeclineClass
from dunning.rules.triggers import Trigger

HARD, SOFT, OUTAGE = DeclineClass.HARD, DeclineClass.SOFT, DeclineClass.OUTAGE

A_FILE = "the file should have a [campaign.NAME], and may have a [brand]"
A_CAMPAIGN = (
    "[campaign.NAME] should have on and [[campaign.NAME.step]], and may have when, send_between, hold_out and gives_up"
)
A_STEP = "a step should have name, after and template"
A_DURATION = "should be a whole number and one of s, m, h or d, such as 0s, 90s, 2h or 3d, and at most 3650d"
A_NAME = "should be a letter of a-z, then at most 31 of a-z, 0-9, '-' and '_'"
STEPS = "each should be headed [[campaign.NAME.step]], in two brackets"
EARLIER = "should be earlier than 35d, when the case closes"
IN_QUOTES = 'texts, times and durations should stand in quotes, such as after = "3d"'

GOOD = """\
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


def parse(text: str) -> Campaign:
    (campaign,) = parse_campaigns(text, "mine.toml")
    return campaign


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        parse_campaigns(text, "mine.toml")
    return refusal.value.problems


def problem(text: str) -> str:
    (only,) = problems(text)
    return only


def test_a_good_file_is_read() -> None:
    campaign = parse(GOOD)

    assert campaign.name == "renewal"
    assert campaign.on is Trigger.RENEWAL_FAILED
    assert campaign.gives_up is None
    first, reminder = campaign.steps
    assert (first.name, first.template) == ("first", "payment_failed")
    assert first.after == {HARD: timedelta(hours=2), SOFT: timedelta(hours=24), OUTAGE: timedelta(hours=48)}
    assert (reminder.name, reminder.template) == ("reminder", "reminder")
    assert reminder.after == dict.fromkeys(DeclineClass, timedelta(days=3))


def test_the_shipped_campaign_writes_within_two_days_then_until_day_27_and_names_no_end() -> None:
    (campaign,) = parse_campaigns(shipped(), "default.toml")

    first, *others = campaign.steps

    assert campaign.name == "renewal"
    assert campaign.gives_up is None
    assert first.template == "payment_failed"
    assert first.after == {HARD: timedelta(hours=2), SOFT: timedelta(hours=24), OUTAGE: timedelta(hours=48)}
    assert [step.after[SOFT].days for step in others] == [3, 7, 14, 21, 27]
    assert [step.template for step in others] == [
        "reminder",
        "reminder_2",
        "reminder_3",
        "reminder_4",
        "final_notice",
    ]


def test_the_lines_that_the_shipped_campaign_offers_to_uncomment_are_good() -> None:
    product = "pro_" + "a" * 26
    text = shipped().replace("pro_...", product)
    for key in ("gives_up", "send_between", "when"):
        assert f"# {key} =" in text
        text = text.replace(f"# {key} =", f"{key} =")

    campaign = parse(text)

    assert campaign.gives_up == GivesUp(after=timedelta(days=30), action=FinalAction.CANCEL)
    assert campaign.send_between == SendBetween(opens=time(8), closes=time(20))
    assert campaign.when == When(products=frozenset({product}), currencies=frozenset({"EUR"}))


def test_a_table_may_be_written_out_instead_of_inline() -> None:
    text = GOOD.replace(
        'after = "3d"\ntemplate = "reminder"\n',
        'template = "reminder"\n[campaign.renewal.step.after]\nhard = "3d"\nsoft = "4d"\noutage = "5d"\n',
    )

    assert [after.days for after in parse(text).steps[1].after.values()] == [3, 4, 5]


def test_steps_may_all_be_due_within_seconds() -> None:
    text = GOOD.replace('{ hard = "2h", soft = "24h", outage = "48h" }', '"0s"').replace('"3d"', '"1s"')

    assert [step.after[HARD] for step in parse(text).steps] == [timedelta(0), timedelta(seconds=1)]


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        (
            'on = "renewal_failed"',
            'on = "renewal_faild"',
            "mine.toml:2: 'renewal_faild' is not known here; should be renewal_failed (did you mean 'renewal_failed'?)",
        ),
        ('on = "renewal_failed"', "on = 7", "mine.toml:2: 7 is not known here; should be renewal_failed"),
        ('on = "renewal_failed"', "", f"mine.toml:1: 'on' is missing; {A_CAMPAIGN}"),
        (
            'template = "reminder"',
            'tempalte = "reminder"',
            f"mine.toml:12: 'tempalte' is not known here; {A_STEP} (did you mean 'template'?)",
        ),
        ('after = "3d"', 'after = "3d"\nwhen = "x"', f"mine.toml:12: 'when' is not known here; {A_STEP}"),
        ('template = "reminder"', "", f"mine.toml:9: 'template' is missing; {A_STEP}"),
        ('after = "3d"', 'after = "3 days"', f"mine.toml:11: '3 days' is no duration; {A_DURATION}"),
        ('after = "3d"', "after = 3", f"mine.toml:11: 3 is no duration; {A_DURATION}"),
        (
            'soft = "24h"',
            'sofr = "24h"',
            "mine.toml:6: 'sofr' is not known here; after should have hard, soft and outage (did you mean 'soft'?)",
        ),
        (', outage = "48h"', "", "mine.toml:6: 'outage' is missing; after should have hard, soft and outage"),
        ('name = "reminder"', 'name = "Reminder!"', f"mine.toml:10: 'Reminder!' is no name; {A_NAME}"),
        ('name = "reminder"', "name = 2", f"mine.toml:10: 2 is no name; {A_NAME}"),
        ('template = "reminder"', 'template = "../secrets"', f"mine.toml:12: '../secrets' is no name; {A_NAME}"),
        (
            'name = "reminder"',
            'name = "first"',
            "mine.toml:10: 'first' is a second step's name; should be a name of its own",
        ),
        (
            'after = "3d"',
            'after = "24h"',
            "mine.toml:11: step 'reminder' is due 1d after a soft decline; should be later than 'first', due after 1d",
        ),
        ('after = "3d"', 'after = "35d"', f"mine.toml:11: step 'reminder' is due 35d after the failure; {EARLIER}"),
        (
            'on = "renewal_failed"',
            'on = "renewal_failed"\ngives_up = { after = "3d", action = "cancel" }',
            "mine.toml:12: step 'reminder' is due 3d after the failure; should be before Paddle gives up, after 3d",
        ),
        (
            'on = "renewal_failed"',
            'on = "renewal_failed"\ngives_up = "30d"',
            "mine.toml:3: '30d' is no table; gives_up should have after and action",
        ),
        (
            'on = "renewal_failed"',
            'on = "renewal_failed"\ngives_up = { after = "30d", action = "canecl" }',
            "mine.toml:3: 'canecl' is not known here; should be cancel or pause (did you mean 'cancel'?)",
        ),
        (
            'on = "renewal_failed"',
            'on = "renewal_failed"\ngives_up = { action = "pause" }',
            "mine.toml:3: 'after' is missing; gives_up should have after and action",
        ),
        (
            'after = "3d"',
            "after = 3d",
            f"mine.toml:11: not valid TOML: Expected newline or end of document after a statement; {IN_QUOTES}",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_it_should_be(written: str, instead: str, expected: str) -> None:
    assert written in GOOD

    assert problem(GOOD.replace(written, instead)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"mine.toml:1: 'campaign' is missing; {A_FILE}"),
        ("\n" + GOOD.replace("campaign.renewal", "campaign.Renewal"), f"mine.toml:2: 'Renewal' is no name; {A_NAME}"),
        ('\n\na = "', f"mine.toml:3: not valid TOML: Unterminated string; {IN_QUOTES}"),
        (
            '["a (at b"]\n["a (at b"]\n',
            f"mine.toml:2: not valid TOML: Cannot declare ('a (at b',) twice; {IN_QUOTES}",
        ),
        ("\n[[campain.renewal]]\n", f"mine.toml:2: 'campain' is not known here; {A_FILE} (did you mean 'campaign'?)"),
        ("\n[campaign]\n", f"mine.toml:2: no campaign here; {A_FILE}"),
        ("\ncampaign = 3\n", f"mine.toml:2: no campaign here; {A_FILE}"),
        ('[campaign]\non = "renewal_failed"\n', f"mine.toml:2: 'renewal_failed' is no table; {A_CAMPAIGN}"),
        (GOOD.replace("campaign.renewal", "campaign.Renewal"), f"mine.toml:1: 'Renewal' is no name; {A_NAME}"),
        (
            '[campaign.renewal]\non = "renewal_failed"\n[campaign.renewal.step]\nname = "first"\n',
            f"mine.toml:3: no list of steps; {STEPS}",
        ),
        ('[campaign.renewal]\non = "renewal_failed"\nstep = []\n', f"mine.toml:3: no list of steps; {STEPS}"),
        (
            '[campaign.renewal]\non = "renewal_failed"\nstep = ["first"]\n',
            f"mine.toml:3: 'first' is no table; {A_STEP}",
        ),
    ],
)
def test_a_file_of_another_shape_is_told_what_it_should_be(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        GOOD.replace('on = "renewal_failed"', 'on = "checkout_failed"\ngives_up = { after = "1d" }')
        .replace('soft = "24h"', 'soft = "1 day"')
        .replace('name = "reminder"', 'name = "first"')
        .replace('"3d"', '"46d"')
    )

    assert [line.split(";")[0] for line in problems("retries = 3\n" + text)] == [
        "mine.toml:1: 'retries' is not known here",
        "mine.toml:3: 'checkout_failed' is not known here",
        "mine.toml:4: 'action' is missing",
        "mine.toml:8: '1 day' is no duration",
        "mine.toml:12: 'first' is a second step's name",
        "mine.toml:13: step 'first' is due 46d after the failure",
    ]


def test_a_problem_is_one_line_however_long_the_value() -> None:
    told = problem(GOOD.replace('"3d"', f'"""\n{"x" * 1000}\n"""'))

    assert "\n" not in told
    assert len(told) < 200
