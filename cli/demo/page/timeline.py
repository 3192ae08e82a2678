"""A case's timeline: Paddle's webhooks and Dunning's own story, in the order in which they happened. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from cli.demo.page.scene import Json
from dunning.casebook.words import in_a_line, in_a_sentence, in_words
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.due_steps import next_due_at
from dunning.rules.story import UNDER_WAY, Kind
from dunning.store import StoryLine

# What Paddle does with a renewal it can't collect. https://developer.paddle.com/changelog/2025/default-dunning-payment-recovery
PADDLE_GIVES_UP_AFTER = timedelta(days=30)

# The events of a renewal begin before its failed attempt, with the period that advances.
_BEFORE_THE_FAILURE = timedelta(seconds=5)
# Those of its end are told for a moment after it.
_AFTER_THE_END = timedelta(seconds=5)


def timeline(case: Case, story: Sequence[StoryLine], notifications: Iterable[Json], campaign: Campaign) -> list[Json]:
    """Return what happened to a case, oldest first."""
    entries = [*_webhooks(case, notifications), *_own(case, story, campaign)]
    entries.sort(key=lambda entry: str(entry["at"]))
    return [_folded(list(group)) for _, group in groupby(entries, key=_fold)]


def upcoming(case: Case, campaign: Campaign) -> list[Json]:
    """Return what is still to come while nobody pays."""
    if not case.is_open:
        return []
    steps = [
        {
            "at": _stamp(step.due_at(case.failed_at, case.decline_class)),
            "title": f"Mail “{step.name}”",
            "why": f"after {in_words(step.after[case.decline_class])}, template {step.template}",
        }
        for step in campaign.steps
        if step.name not in case.deliveries
    ]
    gives_up = {
        "at": _stamp(case.failed_at + PADDLE_GIVES_UP_AFTER),
        "title": "Paddle gives up and cancels",
        "why": "after 30 days of trying the card",
    }
    return [*steps, gives_up]


def stops(case: Case, campaign: Campaign, repeats: int) -> list[datetime]:
    """Return the moments at which something is to happen to a case: its next step, and Paddle's patience."""
    due_at = next_due_at(case, campaign, repeats)
    return [case.failed_at + PADDLE_GIVES_UP_AFTER, *([due_at] if due_at else [])] if case.is_open else []


def _webhooks(case: Case, notifications: Iterable[Json]) -> list[Json]:
    since = case.failed_at - _BEFORE_THE_FAILURE
    until = case.ended_at + _AFTER_THE_END if case.ended_at else None
    entries = []
    for sent in notifications:
        at = datetime.fromisoformat(sent["occurred_at"])
        of_case = sent["entity_id"] == case.id
        of_owner = sent["entity_id"] == case.subscription_id or (
            sent["event_type"] == "payment_method.saved" and sent["customer_id"] == case.customer_id
        )
        if of_case or (of_owner and since <= at and (until is None or at <= until)):
            entries.append({"at": _stamp(at), "kind": "webhooks", "line": f"{sent['event_type']} → {_answer(sent)}"})
    return entries


def _own(case: Case, story: Sequence[StoryLine], campaign: Campaign) -> list[Json]:
    """Tell the story, with the beginnings of a send folded into its end."""
    entries: list[Json] = []
    begun: dict[str, tuple[StoryLine, list[str]]] = {}
    for line in story:
        raw = f"{line.at:%H:%M:%S.%f}"[:-3] + f"  {in_a_line(line.entry)}"
        moved = line.entry.step if line.entry.kind is Kind.STEP else None
        _, before = begun.pop(moved, (line, [])) if moved else (line, [])
        if moved and line.entry.moved in UNDER_WAY:
            begun[moved] = (line, [*before, raw])
        else:
            _add(entries, _entry(line, case, campaign, [*before, raw]))
    return [*entries, *(_entry(line, case, campaign, raw) for line, raw in begun.values())]


def _add(entries: list[Json], entry: Json) -> None:
    """Add an entry. One end is often told in several webhooks: what the last says of it goes to the first."""
    first = next((one for one in entries if one["kind"] == "stopped" and one["title"] == entry["title"]), None)
    if first is None:
        entries.append(entry)
    else:
        first |= {"why": entry["why"], "raw": [*first["raw"], *entry["raw"]]}


def _entry(line: StoryLine, case: Case, campaign: Campaign, raw: list[str]) -> Json:
    told = in_a_sentence(line.entry, case, campaign)
    return {"at": _stamp(line.at), "kind": told.kind, "title": told.title, "why": told.why, "raw": raw}


def _fold(entry: Json) -> object:
    """Webhooks that follow on one another are one entry; everything else is its own."""
    return "webhooks" if entry["kind"] == "webhooks" else id(entry)


def _folded(group: list[Json]) -> Json:
    first = group[0]
    if first["kind"] != "webhooks":
        return first
    lines = [str(entry["line"]) for entry in group]
    count = f"{len(lines)} webhooks" if len(lines) > 1 else "1 webhook"
    fine = all(line.endswith(" 200") for line in lines)
    return {
        "at": first["at"],
        "kind": "webhooks",
        "title": f"Paddle sent {count}",
        "why": "All are answered 200." if fine else "Not all are answered yet.",
        "raw": lines,
    }


def _answer(sent: Json) -> str:
    """Say how a webhook was answered, each time it was sent."""
    return ", ".join(str(status or "no answer") for status in sent["answers"]) or "…"


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
