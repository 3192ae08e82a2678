"""Why there is no case of a transaction, as far as that is still known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dunning.casebook.plain_words import without_case
from dunning.store import DeadEvent, Mark, Store
from dunning.store.traces import Trace


@dataclass(frozen=True, slots=True)
class NoCase:
    """What is left of a transaction that has no case."""

    id: str
    mark: Mark | None
    events: Sequence[Trace]
    dead: Sequence[DeadEvent]

    def __str__(self) -> str:
        """Say that there is no case, and why."""
        return "\n".join([" ".join(self._sentences()), *self._events()])

    def _sentences(self) -> Iterator[str]:
        yield f"There is no case {self.id}."
        if self.mark is not None:
            yield f"It ended before one was opened: {self.mark.state}, {self.mark.at:%Y-%m-%d %H:%M:%S} UTC."
        elif not self.events:
            yield "It was never opened, or it ended more than 90 days ago."
        for dead in self.dead:
            yield f"Event {dead.event_id} could not be handled: {dead.reason}"
        if self.events:
            yield "What came of its last events:"

    def _events(self) -> Iterator[str]:
        for one in self.events:
            why = without_case(one.came_to)
            yield f"  {one.at:%Y-%m-%d %H:%M:%S} UTC  {one.event_type}: no case, since {why} ({one.event_id})"


async def read_no_case(store: Store, transaction_id: str) -> NoCase:
    """Return what is left of a transaction that has no case."""
    return NoCase(
        transaction_id,
        await store.traces.mark(transaction_id),
        await store.traces.events(transaction_id),
        await store.traces.dead_events([transaction_id]),
    )
