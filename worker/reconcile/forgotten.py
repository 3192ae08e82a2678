"""Customers who were forgotten: what Paddle still tells of them is nothing that was missed."""

from collections.abc import Sequence

from dunning.paddle.events import Event
from dunning.suppression import customer_keys
from worker.reconcile.reconciler import Reconciler


async def of_forgotten(reconciler: Reconciler, events: Sequence[Event]) -> set[str]:
    """Return the ids of what those of the events are about that are of customers who were forgotten."""
    known_as = {
        event.facts.id: customer_keys(event.facts.customer_id or "", reconciler.link_secrets) for event in events
    }
    asked = [key for found in known_as.values() for key in found]
    forgotten = await reconciler.store.forgotten.among(asked, reconciler.clock())
    return {about for about, found in known_as.items() if not forgotten.isdisjoint(found)}
