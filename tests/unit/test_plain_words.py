"""The sentences of a story that can be read to a customer."""

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from dunning.casebook.plain_words import CLICKS, NOT_SENT, WAITS, in_plain_words, readable, without_case
from dunning.reasons import ClickOutcome, DeadReason, EndReason, HoldWord, SkipReason, WaitReason
from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.story import Entry, Kind, Moved
from dunning.store import StoryLine

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def step(moved: Moved, reason: str | None = None, **more: object) -> Entry:
    return Entry(kind=Kind.STEP, step="first", moved=moved, reason=reason, **more)  # type: ignore[arg-type]


TOLD = [
    (Entry(kind=Kind.OPENED, decline_class=DeclineClass.HARD), "A payment failed. It needs another payment method."),
    (
        Entry(kind=Kind.FAILED_AGAIN, decline_class=DeclineClass.SOFT),
        "Paddle tried again to collect the payment, and it failed. It may work at another try.",
    ),
    (
        Entry(kind=Kind.CHANGED_NOTHING, reason="older_than_the_failure"),
        "A message of Paddle's changed nothing: it was about something before the payment failed.",
    ),
    (step(Moved.SENT, "smtp_250"), "The email “first” was sent."),
    (
        step(Moved.SENT, "smtp_250", repeated=True),
        "The email “first” was sent once more, since the first may not have arrived.",
    ),
    (
        step(Moved.SKIPPED, "overtaken"),
        "The email “first” was not sent: a later email was due too, and one is enough.",
    ),
    (
        step(Moved.DEAD, "debt_lapsed"),
        "The email “first” could not be sent: the payment lapsed before it could be sent.",
    ),
    (step(Moved.REFUSED, "smtp_550"), "The email “first” was refused: the mail server will not take it."),
    (
        step(Moved.UNKNOWN, "timeout_after_data"),
        "The email “first” may have arrived: the mail server had it, and did not answer.",
    ),
    (
        step(Moved.PLANNED, "smtp_451", again_at=NOW),
        "The email “first” waits: the mail server did not take it. Next try at 2026-05-04 12:00 UTC.",
    ),
    (step(Moved.PLANNED, "payment_on_its_way"), "The email “first” waits: a payment may be on its way."),
    (
        step(Moved.PLANNED, "mail_login"),
        "The email “first” waits: emails were stopped until something on our side was put right.",
    ),
    (step(Moved.PLANNED), "The email “first” is about to be sent."),
    (step(Moved.CLAIMED), "The email “first” is being sent."),
    (step(Moved.SKIPPED, "words_of_a_later_version"), "The email “first” was not sent: this version can't tell why."),
    (
        Entry(kind=Kind.COVERED, step="first", by="txn_2"),
        "An email about another payment of the same customer named this one too (txn_2).",
    ),
    (Entry(kind=Kind.MADE_DUE, step="first"), "The email “first” was asked for by hand."),
    (Entry(kind=Kind.RESENT, step="first", operator="ada"), "The email “first” was asked for once more by ada."),
    (Entry(kind=Kind.ENDED, state=CaseState.RECOVERED), "The payment arrived."),
    (
        Entry(kind=Kind.ENDED, state=CaseState.EXHAUSTED),
        "The payment has lapsed: nobody paid it in time, and there are no more reminders.",
    ),
    (
        Entry(kind=Kind.ENDED, state=CaseState.STOPPED, reason="by_operator", operator="ada"),
        "The reminders were stopped by hand. ada did it.",
    ),
    (Entry(kind=Kind.CLICKED), "The link was clicked, and led to Paddle's payment page."),
    (
        Entry(kind=Kind.CLICK_FOUND, reason="paid"),
        "The link was clicked. Paddle said that the payment is no longer open.",
    ),
    (
        Entry(kind=Kind.CLICK_FELL_BACK, reason="paddle_unreachable"),
        "The link was clicked, but Paddle's page could not be opened: Paddle did not answer.",
    ),
    (
        Entry(kind=Kind.CLICK_REFUSED, reason="too_many"),
        "The link was clicked, and led nowhere: it was clicked too often within the hour.",
    ),
    (
        Entry(kind=Kind.EVENT_DROPPED, event_type="transaction.paid", event_id="evt_1", operator="ada"),
        "A message of Paddle's that could not be handled was put away by ada.",
    ),
    (Entry(kind=Kind.EXCLUDED, who="ctm_1", operator="ada"), "It was decided by ada that ctm_1 gets no more email."),
    (Entry(kind=Kind.INCLUDED, who="ctm_1"), "It was decided by hand that ctm_1 gets email again."),
    (
        Entry(kind=Kind.HELD_OUT),
        "No reminders are sent: it is one of a few without, so that their effect can be measured.",
    ),
    (Entry.prose("first sent: smtp_250"), "first sent: smtp_250"),
]


@pytest.mark.parametrize(("entry", "told"), TOLD, ids=[told for _, told in TOLD])
def test_an_entry_is_told_in_a_sentence_without_our_words(entry: Entry, told: str) -> None:
    assert in_plain_words(entry) == told


def test_every_kind_is_told() -> None:
    assert {entry.kind for entry, _ in TOLD} == set(Kind)


@pytest.mark.parametrize("reasons", [SkipReason, EndReason, DeadReason])
def test_every_reason_not_to_send_has_words(reasons: type[StrEnum]) -> None:
    assert set(reasons) <= set(NOT_SENT)


def test_every_reason_to_wait_and_every_click_that_led_elsewhere_has_words() -> None:
    assert set(WAITS) == set(WaitReason)
    found_over = {ClickOutcome.LED_TO_PADDLE, ClickOutcome.ALREADY_PAID, ClickOutcome.ALREADY_OVER}
    assert set(CLICKS) == set(ClickOutcome) - found_over


@pytest.mark.parametrize("word", HoldWord)
def test_a_hold_is_told_without_saying_of_what(word: HoldWord) -> None:
    assert "on our side" in in_plain_words(Entry(kind=Kind.CLICK_FELL_BACK, reason=word))


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_has_a_sentence(reason: EndReason) -> None:
    told = in_plain_words(Entry(kind=Kind.ENDED, state=CaseState.STOPPED, reason=reason))

    assert told.endswith(".")
    assert told != "The reminders ended."


def test_why_an_event_opened_no_case_is_told() -> None:
    assert without_case("no_campaign") == "no campaign is for its product, price or currency"
    assert without_case("transaction_past_due") == "the transaction was past due"
    assert without_case("word_of_a_later_version") == "word of a later version"


def test_what_one_send_goes_through_is_told_only_while_it_is_the_last_that_was_heard() -> None:
    sent = [StoryLine(NOW, step(moved)) for moved in (Moved.PLANNED, Moved.CLAIMED, Moved.SENDING, Moved.SENT)]

    assert [line.entry.moved for line in readable(sent)] == [Moved.SENT]
    assert [line.entry.moved for line in readable(sent[:3])] == [Moved.SENDING]
