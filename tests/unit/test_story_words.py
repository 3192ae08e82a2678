"""The words for what happened to a case: in a line, and in a sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.words import in_a_line, in_a_sentence, in_words
from dunning.reasons import EndReason, SkipReason
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.story import Entry, Kind, Moved, encode

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


def failure(kind: Kind, cls: DeclineClass) -> Entry:
    return Entry(kind=kind, decline_class=cls, event_type="transaction.payment_failed", event_id="evt_1")


def step(moved: Moved, reason: str | None = None, *, name: str = "first", repeated: bool = False) -> Entry:
    return Entry(kind=Kind.STEP, step=name, moved=moved, reason=reason, repeated=repeated)


def ended(state: CaseState, reason: str | None = None, by: str | None = None) -> Entry:
    return Entry(kind=Kind.ENDED, state=state, reason=reason, event_type=by, event_id="evt_1" if by else None)


PUT_OFF = Entry(
    kind=Kind.STEP, step="first", moved=Moved.PLANNED, reason="paddle_failed", again_at=NOW + timedelta(seconds=1)
)
TOO_OLD = Entry(
    kind=Kind.CHANGED_NOTHING,
    reason="older_than_the_failure",
    event_type="subscription.canceled",
    event_id="evt_1",
)

# An entry, its line, and what kind of thing it is, in how many words, and why.
TOLD = [
    (
        failure(Kind.OPENED, DeclineClass.HARD),
        "opened: hard (transaction.payment_failed evt_1)",
        "opened",
        "Case opened",
        "expired_card is a hard decline: only the customer can cure it. The first mail waits 2 hours.",
    ),
    (
        failure(Kind.FAILED_AGAIN, DeclineClass.SOFT),
        "failed_again: soft (transaction.payment_failed evt_1)",
        "opened",
        "Declined again",
        "expired_card is a soft decline: Paddle's next attempt may well succeed. Steps still to come go by this.",
    ),
    (
        failure(Kind.FAILED_AGAIN, DeclineClass.OUTAGE),
        "failed_again: outage (transaction.payment_failed evt_1)",
        "opened",
        "Declined again",
        (
            "expired_card is an outage decline: a bank was down, and most of these cure themselves."
            " Steps still to come go by this."
        ),
    ),
    (
        TOO_OLD,
        "older_than_the_failure (subscription.canceled evt_1)",
        "note",
        "subscription.canceled changes nothing",
        "It tells of something before the renewal failed.",
    ),
    (
        step(Moved.SENT, "smtp_250"),
        "first sent: smtp_250",
        "sent",
        "Mail “first” sent",
        "Due after 2 hours. Paddle says: still owed.",
    ),
    (
        step(Moved.SENT, "smtp_250", name="reminder-2", repeated=True),
        "reminder-2 sent: smtp_250, repeated",
        "sent",
        "Mail “reminder-2” sent once more",
        "Due after 7 days. Paddle says: still owed.",
    ),
    (
        step(Moved.SENT, "smtp_250", name="gone"),
        "gone sent: smtp_250",
        "sent",
        "Mail “gone” sent",
        "Paddle says: still owed.",
    ),
    (step(Moved.CLAIMED), "first claimed", "waits", "Mail “first” is on its way", "A worker has taken it."),
    (step(Moved.SENDING), "first sending", "waits", "Mail “first” is on its way", "A worker has taken it."),
    (
        PUT_OFF,
        "first planned: paddle_failed, again at 2026-05-04T12:00:01Z",
        "waits",
        "Mail “first” put off",
        "Paddle failed. It is tried again.",
    ),
    (step(Moved.PLANNED), "first planned", "waits", "Mail “first” put off", "It is tried again."),
    (
        step(Moved.REFUSED, "smtp_550"),
        "first refused: smtp_550",
        "skipped",
        "Mail “first” refused",
        "The mail server will not take it (smtp_550).",
    ),
    (
        step(Moved.DEAD, "debt_lapsed"),
        "first dead: debt_lapsed",
        "skipped",
        "Mail “first” could not be sent",
        "Debt lapsed.",
    ),
    (
        step(Moved.UNKNOWN, "eof_after_data"),
        "first unknown: eof_after_data",
        "waits",
        "Mail “first” may have arrived",
        "The mail server fell silent after it was given it.",
    ),
    (
        step(Moved.SKIPPED, "recovered"),
        "first skipped: recovered",
        "skipped",
        "Mail “first” not sent",
        "It was due, and the debt is paid.",
    ),
    (
        Entry(kind=Kind.COVERED, step="first", by="txn_2"),
        "first is covered by the mail of txn_2",
        "note",
        "first is covered by the mail of txn_2",
        "",
    ),
    (
        Entry(kind=Kind.MADE_DUE, step="reminder"),
        "reminder made due: by_operator",
        "note",
        "reminder made due: by_operator",
        "",
    ),
    (
        Entry(kind=Kind.CLICKED),
        "clicked",
        "clicked",
        "Link clicked",
        "The button made a portal session, led there, and forgot it.",
    ),
    (
        Entry(kind=Kind.CLICK_FOUND, reason="paid"),
        "click_found: paid",
        "clicked",
        "Link clicked",
        "Paddle, asked before a portal session is made: the debt is over.",
    ),
    (
        Entry(kind=Kind.CLICK_FELL_BACK, reason="paddle_unreachable"),
        "click_fell_back: paddle_unreachable",
        "waits",
        "Click led to the login page",
        "Paddle unreachable.",
    ),
    (
        Entry(kind=Kind.EXCLUDED, who="ctm_1"),
        "excluded: ctm_1 by_operator",
        "waits",
        "Excluded by an operator",
        "No mail goes out until ctm_1 is included again.",
    ),
    (
        Entry(kind=Kind.INCLUDED, who="sub_1"),
        "included: sub_1 by_operator",
        "waits",
        "Included again by an operator",
        "sub_1 gets mail again, from the next step on.",
    ),
    (
        Entry(kind=Kind.HELD_OUT),
        "held_out",
        "waits",
        "Held out",
        "The customer is in the share that is left unmailed, to measure what mails bring.",
    ),
    (
        ended(CaseState.RECOVERED, by="transaction.paid"),
        "recovered (transaction.paid evt_1)",
        "recovered",
        "Recovered",
        f"transaction.paid says so. {SPENT}",
    ),
    (
        ended(CaseState.RECOVERED),
        "recovered",
        "recovered",
        "Recovered",
        "Paddle, asked before the next mail: it is paid.",
    ),
    (
        ended(CaseState.STOPPED, "debt_canceled", "transaction.canceled"),
        "stopped: debt_canceled (transaction.canceled evt_1)",
        "stopped",
        "Stopped",
        f"The debt is canceled: nothing is left to pay. transaction.canceled says so. {SPENT}",
    ),
    (
        ended(CaseState.STOPPED, "by_operator"),
        "stopped: by_operator",
        "stopped",
        "Stopped",
        "The seller stopped it by hand.",
    ),
    (
        ended(CaseState.EXHAUSTED),
        "exhausted",
        "stopped",
        "Exhausted",
        "All steps are done, and the debt has lapsed unpaid.",
    ),
    (
        Entry(kind=Kind.ENDED, state=CaseState.STOPPED, reason="by_operator", operator="ada"),
        "stopped: by_operator ada",
        "stopped",
        "Stopped",
        "The seller stopped it by hand.",
    ),
    (
        Entry(kind=Kind.RESENT, step="first", operator="ada"),
        "first to be sent again: by_operator ada",
        "note",
        "first to be sent again: by_operator ada",
        "",
    ),
    (
        Entry(kind=Kind.EVENT_DROPPED, event_type="transaction.paid", event_id="evt_1", operator="ada"),
        "event_dropped: by_operator ada (transaction.paid evt_1)",
        "note",
        "event_dropped: by_operator ada (transaction.paid evt_1)",
        "",
    ),
    (
        Entry(kind=Kind.CLICK_REFUSED, reason="too_many"),
        "click_refused: too_many",
        "waits",
        "Click led nowhere",
        "Too many.",
    ),
    (Entry.prose("first sent: smtp_250"), "first sent: smtp_250", "note", "first sent: smtp_250", ""),
]


@pytest.mark.parametrize(("entry", "line", "kind", "title", "why"), TOLD, ids=[line for _, line, *_ in TOLD])
def test_an_entry_is_told_in_a_line_and_in_a_sentence(entry: Entry, line: str, kind: str, title: str, why: str) -> None:
    told = in_a_sentence(entry, CASE, CAMPAIGN)

    assert in_a_line(entry) == line
    assert (told.kind, told.title, told.why) == (kind, title, why)


@pytest.mark.parametrize("entry", [entry for entry, *_ in TOLD if entry.kind is not Kind.PROSE], ids=in_a_line)
def test_no_entry_is_kept_in_more_bytes_than_its_line(entry: Entry) -> None:
    assert len(encode(entry)) <= len(in_a_line(entry))


def test_every_kind_and_every_move_has_words() -> None:
    assert {entry.kind for entry, *_ in TOLD} == set(Kind)
    assert {entry.moved for entry, *_ in TOLD} == {*Moved, None}


@pytest.mark.parametrize("reason", SkipReason)
def test_every_reason_not_to_send_has_words_of_its_own(reason: SkipReason) -> None:
    told = in_a_sentence(step(Moved.SKIPPED, reason), CASE, CAMPAIGN)

    assert reason not in told.why
    assert told.why.endswith(".")
    assert told.why != f"{reason.replace('_', ' ')}.".capitalize()


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_has_words_of_its_own(reason: EndReason) -> None:
    told = in_a_sentence(ended(CaseState.STOPPED, reason), CASE, CAMPAIGN)

    assert told.why.endswith(".")
    assert told.why != f"{reason.replace('_', ' ')}.".capitalize()


def test_a_reason_that_is_not_known_is_shown_as_it_is() -> None:
    assert in_a_sentence(step(Moved.SKIPPED, "brand_new"), CASE, CAMPAIGN).why == "Brand new."


@pytest.mark.parametrize(
    ("duration", "words"),
    [(timedelta(hours=1), "1 hour"), (timedelta(days=14), "14 days"), (timedelta(seconds=90), "90 seconds")],
)
def test_durations_are_written_out(duration: timedelta, words: str) -> None:
    assert in_words(duration) == words
