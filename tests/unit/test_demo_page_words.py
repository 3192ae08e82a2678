from datetime import UTC, datetime, timedelta

import pytest

from cli.demo_page.words import in_words, tell
from dunning.campaign_file import parse_campaigns, shipped
from dunning.case import Case
from dunning.case_steps import SkipReason
from dunning.declines import DeclineClass

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
SPENT = "No further mail; the link is spent."
CASE = Case(
    id="txn_1",
    subscription_id="sub_1",
    customer_id="ctm_1",
    campaign="renewal",
    decline_class=DeclineClass.HARD,
    reason_code="expired_card",
    failed_at=NOW,
    attempted_at=NOW,
)


@pytest.mark.parametrize(
    ("line", "kind", "title", "why"),
    [
        (
            "opened: hard (transaction.payment_failed evt_1)",
            "opened",
            "Case opened",
            "expired_card is a hard decline: only the customer can cure it. The first mail waits 2 hours.",
        ),
        (
            "failed_again: soft (transaction.payment_failed evt_1)",
            "opened",
            "Declined again",
            "expired_card is a soft decline: Paddle's next attempt may well succeed. Steps still to come go by this.",
        ),
        ("first sent: smtp_250", "sent", "Mail “first” sent", "Due after 2 hours. Paddle says: still owed."),
        (
            "reminder-2 sent: smtp_250, repeated",
            "sent",
            "Mail “reminder-2” sent once more",
            "Due after 7 days. Paddle says: still owed.",
        ),
        ("gone sent: smtp_250", "sent", "Mail “gone” sent", "Paddle says: still owed."),
        ("first claimed", "waits", "Mail “first” is on its way", "A worker has taken it."),
        (
            "first planned: paddle_failed, again at 2026-05-04T12:00:01Z",
            "waits",
            "Mail “first” put off",
            "Paddle failed. It is tried again.",
        ),
        ("first refused: smtp_550", "skipped", "Mail “first” refused", "The mail server will not take it (smtp_550)."),
        ("first dead: debt_lapsed", "skipped", "Mail “first” could not be sent", "Debt lapsed."),
        (
            "first unknown: eof_after_data",
            "waits",
            "Mail “first” may have arrived",
            "The mail server fell silent after it was given it.",
        ),
        ("first skipped: recovered", "skipped", "Mail “first” not sent", "It was due, and the debt is paid."),
        ("clicked", "clicked", "Link clicked", "The button made a portal session, led there, and forgot it."),
        ("click_fell_back: paddle_unreachable", "waits", "Click led to the login page", "Paddle unreachable."),
        (
            "recovered (transaction.paid evt_1)",
            "recovered",
            "Recovered",
            f"transaction.paid says so. {SPENT}",
        ),
        ("recovered", "recovered", "Recovered", "Paddle, asked before the next mail: it is paid."),
        (
            "stopped: debt_canceled (transaction.canceled evt_1)",
            "stopped",
            "Stopped",
            f"The debt is canceled: nothing is left to pay. transaction.canceled says so. {SPENT}",
        ),
        ("exhausted", "stopped", "Exhausted", "All steps are done, and the debt has lapsed unpaid."),
        ("something new", "note", "something new", ""),
    ],
)
def test_a_line_of_the_story_is_told_in_a_sentence(line: str, kind: str, title: str, why: str) -> None:
    told = tell(line, CASE, CAMPAIGN)

    assert (told.kind, told.title, told.why) == (kind, title, why)


@pytest.mark.parametrize("reason", SkipReason)
def test_every_reason_not_to_send_has_words_of_its_own(reason: SkipReason) -> None:
    told = tell(f"first skipped: {reason}", CASE, CAMPAIGN)

    assert reason not in told.why
    assert told.why.endswith(".")


def test_a_reason_that_is_not_known_is_shown_as_it_is() -> None:
    assert tell("first skipped: brand_new", CASE, CAMPAIGN).why == "Brand new."


@pytest.mark.parametrize(
    ("duration", "words"),
    [(timedelta(hours=1), "1 hour"), (timedelta(days=14), "14 days"), (timedelta(seconds=90), "90 seconds")],
)
def test_durations_are_written_out(duration: timedelta, words: str) -> None:
    assert in_words(duration) == words
