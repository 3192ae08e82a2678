"""What the commands tell, as JSON: one document for a script to read. Times are RFC 3339 in UTC."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from dunning.casebook.find import CaseFile, ListedCase
from dunning.casebook.late import Late
from dunning.casebook.no_case import NoCase
from dunning.casebook.plain_words import in_plain_words
from dunning.casebook.step_rows import StepRow, last_done, next_to_come
from dunning.casebook.suppress import SuppressedFor
from dunning.casebook.words import in_a_line
from dunning.rules.case import Case
from dunning.rules.story import fields_of
from dunning.store import AuditEntry, Paused, StoryLine

Json = dict[str, Any]


def listed(cases: Sequence[ListedCase], paused: Paused, excluded: Collection[str], *, more: bool) -> Json:
    """Return a list of cases; `more` says that it was cut."""
    return {"cases": [_listed_case(one, paused, excluded) for one in cases], "more": more}


def told(story: CaseFile) -> Json:
    """Return everything about one case."""
    return {
        "id": story.id,
        "found": True,
        "readable": story.case is not None,
        **(_facts(story.case) if story.case else {}),
        "looked_at": _time(story.looked_at),
        "excluded": [{"id": one.id, "since": _time(one.since)} for one in story.exclusions],
        "late": None if _paused(story.case, story.paused) else _late(story.late),
        "paused": _paused(story.case, story.paused),
        "holds": [{"hold": hold.word, "since": _time(hold.since), "problem": hold.sentence} for hold in story.holds],
        "steps": [_step(row) for row in story.steps],
        "story": [_line(line) for line in story.story],
        "dead_events": [{"id": dead.event_id, "at": _time(dead.at), "reason": dead.reason} for dead in story.dead],
    }


def no_case(found: NoCase) -> Json:
    """Return why there is no case."""
    mark = found.mark
    return {
        "id": found.id,
        "found": False,
        "why": str(found),
        "ended_before": None if mark is None else {"state": mark.state, "at": _time(mark.at)},
        "events": [
            {"at": _time(one.at), "event_type": one.event_type, "event_id": one.event_id, "came_to": one.came_to}
            for one in found.events
        ],
        "dead_events": [{"id": dead.event_id, "at": _time(dead.at), "reason": dead.reason} for dead in found.dead],
    }


def suppressed(found: Sequence[SuppressedFor]) -> Json:
    """Return how many addresses are suppressed, by reason."""
    return {
        "suppressed": [{"reason": one.reason, "addresses": one.addresses, "latest": _time(one.latest)} for one in found]
    }


def changes(found: Sequence[AuditEntry]) -> Json:
    """Return who changed what by hand, and when."""
    return {
        "changes": [
            {"at": _time(one.at), "who": one.who, "way": one.way, "what": one.what, "about": one.about or None}
            for one in found
        ]
    }


def _line(line: StoryLine) -> Json:
    """Return something that happened, in words and field by field. The text of `prose` is in the words already."""
    fields = {name: value for name, value in fields_of(line.entry).items() if name != "text"}
    if line.entry.again_at is not None:
        fields["again_at"] = _time(line.entry.again_at)
    words = {"what": in_a_line(line.entry), "told": in_plain_words(line.entry)}
    return {"at": _time(line.at), **words, "kind": line.entry.kind, **fields}


def _listed_case(one: ListedCase, paused: Paused, excluded: Collection[str]) -> Json:
    return {
        "id": one.id,
        "readable": one.case is not None,
        **(_facts(one.case) if one.case else {}),
        "looked_at": _time(one.looked_at),
        "excluded": one.case is not None and not {one.case.customer_id, one.case.subscription_id}.isdisjoint(excluded),
        "late": None if _paused(one.case, paused) else _late(one.late),
        "paused": paused.all is not None if one.case is None else paused.stops(one.case.campaign),
        "last_step": _step(last_done(one.steps)),
        "next_step": _step(next_to_come(one.steps)),
    }


def _facts(case: Case) -> Json:
    return {
        "state": case.state,
        "reason": case.reason,
        "subscription_id": case.subscription_id,
        "customer_id": case.customer_id,
        "campaign": case.campaign,
        "campaign_version": case.version or None,
        "decline_class": case.decline_class,
        "decline_code": case.reason_code,
        "failed_at": _time(case.failed_at),
        "attempted_at": _time(case.attempted_at),
        "not_before": _time(case.not_before),
        "held_out": case.held_out,
        "ended_at": _time(case.ended_at),
    }


def _step(row: StepRow | None) -> Json | None:
    if row is None:
        return None
    return {
        "step": row.step,
        "due_at": _time(row.due_at),
        "state": row.state,
        "reason": row.reason,
        "tries": row.tries,
        "at": _time(row.at),
    }


def _paused(case: Case | None, paused: Paused) -> bool:
    return case is not None and paused.stops(case.campaign)


def _late(late: Late | None) -> Json | None:
    if late is None:
        return None
    return {
        "step": late.step,
        "since": _time(late.since),
        "tries": late.tries,
        "reason": late.why,
        "again_at": _time(late.again_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
