from datetime import UTC, datetime, timedelta
from typing import Any

from cli.demo.page.timeline import stops, timeline, upcoming
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, Kind, Moved
from dunning.store import StoryLine

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
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

CLAIMED = Entry(kind=Kind.STEP, step="first", moved=Moved.CLAIMED)


def stopped(reason: str, event_type: str) -> Entry:
    return Entry(kind=Kind.ENDED, state=CaseState.STOPPED, reason=reason, event_type=event_type, event_id="evt_1")


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def sent(event_type: str, entity_id: str, at: datetime = NOW, answers: tuple[int, ...] = (200,)) -> dict[str, Any]:
    return {
        "event_type": event_type,
        "entity_id": entity_id,
        "customer_id": "ctm_1",
        "occurred_at": at.isoformat(),
        "answers": list(answers),
    }


def test_webhooks_that_follow_on_one_another_are_one_entry_in_their_order() -> None:
    notifications = [
        sent("transaction.paid", "txn_1", later(hours=3)),
        sent("subscription.updated", "sub_1", later(seconds=-3.8)),
        sent("transaction.payment_failed", "txn_1", answers=(503, 200)),
    ]
    story = [StoryLine(later(seconds=1), Entry(kind=Kind.OPENED, decline_class=DeclineClass.HARD))]

    entries = timeline(CASE, story, notifications, CAMPAIGN)

    assert [entry["title"] for entry in entries] == ["Paddle sent 2 webhooks", "Case opened", "Paddle sent 1 webhook"]
    assert entries[0]["raw"] == ["subscription.updated → 200", "transaction.payment_failed → 503, 200"]


def test_a_webhook_without_its_answer_is_told_so() -> None:
    (entry,) = timeline(CASE, [], [sent("transaction.paid", "txn_1", answers=(0,))], CAMPAIGN)

    assert entry["why"] == "Not all are answered yet."
    assert entry["raw"] == ["transaction.paid → no answer"]


def test_webhooks_of_another_debt_or_another_time_are_left_out() -> None:
    ended = CASE.end(CaseState.RECOVERED, None, later(days=1))
    notifications = [
        sent("transaction.paid", "txn_2"),
        sent("subscription.updated", "sub_1", later(days=-1)),
        sent("subscription.updated", "sub_1", later(days=2)),
        sent("payment_method.saved", "paymtd_1", later(days=1)),
    ]

    (entry,) = timeline(ended, [], notifications, CAMPAIGN)

    assert entry["raw"] == ["payment_method.saved → 200"]


def test_an_end_that_two_webhooks_told_of_is_one_entry_that_says_what_the_last_did() -> None:
    story = [
        StoryLine(NOW, stopped("debt_canceled", "transaction.canceled")),
        StoryLine(later(seconds=1), stopped("subscription_canceled", "subscription.canceled")),
    ]

    (entry,) = timeline(CASE.end(CaseState.STOPPED, "subscription_canceled", NOW), story, [], CAMPAIGN)

    assert (entry["title"], entry["at"]) == ("Stopped", NOW.isoformat(timespec="milliseconds"))
    assert "The subscription is canceled" in entry["why"]
    assert len(entry["raw"]) == 2


def test_the_beginnings_of_a_send_are_folded_into_its_end() -> None:
    story = [
        StoryLine(later(hours=2, seconds=1), CLAIMED),
        StoryLine(later(hours=2, seconds=2), Entry(kind=Kind.STEP, step="first", moved=Moved.SENDING)),
        StoryLine(later(hours=2, seconds=3), Entry(kind=Kind.STEP, step="first", moved=Moved.SENT, reason="smtp_250")),
    ]

    (entry,) = timeline(CASE, story, [], CAMPAIGN)

    assert entry["title"] == "Mail “first” sent"
    assert [line.partition("  ")[2] for line in entry["raw"]] == [
        "first claimed",
        "first sending",
        "first sent: smtp_250",
    ]


def test_a_send_that_has_not_ended_is_on_its_way() -> None:
    story = [StoryLine(later(hours=2), CLAIMED), StoryLine(later(hours=2, seconds=1), Entry(kind=Kind.CLICKED))]

    entries = timeline(CASE, story, [], CAMPAIGN)

    assert [entry["title"] for entry in entries] == ["Mail “first” is on its way", "Link clicked"]


def test_what_is_to_come_is_each_untouched_step_and_the_end_of_paddle_s_patience() -> None:
    begun = CASE.with_delivery("first", Delivery(state=DeliveryState.SENT))

    coming = upcoming(begun, CAMPAIGN)

    assert [(one["at"], one["title"]) for one in coming][:1] == [("2026-05-07T12:00:00.000+00:00", "Mail “reminder”")]
    assert [one["title"] for one in coming][-2:] == ["Mail “final”", "Paddle gives up and cancels"]
    assert len(coming) == len(CAMPAIGN.steps)


def test_nothing_is_to_come_for_a_case_that_has_ended() -> None:
    ended = CASE.end(CaseState.RECOVERED, None, NOW)

    assert upcoming(ended, CAMPAIGN) == []
    assert stops(ended, CAMPAIGN, 1) == []


def test_time_stops_at_the_next_step_and_at_the_end_of_paddle_s_patience() -> None:
    assert stops(CASE, CAMPAIGN, 1) == [later(days=30), later(hours=2)]
