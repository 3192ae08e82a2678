"""Dunning's side of a rehearsal: what the worker's jobs do, in the same order and by the same rules, without waiting.

Each part does what the worker's file of the same words does: `handle` worker/handle_event.py, `look`
worker/find_due.py and worker/send_steps.py, and `Sending` in `cli.simulate.sending` worker/send_mail.py.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cli.simulate.memory import Memory, subscription_of
from cli.simulate.sending import Mail, Sending
from dunning.campaign import Campaign, Step
from dunning.campaign_version import version
from dunning.case import Case
from dunning.case_debts import Carried, Companion, Leads, Led, role, still_named
from dunning.case_events import Verdict, on_adjustment, on_subscription, on_transaction
from dunning.case_steps import SkipReason, backoff, next_due_at, note_due, tidy
from dunning.case_story import moves_told, told
from dunning.case_verdicts import MISSING, End, Later, Send, Skip, judge
from dunning.events import AdjustmentFacts, Event, TransactionFacts
from dunning.jobs import BATCH
from dunning.live import LiveSubscription, LiveTransaction
from dunning.store import EndedBeforeOpeningError, Versioned
from worker.mail.addresses import ascii_address
from worker.named_debts import NamedDebt

NOT_AT_ONCE = timedelta(seconds=1)
A_MOMENT = timedelta(seconds=3)
AN_HOUR = timedelta(hours=1)


class Truth(Protocol):
    """Paddle, as it is asked about a debt before a mail."""

    def read_transaction(self, bill_id: str) -> LiveTransaction | None:
        """Answer as the API does."""
        ...

    def read_subscription(self, subscription_id: str) -> LiveSubscription | None:
        """Answer as the API does."""
        ...


class Dunning:
    """The worker. `repeats` is how often a mail that ended in silence is sent again."""

    def __init__(
        self,
        memory: Memory,
        truth: Truth,
        campaigns: Sequence[Campaign],
        *,
        repeats: int = 1,
        is_suppressed: Callable[[str], bool] = lambda _address: False,
        names_all: Callable[[str], bool] = lambda _template: True,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.memory = memory
        self.repeats = repeats
        self.jitter = jitter
        self._truth = truth
        self._campaigns = campaigns
        self._known = {version(campaign): campaign for campaign in campaigns}
        self._is_suppressed = is_suppressed
        self._names_all = names_all
        self._owners = 0

    def campaign_of(self, case: Case) -> Campaign:
        """Return the campaign as it was when the case began."""
        return self._known[case.version]

    def handle(self, event_id: str, now: datetime) -> None:
        """Let an event do to its cases what the rules say."""
        event = self.memory.event(event_id)
        if event is None:
            return
        facts = event.facts
        if isinstance(facts, TransactionFacts):
            self._apply(event, facts.id, now)
        else:
            for case_id in self.memory.open_or_just_stopped(facts.customer_id, subscription_of(facts), now):
                self._apply(event, case_id, now)
        self.memory.mark_handled(event_id)

    def look(self, case_id: str, now: datetime) -> Sending | None:
        """Look at a case that is due, and return what is to be sent, if anything is; everything else is done."""
        read = self.memory.read(case_id)
        if read.case is None:
            self.memory.due.pop(case_id, None)
            return None
        campaign = self.campaign_of(read.case)
        case, step = tidy(read.case, campaign, self.repeats, now)
        if step is None:
            if case is not read.case:
                self.write(read, case, now)
            elif (at := next_due_at(case, campaign, self.repeats)) is not None:
                self.memory.put_back(case_id, max(at, now + NOT_AT_ONCE))
            else:
                self.memory.due.pop(case_id, None)
            return None
        match role(case, campaign, step, self._others(case), repeats=self.repeats, now=now):
            case Led():
                self.memory.put_back(case_id, now + A_MOMENT)
            case Carried(_, until):
                self.memory.put_back(case_id, min(max(until, now) + A_MOMENT, now + AN_HOUR))
            case Leads(companions):
                transaction = self._truth.read_transaction(case_id)
                verdict = self._judge(case, transaction, step.name, campaign, now)
                if isinstance(verdict, Send) and transaction is not None:
                    named = self._named(case, step, transaction, companions, now)
                    return Sending(self, self._new_owner(), read, Mail(case, campaign, step, transaction, named))
                self._settle(read, case, step, verdict, now)
        return None

    def write(
        self,
        before: Versioned,
        after: Case,
        now: datetime,
        *,
        why: str | None = None,
        opened_by: datetime | None = None,
    ) -> Versioned:
        """Write a case with all that follows from it.

        Raises:
            CaseConflictError: somebody else wrote it since it was read.
        """
        campaign = self.campaign_of(after)
        if not after.is_open:
            after = note_due(after, campaign, now)
        due_at = next_due_at(after, campaign, self.repeats)
        kept = self.memory.commit(after, before.revision, due_at=due_at, now=now, opened_by=opened_by)
        if self.memory.note is not None:
            for line in [why, *moves_told(before.case, after)] if why else told(before.case, after):
                self.memory.note(after.id, line, now)
        if before.case is not None and before.case.is_open and not after.is_open:
            for other in self.memory.open_of_customer(after.customer_id):
                self.memory.put_back(other, now)
        return kept

    def _apply(self, event: Event, case_id: str, now: datetime) -> None:
        before = self.memory.read(case_id)
        verdict = self._decide(event, before.case, now)
        if verdict.case is None:
            return
        opened_by = verdict.case.failed_at if before.case is None else None
        try:
            self.write(before, verdict.case, now, why=f"{verdict.why} ({event.type} {event.id})", opened_by=opened_by)
        except EndedBeforeOpeningError:
            return

    def _decide(self, event: Event, case: Case | None, now: datetime) -> Verdict:
        facts = event.facts
        if isinstance(facts, TransactionFacts):
            return on_transaction(event, facts, case, self._campaigns, now)
        if case is None or case.subscription_id != subscription_of(facts):
            return Verdict(None, "no_case")
        if isinstance(facts, AdjustmentFacts):
            return on_adjustment(event, facts, case, now)
        return on_subscription(event, facts, case, now)

    def _settle(
        self, read: Versioned, case: Case, step: Step, verdict: Send | Skip | End | Later, now: datetime
    ) -> None:
        delivery = case.delivery(step.name)
        match verdict:
            case Later(reason, after, counted):
                wait = max(after, backoff(delivery.tries, self.jitter())) if counted else after
                put_off = delivery.postpone(reason, now + wait, counted=counted)
                self.write(read, case.with_delivery(step.name, put_off), now)
            case Skip(reason):
                self.write(read, case.with_delivery(step.name, delivery.skip(reason)), now)
            case End(state, reason):
                self.write(read, case.end(state, reason, now), now)

    def _named(
        self, case: Case, step: Step, transaction: LiveTransaction, companions: Sequence[Companion], now: datetime
    ) -> tuple[NamedDebt, ...]:
        if not companions or not self._names_all(step.template):
            return ()
        transactions, subscriptions = {case.id: transaction}, {}
        for one in companions:
            if (found := self._truth.read_transaction(one.case.id)) is not None:
                transactions[one.case.id] = found
            if (of := self._truth.read_subscription(one.case.subscription_id)) is not None:
                subscriptions[of.id] = of
        named = still_named(case, companions, transactions, subscriptions, now, at_most=BATCH - 1)
        return tuple(
            NamedDebt(one.case, self.campaign_of(one.case), one.step, transactions[one.case.id], one.carries)
            for one in named
        )

    def _others(self, case: Case) -> list[tuple[Case, Campaign]]:
        found = [self.memory.read(case_id).case for case_id in self.memory.open_of_customer(case.customer_id)]
        return [(other, self.campaign_of(other)) for other in found if other and other.id != case.id]

    def _judge(
        self, case: Case, transaction: LiveTransaction | None, step: str, campaign: Campaign, now: datetime
    ) -> Send | Skip | End | Later:
        subscription = self._truth.read_subscription(case.subscription_id)
        delivery = case.delivery(step)
        looks = delivery.streak if delivery.reason == MISSING else 0
        verdict = judge(case, transaction, subscription, campaign.send_between, now, looks=looks)
        if isinstance(verdict, Send) and transaction and (unmailable := self._unmailable(transaction)):
            return Skip(unmailable)
        return verdict

    def _unmailable(self, transaction: LiveTransaction) -> SkipReason | None:
        address = transaction.customer.email if transaction.customer else None
        if address is None or ascii_address(address) is None:
            return SkipReason.NO_ADDRESS
        return SkipReason.SUPPRESSED if self._is_suppressed(address) else None

    def _new_owner(self) -> str:
        self._owners += 1
        return f"send-{self._owners}"
