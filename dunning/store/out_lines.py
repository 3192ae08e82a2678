"""What is to be told to the seller's programs, as the scripts write it: a line each, the event's id and its body.

The scripts write it in the same step as what it tells of, and only where there is a destination.
"""

from uuid import uuid4

from dunning.rules.out_events import OutEvent


def out_lines(*events: OutEvent | None) -> list[str]:
    """Return a line for each event. Its id stays the same however often it is sent, and to whom."""
    return [f"msg_{uuid4().hex} {event.body()}" for event in events if event is not None]
