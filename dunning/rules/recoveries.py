"""What came before a payment, told better by Paddle's history of the subscription than by clicks and mails alone. Pure.

A recovery is counted at once, by a first cause. Paddle is asked some minutes later who changed the payment method
between the failure and the payment, and the count moves to the cause that this tells. A click of ours stands.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from dunning.paddle.history import METHOD_CHANGES, HistoryEntry, Source
from dunning.paddle.live import LiveTransaction
from dunning.rules.case import Case
from dunning.rules.due_steps import first_mailed_at
from dunning.rules.tally import PAID, Cause, Counted, Money, Sum, What, key_of, methods_of, sums_of_key

# A payment method is saved with its first payment, or just after it.
SHORTLY = timedelta(minutes=5)

_COUNTED = f"n|{What.RECOVERED}|"

_BY_SOURCE: dict[str, Cause] = {
    Source.CUSTOMER_PORTAL: Cause.CUSTOMER,
    Source.CHECKOUT: Cause.CUSTOMER,
    Source.SUPPORT_BOT: Cause.CUSTOMER,
    Source.RETAIN: Cause.RETAIN,
    Source.API: Cause.SELLER,
    Source.DASHBOARD: Cause.SELLER,
    # A bank gave Paddle the number of the customer's new card, for example.
    Source.SYSTEM: Cause.PADDLE,
}


def recoveries_of(case_id: str, sums: Iterable[Sum]) -> list[Counted]:
    """Return the recoveries among what a write of a case adds to the sums, those after a click aside."""
    found = [one for one in sums if one.field.startswith(_COUNTED)]
    return [Counted(case_id, one) for one in found if _cause_of(one.field) is not Cause.CLICK]


def told_cause(first: Cause, case: Case, bill: LiveTransaction, history: Iterable[HistoryEntry]) -> Cause:
    """Return the cause of a payment.

    The last change of the payment method between the failure and the payment decides, by where it came from. Without
    one, a payment by the method that had failed is a charge of Paddle's own, whatever mails went out before it.

    Args:
        first: the cause that was counted.
        case: the case, with its mails.
        bill: its transaction, with its charges.
        history: how the payment method was changed.
    """
    paid_at = max((one.at for one in bill.attempts if one.status == PAID and one.at is not None), default=None)
    if paid_at is None:
        return first
    changes = [
        entry
        for entry in history
        if entry.action in METHOD_CHANGES
        and entry.source in _BY_SOURCE
        and case.failed_at <= entry.at <= paid_at + SHORTLY
    ]
    if not changes:
        return Cause.PADDLE if _by_the_failed_method(bill) else first
    last = max(changes, key=lambda entry: entry.at)
    cause = _BY_SOURCE[last.source]
    return Cause.MAIL if cause is Cause.CUSTOMER and _was_mailed_by(case, last.at) else cause


def with_cause(recovery: Counted, cause: Cause, money: Money | None) -> list[Sum]:
    """Return what is added to the sums of the recovery's day once its cause is known; nothing if it stays.

    It stays, too, if it was counted with an amount, and the amount isn't known now.
    """
    day, field, by = recovery.sum
    key = key_of(field)
    if key is None or key.cause == cause or (key.currency and (money is None or money.currency != key.currency)):
        return []
    moved = money if key.currency else None
    return [*sums_of_key(day, key, moved, -by), *sums_of_key(day, replace(key, cause=cause), moved, by)]


def first_cause(recovery: Counted) -> Cause | None:
    """Return the cause that was counted; None for one that this version doesn't know."""
    return _cause_of(recovery.sum.field)


def _cause_of(field: str) -> Cause | None:
    key = key_of(field)
    return Cause(key.cause) if key is not None and key.cause in set(Cause) else None


def _by_the_failed_method(bill: LiveTransaction) -> bool:
    failed, paid = methods_of(bill.attempts)
    return bool(paid) and paid <= failed


def _was_mailed_by(case: Case, at: datetime) -> bool:
    mailed_at = first_mailed_at(case)
    return mailed_at is not None and mailed_at <= at
