"""Healing: what Paddle says against what we have. Pure: which cases to open and when their mail goes, which to close.

What it finds goes through the inbox as an event of our own making, so that a case's history has one way in.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dunning.errors import PermanentError
from dunning.instants import EPOCH
from dunning.paddle.events import RECONCILED, Envelope, Event, EventType, TransactionFacts, read_json
from dunning.paddle.live import LiveTransaction
from dunning.paddle.projection import project
from dunning.rules.breaker import AT_LEAST, Breaker
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case, CaseState
from dunning.rules.on_event import on_transaction
from dunning.rules.verdicts import End, judge

# Older debts are left alone: Paddle gives up after 30 days.
# https://developer.paddle.com/changelog/2025/default-dunning-payment-recovery
MAX_AGE = timedelta(days=30)
# The order of events by id is not quite the order in which they happened, and some show up late.
OVERLAP = timedelta(hours=1)
# What is older is not read again, even if nothing newer came: the inbox forgets a handled event after four days.
READ_AGAIN_FOR = timedelta(days=1)
# The webhook of a younger event may still be under way.
SETTLED_AFTER = timedelta(minutes=2)
# Where nobody says otherwise, mails that would all be due now go out at this pace, and a few of them at once.
MAILS_AN_HOUR = 300
FEW_MAILS = 50


@dataclass(frozen=True, slots=True)
class Opening:
    """A case to be opened by `event`. `at` is when `step` of `campaign` is due: its first mail."""

    event: Event
    case: Case
    campaign: Campaign
    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about debts without a case. `left` counts, by why, those for which none is opened."""

    openings: tuple[Opening, ...] = ()
    too_old: int = 0
    left: Counter[str] = field(default_factory=Counter)


class Cursor:
    """Where to go on reading events next time: the newest that is an hour older than the newest seen, or a day old."""

    def __init__(self, event_id: str, now: datetime) -> None:
        self.event_id = event_id
        self._read_again_from = now - READ_AGAIN_FOR
        self._within_overlap: deque[tuple[str, datetime]] = deque()
        self._newest = EPOCH

    def saw(self, event_id: str, at: datetime) -> None:
        """Take an event into account. They come in the order of their ids."""
        self._newest = max(self._newest, at)
        self._within_overlap.append((event_id, at))
        passed = max(self._newest - OVERLAP, self._read_again_from)
        while self._within_overlap and self._within_overlap[0][1] <= passed:
            self.event_id, _ = self._within_overlap.popleft()


def most_unasked(breaker: Breaker) -> int | None:
    """Return how many cases a run may open without being told to; None for any number."""
    if breaker == "off":
        return None
    return AT_LEAST if breaker == "auto" else breaker


def debt_event(transaction: bytes, read_at: datetime) -> Event:
    """Make the event that opens a case, of a past-due transaction's JSON as Paddle's API gave it at `read_at`.

    It happened when it was read: whatever ended since is newer.

    Raises:
        MalformedEventError: the transaction lacks what we need.
    """
    envelope = Envelope(event_id=f"{RECONCILED}0", event_type=EventType.TRANSACTION_PAST_DUE, occurred_at=read_at)
    event = project({"data": read_json(transaction)}, envelope)
    return event.model_copy(update={"id": _event_id(event.facts.id, read_at, "opened")})


def closing_event(case: Case, live: LiveTransaction | None, read_at: datetime) -> Event | None:
    """Make the event that ends an open case whose debt is gone at Paddle; None while it isn't known to be."""
    verdict = judge(case, live, None, None, read_at)
    if live is None or not isinstance(verdict, End):
        return None
    paid = verdict.state is CaseState.RECOVERED
    return Event(
        id=_event_id(case.id, read_at, "paid" if paid else "canceled"),
        type=EventType.TRANSACTION_PAID if paid else EventType.TRANSACTION_CANCELED,
        occurred_at=read_at,
        facts=TransactionFacts(
            id=case.id,
            status=live.status,
            origin="subscription_recurring",
            collection_mode=live.collection_mode,
            subscription_id=case.subscription_id,
            customer_id=case.customer_id,
            currency_code=live.currency_code,
            billed_at=None,
            total=live.total,
        ),
    )


def plan(
    debts: Iterable[Event],
    campaigns: Sequence[Campaign],
    now: datetime,
    *,
    max_age: timedelta = MAX_AGE,
    spread: timedelta | None = None,
) -> Plan:
    """Plan the cases of debts that have none, oldest failure first.

    Args:
        debts: what `debt_event` made.
        campaigns: those of the campaign file.
        now: each debt joins its campaign at the step that its age deserves by then.
        max_age: debts that failed longer ago are left alone.
        spread: over how long to spread the mails that would all be due now; None for as long as their number asks.
    """
    cases: list[tuple[Event, Case]] = []
    too_old, left = 0, Counter[str]()
    for event in debts:
        found = _case_of(event, campaigns, now)
        if isinstance(found, Case) and now - found.failed_at < max_age:
            cases.append((event, found))
        elif isinstance(found, Case) or found == "too_old":
            too_old += 1
        else:
            left[found] += 1
    cases.sort(key=lambda both: (both[1].failed_at, both[1].id))
    by_name = {campaign.name: campaign for campaign in campaigns}
    opened = [(event, case, by_name[case.campaign]) for event, case in cases]
    turn = _turns(sum(_is_due(case, campaign, now) for _, case, campaign in opened), spread, now)
    return Plan(tuple(_opening(*each, now, turn) for each in opened), too_old, left)


def _case_of(event: Event, campaigns: Sequence[Campaign], now: datetime) -> Case | str:
    """Return the case that this event will open, or why it opens none."""
    if not isinstance(event.facts, TransactionFacts):
        raise TypeError(f"event {event.id} is of no transaction")
    try:
        verdict = on_transaction(event, event.facts, None, campaigns, now)
    except PermanentError:
        return "never_failed"
    return verdict.case or verdict.why


def _opening(event: Event, case: Case, campaign: Campaign, now: datetime, turn: Callable[[], datetime]) -> Opening:
    if not _is_due(case, campaign, now):
        step = min(campaign.steps, key=lambda step: step.due_at(case.failed_at, case.decline_class))
        return Opening(event, case, campaign, step, step.due_at(case.failed_at, case.decline_class))
    at = turn()
    if at > now:
        event = event.model_copy(update={"not_before": at})
    return Opening(event, case, campaign, _reached(case, campaign, at)[-1], at)


def _turns(count: int, spread: timedelta | None, now: datetime) -> Callable[[], datetime]:
    """Return what gives each of so many mails its time, one after the other."""
    if spread is None:
        spread = timedelta(0) if count <= FEW_MAILS else timedelta(hours=1) * count / MAILS_AN_HOUR
    times = (now + spread * number / count for number in range(count))
    return lambda: next(times)


def _is_due(case: Case, campaign: Campaign, now: datetime) -> bool:
    return bool(_reached(case, campaign, now))


def _reached(case: Case, campaign: Campaign, at: datetime) -> list[Step]:
    """Return the steps that are due by then. Only the last of them is sent."""
    return [step for step in campaign.steps if step.due_at(case.failed_at, case.decline_class) <= at]


def _event_id(transaction_id: str, at: datetime, does: str) -> str:
    """Make an id that is the same all day: found again, it is a duplicate, and tomorrow it gets another chance."""
    return f"{RECONCILED}{transaction_id.removeprefix('txn_')}{at:%Y%m%d}{does}"
