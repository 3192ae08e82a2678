"""Notes what commands change by hand."""

from datetime import UTC, datetime

from dunning.audit import Change, Way
from dunning.store import AuditEntry, Store


async def note_change(store: Store, by: str, what: Change, about: str = "") -> None:
    """Note in the audit list that an operator changed something by a command.

    Args:
        store: which holds the list.
        by: who did it, as they are called.
        what: was changed.
        about: which id, or what else names it. No address, and nobody's name.
    """
    await store.audit.note(AuditEntry(datetime.now(UTC), by, Way.COMMAND, what, about))
