"""What changed between two values of a case, in words for its story and as counters."""

from dunning.case import Case, CaseState
from dunning.delivery import DeliveryState


def told(before: Case | None, after: Case) -> list[str]:
    """Return a line for each delivery that moved, and one for the case's end."""
    lines = moves_told(before, after)
    if not after.is_open and (before is None or before.is_open or before.state is not after.state):
        lines.append(f"{after.state}: {after.reason}" if after.reason else str(after.state))
    return lines


def moves_told(before: Case | None, after: Case) -> list[str]:
    """Return a line for each delivery that moved."""
    lines = []
    for step, delivery in after.deliveries.items():
        old = before.delivery(step) if before else None
        if old is None or (old.state, old.reason, old.owner) != (delivery.state, delivery.reason, delivery.owner):
            state = "claimed" if delivery.owner and delivery.state is not DeliveryState.SENDING else delivery.state
            repeat = ", repeated" if delivery.unknowns and delivery.state is DeliveryState.SENT else ""
            retry = f", again at {delivery.retry_at:%Y-%m-%dT%H:%M:%SZ}" if delivery.retry_at and after.is_open else ""
            reason = f": {delivery.reason}" if delivery.reason and not delivery.owner else ""
            lines.append(f"{step} {state}{reason}{repeat}{retry}")
    return lines


def counted(before: Case | None, after: Case) -> list[str]:
    """Return the counters to raise: `deliveries_<state>`, `skipped_<reason>`, `cases_<state>`, `stopped_<reason>`.

    A case that is stopped counts with the reason that was known first, and once.
    """
    counters = []
    for step, delivery in after.deliveries.items():
        old = before.delivery(step).state if before else DeliveryState.PLANNED
        if delivery.state is not old and delivery.state not in {DeliveryState.PLANNED, DeliveryState.SENDING}:
            counters.append(f"deliveries_{delivery.state}")
            if delivery.state is DeliveryState.SKIPPED:
                counters.append(f"skipped_{delivery.reason}")
            if delivery.state is DeliveryState.SENT and delivery.unknowns:
                counters.append("deliveries_repeated")
    if before is None:
        counters.append("cases_opened")
    if not after.is_open and (before is None or before.state is not after.state):
        counters.append(f"cases_{after.state}")
        if after.state is CaseState.STOPPED:
            counters.append(f"stopped_{after.reason}")
    return counters
