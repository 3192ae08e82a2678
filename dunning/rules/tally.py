"""What is summed up of cases, by day and never by person: opened, recovered and lost, and money in minor units. Pure.

A sum is kept under a field of a day: `n` cases, `k` of them with a known amount, and `a` the amounts together, each
with what happened, the campaign, the step, the decline class, the cause and the currency:
`n|recovered|renewal|first|hard|click|EUR`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from dunning.paddle.events import CollectionAttempt, Event, TransactionFacts
from dunning.paddle.live import LiveAttempt, LiveTransaction
from dunning.rules.case import Case, CaseState
from dunning.rules.due_steps import last_mailed

# Where no email had gone out.
NO_STEP = "none"
# `payments[].status` of a charge that worked: https://developer.paddle.com/api-reference/transactions/overview
PAID = "captured"


class What(StrEnum):
    """What happened to a case."""

    OPENED = "opened"
    RECOVERED = "recovered"
    LOST = "lost"


class Cause(StrEnum):
    """What came before a payment."""

    CLICK = "click"
    """The link in an email of ours was clicked, and led to Paddle."""
    MAIL = "mail"
    """An email of ours had gone out, and its link was not clicked."""
    CUSTOMER = "customer"
    """Neither, and it was paid by another payment method than those that had failed: the customer did so unasked."""
    PADDLE = "paddle"
    """Neither, and as far as can be told it was no other payment method: Paddle's own charge worked."""
    RETAIN = "retain"
    """Paddle Retain got another payment method, as Paddle's history of the subscription tells."""
    SELLER = "seller"
    """The payment method was changed from the seller's side, as that history tells."""


class Money(NamedTuple):
    """An amount, in minor units of a currency."""

    currency: str
    amount: int


def money_of(event: Event) -> Money | None:
    """Return the amount that an event tells of its debt, if it tells one."""
    facts = event.facts
    if not isinstance(facts, TransactionFacts) or facts.total is None:
        return None
    return Money(facts.currency_code, facts.total)


def money_of_live(transaction: LiveTransaction | None) -> Money | None:
    """Return the amount of a debt that Paddle was asked about, if the answer has it."""
    if transaction is None or transaction.total is None:
        return None
    return Money(transaction.currency_code, transaction.total)


@dataclass(frozen=True, slots=True)
class Key:
    """What is summed up together. `currency` is empty where the amount is not known."""

    what: What
    campaign: str
    step: str
    decline_class: str
    cause: str
    currency: str


class Sum(NamedTuple):
    """Something to be added to a day's sum."""

    day: date
    field: str
    by: int


class Counted(NamedTuple):
    """A case that was counted in a sum, or taken back, of which Paddle is still to be asked."""

    case_id: str
    sum: Sum


@dataclass(frozen=True, slots=True)
class Total:
    """How many cases, of how many the amount is known, and those amounts together."""

    cases: int = 0
    known: int = 0
    amount: int = 0


def by_another_method(event: Event) -> bool:
    """Tell whether a debt was paid by a payment method that had not failed before; False where that isn't told."""
    failed, paid = methods_of(event.facts.attempts if isinstance(event.facts, TransactionFacts) else ())
    return bool(failed and paid) and failed.isdisjoint(paid)


def methods_of(attempts: Iterable[CollectionAttempt | LiveAttempt]) -> tuple[set[str | None], set[str | None]]:
    """Return the payment methods that failed, and those that paid; none of either where one of them isn't told.

    Paddle charges the method that it has, and another one gets an id of its own: `payments[].payment_method_id` at
    https://developer.paddle.com/api-reference/transactions/overview
    """
    ended = [one for one in attempts if one.failed or one.status == PAID]
    if any(one.method_id is None for one in ended):
        return set(), set()
    return {one.method_id for one in ended if one.failed}, {one.method_id for one in ended if not one.failed}


def sums_of(
    before: Case | None,
    after: Case,
    now: datetime,
    *,
    money: Money | None,
    clicked: bool,
    unasked: bool = False,
) -> list[Sum]:
    """Return what a write of a case adds to the sums.

    Args:
        before: the case as it was; None where this opens it.
        after: the case as it is written.
        now: the time.
        money: the debt's amount, where what brings this about tells it.
        clicked: whether the link was clicked and led to Paddle.
        unasked: whether it was paid by another payment method than those that had failed.
    """
    found: list[Sum] = []
    if before is None:
        key = Key(What.OPENED, after.campaign, "", after.decline_class, "", money.currency if money else "")
        found += sums_of_key(now.date(), key, money)
    if after.is_open or (before is not None and _end(before) == _end(after)):
        return found
    if before is not None and before.ended_at is not None:  # it did not end so after all
        found += sums_of_key(before.ended_at.date(), _key_of_loss(before), None, by=-1)
    if after.state is not CaseState.RECOVERED:
        return [*found, *sums_of_key(now.date(), _key_of_loss(after), None)]
    step = last_mailed(after)
    alone = Cause.CUSTOMER if unasked else Cause.PADDLE
    cause = Cause.CLICK if clicked else alone if step is None else Cause.MAIL
    currency = money.currency if money else ""
    key = Key(What.RECOVERED, after.campaign, step or NO_STEP, after.decline_class, cause, currency)
    return [*found, *sums_of_key(now.date(), key, money)]


def totals_of(fields: dict[str, int]) -> dict[Key, Total]:
    """Return a day's sums by what they are of. Fields of another version are left out."""
    found: dict[Key, Total] = {}
    for field, value in fields.items():
        key, (unit, _, _) = key_of(field), field.partition("|")
        if key is None:
            continue
        total = found.get(key, Total())
        match unit:
            case "n":
                found[key] = Total(total.cases + value, total.known, total.amount)
            case "k":
                found[key] = Total(total.cases, total.known + value, total.amount)
            case "a":
                found[key] = Total(total.cases, total.known, total.amount + value)
    return found


def key_of(field: str) -> Key | None:
    """Return what a field of a day is of; None for one of another kind, or of another version."""
    _, *parts = field.split("|")
    known = len(parts) == len(Key.__slots__) and parts[0] in set(What)
    return Key(What(parts[0]), *parts[1:]) if known else None


def sums_of_key(day: date, key: Key, money: Money | None, by: int = 1) -> Iterator[Sum]:
    """Return what counts so many cases under a key."""
    name = f"{key.what}|{key.campaign}|{key.step}|{key.decline_class}|{key.cause}|{key.currency}"
    yield Sum(day, f"n|{name}", by)
    if money is not None:
        yield Sum(day, f"k|{name}", by)
        yield Sum(day, f"a|{name}", by * money.amount)


def _end(case: Case) -> tuple[CaseState, str | None]:
    return case.state, case.reason


def _key_of_loss(case: Case) -> Key:
    """A loss is counted without its amount: most ends of a debt don't tell it, and it isn't kept by case."""
    cause = case.reason or case.state.value
    return Key(What.LOST, case.campaign, last_mailed(case) or NO_STEP, case.decline_class, cause, "")
