"""Several debts of one customer: which case's mail names them all. Pure, with `now` as an argument.

Of one subscription the oldest open debt that has a step left carries the steps, since Paddle's page is one for each
subscription; its newer debts wait for the mail that names them. Of a customer's carriers, those whose next steps are
due within a day share one mail: the one that is due first leads, and the others wait until its mail is out. Once it is
out, it covers the step that each debt it names would have sent within a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.delivery import DeliveryState
from dunning.rules.due_steps import far_enough_at, pick_step
from dunning.rules.verdicts import Send, judge

A_DAY = timedelta(days=1)
# A leader that is to be tried again within this is waited for. Longer than any job runs, so that of two workers that
# look at the same moment one can't see the leader wait and the other see it lead.
PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Companion:
    """An open debt that another case's mail names too, and the step of it that the mail covers, if it covers one.

    `carries`: it carries the steps of another subscription, which so has a button of its own in the mail.
    """

    case: Case
    step: Step | None
    carries: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """The step waits: the case `by`, an older open debt of the same subscription, carries the steps.

    `until` is when the mail of that one goes out, as far as can be told now.
    """

    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WaitsForLeader:
    """The step has to wait a few seconds: the case `leader` of the same customer is due first, and names this."""

    leader: str


@dataclass(frozen=True, slots=True)
class Leads:
    """The step may be sent. `companions`, oldest first, are what its mail names too."""

    companions: tuple[Companion, ...]


@dataclass(frozen=True, slots=True)
class _Next:
    """A case with the step that it would send next, were it the one that carries its subscription's steps."""

    case: Case
    step: Step
    due_at: datetime
    """When the step may be sent, tries in vain aside."""
    look_at: datetime
    """When it is looked at next."""

    def rank(self, now: datetime) -> tuple[datetime, datetime, str]:
        """Return what puts them in order: first what is due first, unless it is put off for long."""
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
        self._next: dict[str, _Next] = {}
        self._carriers: dict[str, _Next] = {}
        for case, campaign in sorted(cases, key=lambda pair: _age(pair[0])):
            if not case.is_open:
                continue
            self._cases.append(case)
            if any(delivery.is_held(now) for delivery in case.deliveries.values()):
                self._held.append(case.id)
            if (found := _next_of(case, campaign, repeats, now)) is not None:
                self._next[case.id] = found
                self._carriers.setdefault(case.subscription_id, found)
        ranked = sorted(self._carriers.values(), key=lambda one: one.rank(now))
        self._places = {one.case.id: place for place, one in enumerate(ranked)}

    def carried(self, case: Case) -> Carried | None:
        """Return the older open debt of the same subscription that carries the steps, where `case` does not."""
        carrier = self._carriers.get(case.subscription_id)
        if carrier is None or _age(carrier.case) >= _age(case):
            return None
        return Carried(carrier.case.id, carrier.look_at)

    def place(self, case: Case) -> int:
        """Return how many of the customer's cases come before this one when it is mailed about one by one."""
        return self._places.get(case.id, 0)

    def lead(self, case: Case, campaign: Campaign, step: Step) -> WaitsForLeader | Leads:
        """Decide whether a case that no other carries, and whose `step` is due now, is the one that mails."""
        if not self._cases:
            return Leads(())
        for held in self._held:
            if held != case.id:
                return WaitsForLeader(held)  # a mail is on its way, which may name this
        own = _next(case, campaign, step)
        together = [own]
        for subscription_id, one in self._carriers.items():
            if subscription_id != case.subscription_id and one.look_at <= self._now + A_DAY:
                together.append(one)
        first = min(together, key=lambda one: one.rank(self._now))
        if first is not own:
            return WaitsForLeader(first.case.id)
        return Leads(self._companions(own, together))

    def _companions(self, own: _Next, together: Iterable[_Next]) -> tuple[Companion, ...]:
        """Return what the mail of `own` names too: the debts of every subscription that it may speak for."""
        carriers = {own.case.id, *(one.case.id for one in together if _is_planned(one))}
        named = {case.subscription_id for case in (own.case, *self._cases) if case.id in carriers}
        return tuple(
            Companion(other, self._covered_step(other), carries=other.id in carriers)
            for other in self._cases
            if other.id != own.case.id and other.subscription_id in named
        )

    def _covered_step(self, case: Case) -> Step | None:
        """Return the step of a named debt that it need not send any more once the mail is out."""
        found = self._next.get(case.id)
        if found is None or found.look_at > self._now + A_DAY or not _is_planned(found):
            return None
        return found.step


def send_or_wait(
    case: Case, campaign: Campaign, step: Step, others: Iterable[tuple[Case, Campaign]], *, repeats: int, now: datetime
) -> Carried | WaitsForLeader | Leads:
    """Decide whether a case, whose `step` is due now, sends its mail or waits for that of another open case.

    Args:
        case: the case that is due.
        campaign: the one it began with.
        step: the step that `pick_step` named.
        others: the customer's other open cases, each with the campaign it began with.
        repeats: how often a delivery that ended in silence may be sent again.
        now: the time.
    """
    debts = Debts([pair for pair in others if pair[0].id != case.id], repeats, now)
    return debts.carried(case) or debts.lead(case, campaign, step)


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

    Debts that Paddle says are not to be mailed about are left to their own steps.

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
        and judge(one.case, transaction, subscriptions.get(one.case.subscription_id), None, now) == Send()
    ]
    # A subscription whose carrier is not in the mail has no button there: none of its debts is named.
    carried = [one.case.subscription_id for one in owed if one.carries][:at_most]
    return tuple(one for one in owed if one.case.subscription_id in {case.subscription_id, *carried})


def _is_planned(one: _Next) -> bool:
    """Tell whether the step is still to be sent. Whether an unknown one arrived is for its own case to find out."""
    return one.case.delivery(one.step.name).state is DeliveryState.PLANNED


def _next_of(case: Case, campaign: Campaign, repeats: int, now: datetime) -> _Next | None:
    """Return the case with the step that it sends next; None when it has none left."""
    # One that is spread out is mailed at its turn: with the step that is due by then.
    case, _ = pick_step(case, campaign, repeats, max(now, case.not_before or now))
    left = next((step for step in campaign.steps if not case.delivery(step.name).is_settled(repeats)), None)
    return _next(case, campaign, left) if case.is_open and left is not None else None


def _next(case: Case, campaign: Campaign, step: Step) -> _Next:
    delivery = case.delivery(step.name)
    planned_at = step.due_at(case.failed_at, case.decline_class)
    # What an operator brought forward was begun before its time.
    due_at = min(planned_at, delivery.dated_at or planned_at)
    due_at = max(due_at, case.not_before or due_at, far_enough_at(case, campaign, step) or due_at)
    return _Next(case, step, due_at, look_at=max(due_at, delivery.retry_at or due_at))


def _age(case: Case) -> tuple[datetime, str]:
    return case.failed_at, case.id
