"""Several debts of one customer: which case's mail names them all. Pure, with `now` as an argument.

Of one subscription the oldest open debt that has a step left carries the steps, since Paddle's page is one for each
subscription. Of a customer's carriers, those whose next steps are due within a day share one mail: the one that is due
first leads, and the others wait until its mail is out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.campaign import Campaign, Step
from dunning.case import Case
from dunning.case_steps import Send, judge, tidy
from dunning.delivery import DeliveryState
from dunning.live import LiveSubscription, LiveTransaction

A_DAY = timedelta(days=1)
# A leader that is to be tried again within this is waited for. Longer than any job runs, so that of two workers that
# look at the same moment one can't see the leader wait and the other see it lead.
PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Companion:
    """An open debt that another case's mail names too, and the step of it that the mail covers, if it covers one."""

    case: Case
    step: Step | None


@dataclass(frozen=True, slots=True)
class Covered:
    """The step is not to be sent: the case `by`, an older open debt of the same subscription, carries the steps."""

    by: str


@dataclass(frozen=True, slots=True)
class Led:
    """The step has to wait a few seconds: the case `by` of the same customer is due first, and its mail names this."""

    by: str


@dataclass(frozen=True, slots=True)
class Leads:
    """The step may be sent. `companions`, oldest first, are what its mail names too."""

    companions: tuple[Companion, ...]


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A case that carries its subscription's steps, with the next of them."""

    case: Case
    step: Step
    due_at: datetime
    """When the step became or becomes due, tries in vain aside."""
    look_at: datetime
    """When it is looked at next."""

    def rank(self, now: datetime) -> tuple[datetime, datetime, str]:
        """Return what puts carriers in order: first what is due first, unless it is put off for long."""
        waits_long = self.look_at > now + PATIENCE
        return self.look_at if waits_long else self.due_at, *_age(self.case)


class Debts:
    """A customer's open cases, each looked at once, however many of them are asked about.

    Whoever looks at any of the cases at the same time comes to the same end: of those that are due one leads.
    """

    def __init__(self, cases: Iterable[tuple[Case, Campaign]], repeats: int, now: datetime) -> None:
        """Take in the cases, each with the campaign it began with.

        Args:
            cases: the customer's cases; those that are over are left out.
            repeats: how often a delivery that ended in silence may be sent again.
            now: the time.
        """
        self._now = now
        self._cases: list[Case] = []
        self._held: list[str] = []
        self._carriers: dict[str, _Carrier] = {}
        for case, campaign in sorted(cases, key=lambda pair: _age(pair[0])):
            if not case.is_open:
                continue
            self._cases.append(case)
            if any(delivery.is_held(now) for delivery in case.deliveries.values()):
                self._held.append(case.id)
            subscription_id = case.subscription_id
            if subscription_id not in self._carriers and (found := _next_of(case, campaign, repeats, now)) is not None:
                self._carriers[subscription_id] = found
        ranked = sorted(self._carriers.values(), key=lambda one: one.rank(now))
        self._places = {one.case.id: place for place, one in enumerate(ranked)}

    def covered_by(self, case: Case) -> str | None:
        """Return the older open debt of the same subscription that carries the steps, where `case` does not."""
        carrier = self._carriers.get(case.subscription_id)
        return carrier.case.id if carrier is not None and _age(carrier.case) < _age(case) else None

    def place(self, case: Case) -> int:
        """Return how many of the customer's cases come before this one when it is mailed about one by one."""
        return self._places.get(case.id, 0)

    def lead(self, case: Case, step: Step) -> Led | Leads:
        """Decide whether a case that is covered by none, and whose `step` is due now, is the one that mails."""
        for held in self._held:
            if held != case.id:
                return Led(held)  # a mail is on its way, which may name this
        own = _carrier(case, step)
        together = [own]
        for subscription_id, one in self._carriers.items():
            if subscription_id != case.subscription_id and one.look_at <= self._now + A_DAY:
                together.append(one)
        first = min(together, key=lambda one: one.rank(self._now))
        if first is not own:
            return Led(first.case.id)
        return Leads(_companions(own, together, [other for other in self._cases if other.id != case.id]))


def role(
    case: Case, step: Step, others: Iterable[tuple[Case, Campaign]], repeats: int, now: datetime
) -> Covered | Led | Leads:
    """Decide what a case, whose `step` is due now, is among its customer's open cases.

    Args:
        case: the case that is due.
        step: the step that `tidy` named.
        others: the customer's other open cases, each with the campaign it began with.
        repeats: how often a delivery that ended in silence may be sent again.
        now: the time.
    """
    debts = Debts([pair for pair in others if pair[0].id != case.id], repeats, now)
    by = debts.covered_by(case)
    return debts.lead(case, step) if by is None else Covered(by)


def still_named(
    case: Case,
    companions: Iterable[Companion],
    transactions: Mapping[str, LiveTransaction],
    subscriptions: Mapping[str, LiveSubscription],
    now: datetime,
    *,
    at_most: int,
) -> tuple[Companion, ...]:
    """Return the companions that the mail of `case` names, now that Paddle has been asked.

    About those that Paddle says are not to be mailed about their own steps decide.

    Args:
        case: the case that is mailed.
        companions: what it might name.
        transactions: Paddle's answers by id, that of `case` among them.
        subscriptions: the same.
        now: the time.
        at_most: how many other subscriptions the mail has room for.
    """
    customer = transactions[case.id].customer
    owed = [
        one
        for one in companions
        if (transaction := transactions.get(one.case.id)) is not None
        and transaction.customer == customer
        # At any hour: the hours of the case that is mailed go for all.
        and judge(transaction, subscriptions.get(one.case.subscription_id), 0, None, now) == Send()
    ]
    # A subscription whose carrier is not in the mail has no button there: none of its debts is named.
    carried = [one.case.subscription_id for one in owed if one.step is not None][:at_most]
    return tuple(one for one in owed if one.case.subscription_id in {case.subscription_id, *carried})


def _companions(own: _Carrier, together: Iterable[_Carrier], others: Iterable[Case]) -> tuple[Companion, ...]:
    """Return what of `others` the mail of `own` names too: the debts of every subscription that it may speak for."""
    # Whether the mail of an unknown one arrived is for its own case to find out.
    covered = {one.case.id: one for one in together if one.case.delivery(one.step.name).state is DeliveryState.PLANNED}
    named = {own.case.subscription_id, *(one.case.subscription_id for one in covered.values())}
    return tuple(
        Companion(other, covered[other.id].step if other.id in covered else None)
        for other in others
        if other.subscription_id in named
    )


def _next_of(case: Case, campaign: Campaign, repeats: int, now: datetime) -> _Carrier | None:
    """Return the case with the step that it sends next; None when it has none left."""
    # One that is spread out is mailed at its turn: with the step that is due by then.
    case, _ = tidy(case, campaign, repeats, max(now, case.not_before or now))
    left = [step for step in campaign.steps if not case.delivery(step.name).is_settled(repeats)]
    return _carrier(case, left[0]) if case.is_open and left else None


def _carrier(case: Case, step: Step) -> _Carrier:
    delivery = case.delivery(step.name)
    planned_at = step.due_at(case.failed_at, case.decline_class)
    # What an operator brought forward was begun before its time.
    due_at = min(planned_at, delivery.dated_at or planned_at)
    due_at = max(due_at, case.not_before or due_at)
    return _Carrier(case, step, due_at, look_at=max(due_at, delivery.retry_at or due_at))


def _age(case: Case) -> tuple[datetime, str]:
    return case.failed_at, case.id
