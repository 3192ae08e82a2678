"""Every event of the last 90 days, as `GET /events` lists them.

https://developer.paddle.com/changelog/2024/event-notification-retention-changes
"""

import json
from collections.abc import Callable, Container, Mapping
from datetime import datetime, timedelta

from paddle_twin.bodies import Json, stamp
from paddle_twin.filters import is_about, is_between
from paddle_twin.world import Event

KEPT_FOR = timedelta(days=90)


class EventLog:
    """The events, each known by its id until it is too old."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Begin with none."""
        self._clock = clock
        self._noted: dict[str, tuple[datetime, Json]] = {}

    def note(self, event: Event) -> None:
        """Add an event."""
        written = {
            "data": json.loads(event.data),
            "event_id": event.id,
            "event_type": event.type,
            "occurred_at": stamp(event.occurred_at),
        }
        self._noted[event.id] = (self._clock(), written)

    def has(self, event_id: str) -> bool:
        """Tell whether the event is still kept."""
        noted = self._noted.get(event_id)
        return noted is not None and noted[0] > self._clock() - KEPT_FOR

    def listed(self, event_types: Container[str] | None, query: Mapping[str, str]) -> list[Json]:
        """List the events of these types, or of all, as the API writes them: without a notification's id.

        The query may have `filter`, `from` and `to`: https://developer.paddle.com/changelog/2026/event-notification-log-filtering
        """
        oldest = self._clock() - KEPT_FOR
        return [
            event
            for noted_at, event in self._noted.values()
            if noted_at > oldest
            and (event_types is None or event["event_type"] in event_types)
            and is_about(event["data"], query)
            and is_between(event["occurred_at"], query)
        ]
