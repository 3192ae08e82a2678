"""The jobs that apply events to cases by the rules: several events that came together, or one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from dunning.alerts import Alert
from dunning.errors import CaseConflictError, PermanentError
from dunning.paddle.events import AdjustmentFacts, Event, SubscriptionFacts, TransactionFacts
from dunning.reasons import NoChange
from dunning.rules.case import Case
from dunning.rules.hold_out import Draw
from dunning.rules.on_event import Verdict, on_adjustment, on_subscription, on_transaction
from dunning.rules.tally import by_another_method, money_of
from dunning.rules.what_changed import caused_by, changed_nothing
from dunning.store import EndedBeforeOpeningError
from dunning.store.traces import Trace
from dunning.suppression import customer_keys
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

# An event that changed nothing for one of these reasons still gets a line in the case's story, since its reader would
# wonder. `nothing_new` is not among them: every debt meets it at its beginning, and for a million cases a second line
# each costs too much.
WORTH_A_LINE = frozenset({NoChange.OLDER_THAN_THE_FAILURE})


@dataclass(frozen=True, slots=True)
class _Nothing:
    """An event changed nothing: why, in a word, and whether there is a case, so that no trace is to be left."""

    why: str
    has_case: bool


async def handle_events(services: Services, event_ids: Sequence[str]) -> None:
    """Apply these events side by side, so that what they ask of the store travels together.

    One that gives trouble troubles no other: it is queued by itself, to be tried again or given up.
    """
    outcomes = await asyncio.gather(*(handle_event(services, one) for one in event_ids), return_exceptions=True)
    troubled = []
    for event_id, outcome in zip(event_ids, outcomes, strict=True):
        if isinstance(outcome, Exception):
            log.warning("event.by_itself", event_id=event_id, error=type(outcome).__name__)
            troubled.append(event_id)
        elif outcome is not None:
            raise outcome
    await services.store.inbox.drive_alone(troubled, services.clock())


async def leave_to_the_sweep(services: Services, event_ids: Sequence[str], reason: str) -> None:
    """Do nothing but log: the sweep queues by itself each of these that is not handled in time."""
    del services
    log.error("events.failed", events=len(event_ids), reason=reason)


async def handle_event(services: Services, event_id: str) -> None:
    """Apply the event to the cases it is about, and note that it is handled.

    Raises:
        PermanentError: it can never be applied.
        CaseConflictError: others kept writing the case; run it again.
    """
    event = await services.store.inbox.read(event_id)
    if event is None:
        log.info("event.nothing_to_do", event_id=event_id)
        return
    if isinstance(event.facts, TransactionFacts):
        await _of_transaction(services, event, event.facts)
    else:
        await _of_customer(services, event, event.facts)


async def give_up(services: Services, event_id: str, reason: str) -> None:
    """Keep an event that can't be handled as dead, where an operator sees it and Paddle's replay revives it."""
    if await services.store.inbox.give_up(event_id, reason, services.clock()):
        log.error(Alert.EVENT_DEAD, event_id=event_id, reason=reason)


async def _of_transaction(services: Services, event: Event, facts: TransactionFacts) -> None:
    def decide(case: Case | None) -> Verdict:
        return on_transaction(event, facts, case, services.campaigns.all, services.clock(), hold_out=hold_out)

    hold_out = await _hold_out(services, facts)
    applied = await _apply(services, event, facts.id, decide, handles=True)
    if applied is not None:
        trace = Trace(services.clock(), event.type.value, event.id, applied.why)
        # Where there is a case, its story tells.
        await services.store.inbox.mark_handled(event.id, None if applied.has_case else (facts.id, trace))


async def _hold_out(services: Services, facts: TransactionFacts) -> Draw | None:
    """Return what the draw for a new case goes by, where there may be one: a campaign holds out customers."""
    if facts.customer_id is None or not any(campaign.hold_out for campaign in services.campaigns.all):
        return None
    (ids,) = await services.store.cases.open_of_customers([facts.customer_id])
    others = await services.store.cases.read_versioned([case_id for case_id in ids if case_id != facts.id])
    held_out = tuple(one.case is not None and one.case.held_out for one in others)
    return Draw(await services.store.hold_out.key(), held_out)


async def _of_customer(services: Services, event: Event, facts: SubscriptionFacts | AdjustmentFacts) -> None:
    """Apply an event to a subscription's open cases, and to those just stopped for a reason that it may outrank.

    Raises:
        PermanentError: one of them can't be read. It is applied to the others all the same.
    """

    def decide(case: Case | None) -> Verdict:
        if case is None or case.subscription_id != subscription_id:
            return Verdict(None, "no_case")
        if isinstance(facts, AdjustmentFacts):
            return on_adjustment(event, facts, case, services.clock())
        return on_subscription(event, facts, case, services.clock())

    subscription_id = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
    unreadable: PermanentError | None = None
    for case_id in await services.store.cases.open_or_just_stopped(facts.customer_id, subscription_id):
        try:
            await _apply(services, event, case_id, decide, handles=False)
        except PermanentError as error:
            unreadable = error
    if unreadable is not None:
        raise unreadable
    await services.store.inbox.mark_handled(event.id)


async def _is_forgotten(services: Services, customer_id: str) -> bool:
    known_as = customer_keys(customer_id, services.link_secrets)
    return bool(await services.store.forgotten.among(known_as, services.clock()))


async def _apply(
    services: Services, event: Event, case_id: str, decide: Callable[[Case | None], Verdict], *, handles: bool
) -> _Nothing | None:
    """Decide on the case as it is and write what comes of it; on a conflict read and decide again.

    Returns why nothing was written, or None where something was.
    """
    while True:
        (before,) = await services.store.cases.read_versioned([case_id])
        if before.unreadable:
            raise PermanentError(f"case {case_id} was written by another version and can't be read")
        verdict = decide(before.case)
        log.info("event.applied", event_id=event.id, type=event.type, case_id=case_id, verdict=verdict.why)
        if before.case is None and verdict.case is not None and await _is_forgotten(services, verdict.case.customer_id):
            log.info("event.of_forgotten_customer", event_id=event.id)
            return _Nothing("forgotten", has_case=True)
        if verdict.case is None:
            if before.case is not None and before.case.is_open and verdict.why in WORTH_A_LINE:
                await services.store.cases.note(case_id, changed_nothing(event, verdict.why), services.clock())
            return _Nothing(verdict.why, has_case=before.case is not None)
        try:
            await write_case(
                services,
                before,
                verdict.case,
                why=caused_by(event, before.case, verdict.case),
                event_id=event.id if handles else None,
                opened_by=verdict.case.failed_at if before.case is None else None,
                counts_as_new=not event.is_reconciled,
                money=money_of(event),
                unasked=by_another_method(event),
            )
        except EndedBeforeOpeningError:
            log.info("event.ended_before_opening", event_id=event.id, case_id=case_id)
            return _Nothing("ended_before_opening", has_case=False)
        except CaseConflictError:
            continue
        return None
