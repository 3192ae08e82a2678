"""A case's steps as an operator reads them: when each is due, and what became of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Moved
from dunning.store import StoryLine


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of one case. `at` is when it came to its present state, if the story tells."""

    step: str
    due_at: datetime | None
    state: str
    reason: str | None
    tries: int
    at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be done about it."""
        return self.state not in _STILL_TO_COME


_BEING_SENT = "being sent"
_NOT_NEEDED = "not needed"
_STILL_TO_COME = frozenset({DeliveryState.PLANNED, DeliveryState.SENDING, _BEING_SENT, "to be repeated"})


def step_rows(case: Case, campaign: Campaign, story: Sequence[StoryLine] = ()) -> list[StepRow]:
    """Return a row for each step of the campaign, and for each step that the case has from an earlier campaign."""
    due = {
        step.name: case.delivery(step.name).dated_at or step.due_at(case.failed_at, case.decline_class)
        for step in campaign.steps
    }
    earlier = [name for name in case.deliveries if name not in due]
    return [_row(case, name, due.get(name), story) for name in [*due, *earlier]]


def _row(case: Case, name: str, due_at: datetime | None, story: Sequence[StoryLine]) -> StepRow:
    delivery = case.delivery(name)
    moved = Moved(delivery.state.value)
    waits = [at for at in (due_at, delivery.retry_at, case.not_before) if at is not None]
    row = StepRow(
        step=name,
        due_at=due_at,
        state=_state(case, delivery),
        reason=delivery.reason,
        tries=delivery.tries + delivery.unknowns,
        at=max((line.at for line in story if (line.entry.step, line.entry.moved) == (name, moved)), default=None),
    )
    if row.is_done or not waits:
        return row
    return StepRow(row.step, max(waits), row.state, row.reason, row.tries, row.at)


def _state(case: Case, delivery: Delivery) -> str:
    if delivery.owner is not None:
        return _BEING_SENT
    if delivery.state is DeliveryState.UNKNOWN and delivery.retry_at is not None and not delivery.closed:
        return "to be repeated"
    if delivery.state is DeliveryState.PLANNED and not case.is_open:
        return _NOT_NEEDED
    return delivery.state.value


def last_done(rows: Sequence[StepRow]) -> StepRow | None:
    """Return the last step that is done. A step that the end of the case made needless doesn't count."""
    return next((row for row in reversed(rows) if row.is_done and row.state != _NOT_NEEDED), None)


def next_to_come(rows: Sequence[StepRow]) -> StepRow | None:
    """Return the step that comes next."""
    return next((row for row in rows if not row.is_done), None)
