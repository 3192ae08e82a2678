"""A problem in a campaign file is told on the line it is on, whatever else is wrong there."""

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.errors import ConfigurationError

# The first step can't be read, and the second is due when Paddle has given up.
TWO_WRONG_STEPS = """\
[campaign.renewal]
on = "renewal_failed"
gives_up = { after = "5d", action = "cancel" }

[[campaign.renewal.step]]
name = "first"
after = "soon"
template = "payment_failed"

[[campaign.renewal.step]]
name = "reminder"
after = "10d"
template = "reminder"
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        parse_campaigns(text, "mine.toml")
    return refusal.value.problems


def test_a_step_that_cannot_be_read_takes_no_blame_for_another() -> None:
    told = problems(TWO_WRONG_STEPS)

    assert [problem for problem in told if "'soon'" in problem and problem.startswith("mine.toml:7:")]
    assert [problem for problem in told if "'reminder'" in problem and not problem.startswith("mine.toml:12:")] == []


def test_a_file_that_nests_deeper_than_can_be_read_is_told_what_it_should_be() -> None:
    [problem] = problems("x = " + "[" * 5000)

    assert problem.startswith("mine.toml:1: something in this file nests too deep; ")
    assert problem.endswith(" [campaign.NAME], and may have a [brand]")


def test_a_number_that_is_too_long_to_be_read_is_told_on_its_line() -> None:
    (told,) = problems(f'[campaign.renewal]\non = "renewal_failed"\npriority = {"5" * 5_000}\n')

    assert told.startswith("mine.toml:3: a number has too many digits; the file should have a [campaign.NAME]")


def test_a_long_row_of_digits_in_a_text_is_no_number() -> None:
    told = problems(TWO_WRONG_STEPS + f"# x = {'5' * 5_000}\nnote = '''\nx = {'5' * 5_000}\n'''\n")

    assert all("digits" not in problem for problem in told)


def test_a_mark_that_an_editor_writes_before_the_text_is_passed_over() -> None:
    assert parse_campaigns(f"\ufeff{shipped()}", "c.toml") == parse_campaigns(shipped(), "c.toml")
