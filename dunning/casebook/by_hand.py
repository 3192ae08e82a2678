"""What an operator may do to a case: end it, or make a step of it due."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dunning.casebook.campaigns import Campaigns
from dunning.casebook.no_case import read_no_case
from dunning.casebook.paused import paused_lines
from dunning.casebook.write import write_by
from dunning.durations import format_duration
from dunning.errors import CaseConflictError, CaseNotFoundError, CaseUnreadableError, NotSendableError
from dunning.reasons import EndReason
from dunning.rules.campaign import Campaign
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.delivery import DeliveryState
from dunning.rules.due_steps import bring_forward, send_anew
from dunning.rules.hold_out import is_left_unmailed
from dunning.rules.sending_hours import format_time_of_day
from dunning.rules.shared_debts import Carried, Debts
from dunning.rules.story import Entry, Kind
from dunning.store import Paused, Store, Versioned

# These commands don't know how mail is sent. So a mail that may have arrived counts as sent: nobody gets it again.
NO_REPEATS = 0


async def stop(store: Store, campaigns: Campaigns, case_id: str, now: datetime, *, by: str | None = None) -> list[str]:
    """End a case, and say what came of it. `by` is the operator who does it.

    Raises:
        NotPossibleError: there is no such case, or it can't be read.
    """
    while True:
        before, case = await _read(store, case_id)
        if not case.is_open:
            return [f"Nothing to do: case {case_id} has ended already, {_end(case)}."]
        campaign = await campaigns.of(case)
        after = case.end(CaseState.STOPPED, EndReason.BY_OPERATOR, now)
        try:
            why = Entry(kind=Kind.ENDED, state=after.state, reason=after.reason, operator=by)
            await write_by(store, campaign, NO_REPEATS, now, before, after, why=why)
        except CaseConflictError:
            continue
        stopped = f"Case {case_id} is stopped: no more mail, and its links are dead."
        return [stopped, *_on_its_way(after), *_that_go_on(case, await store.cases.open_of_customer(case.customer_id))]


async def send_now(
    store: Store, campaigns: Campaigns, case_id: str, step: str | None, now: datetime, *, by: str | None = None
) -> list[str]:
    """Make the step due, or the next that is not done, and say what will happen. `by` is the operator who asks.

    Raises:
        NotPossibleError: there is no such case, it can't be read, or the step can't be sent.
    """
    while True:
        before, case = await _read(store, case_id)
        campaign = await _sendable(store, campaigns, case, now)
        left = [one.name for one in campaign.steps if not case.delivery(one.name).is_settled(NO_REPEATS)]
        chosen = step or next(iter(left), None)
        try:
            after = bring_forward(case, campaign, chosen, NO_REPEATS, now)
        except ValueError as error:
            raise NotSendableError(str(error)) from None
        try:
            why = Entry(kind=Kind.MADE_DUE, step=chosen, operator=by)
            await write_by(store, campaign, NO_REPEATS, now, before, after, why=why, due_at=now)
        except CaseConflictError:
            continue
        told_ = [f"Step {chosen} of case {case_id} is due now.", *_overtaken(left[: left.index(str(chosen))])]
        carried = await _carried(store, campaigns, after, now)
        if carried is not None:
            waits = f"The older debt {carried.by} of its subscription carries the steps: this one waits for its mail."
            return [*told_, waits, f"To mail about both now: dunning cases send-now {carried.by}"]
        return [*told_, *await _outlook(store, campaign, case)]


async def resend(
    store: Store, campaigns: Campaigns, case_id: str, now: datetime, *, by: str | None = None
) -> list[str]:
    """Make the mail of the last step that is done due once more, as another mail, and say what will happen.

    Raises:
        NotPossibleError: there is no such case, it can't be read, or nothing can be sent again.
    """
    while True:
        before, case = await _read(store, case_id)
        campaign = await _sendable(store, campaigns, case, now)
        try:
            after, step = send_anew(case, campaign, NO_REPEATS, now)
            why = Entry(kind=Kind.RESENT, step=step, operator=by)
            await write_by(store, campaign, NO_REPEATS, now, before, after, why=why, due_at=now)
        except ValueError as error:
            raise NotSendableError(str(error)) from None
        except CaseConflictError:
            continue
        return [f"The email of step {step} of case {case_id} is sent again.", *await _outlook(store, campaign, case)]


async def _sendable(store: Store, campaigns: Campaigns, case: Case, now: datetime) -> Campaign:
    """Return the case's campaign.

    Raises:
        NotSendableError: nothing of the case is sent, whichever step it is.
    """
    for one in await store.exclusions.of([case.customer_id, case.subscription_id]) if case.is_open else ():
        raise NotSendableError(f"Nothing is sent: {one.id} is excluded. First: dunning include {one.id}")
    if case.is_open and case.held_out and is_left_unmailed(case, await _other_cases(store, case)):
        raise NotSendableError(
            f"Nothing is sent: case {case.id} is held out, to measure what mails bring. A mail would spoil the "
            f"measure. To help this customer all the same: dunning link {case.customer_id}"
        )
    if case.is_open and now >= case.failed_at + OPEN_FOR:
        raise NotSendableError(
            f"Case {case.id} failed more than {format_duration(OPEN_FOR)} ago: nothing of it is sent any more."
        )
    return await campaigns.of(case)


async def _read(store: Store, case_id: str) -> tuple[Versioned, Case]:
    (read,) = await store.cases.read_versioned([case_id])
    if read.unreadable:
        raise CaseUnreadableError(f"Case {case_id} was written by another version of Dunning and can't be read.")
    if read.case is None:
        raise CaseNotFoundError(str(await read_no_case(store, case_id)))
    return read, read.case


def _end(case: Case) -> str:
    return f"{case.state}: {case.reason}" if case.reason else case.state.value


def _on_its_way(case: Case) -> Iterator[str]:
    for step, delivery in case.deliveries.items():
        if delivery.state is DeliveryState.SENDING:
            yield f"The mail of step {step} was on its way already, and may still arrive."


def _that_go_on(case: Case, open_cases: Sequence[str]) -> Iterator[str]:
    """Say which debts go on, since the stop is not about them."""
    others = [one for one in open_cases if one != case.id]
    if others:
        go_on = "1 other open case goes" if len(others) == 1 else f"{len(others)} other open cases go"
        yield f"The customer's {go_on} on: {', '.join(others)}."
    for_all = f"dunning exclude {case.subscription_id}, or dunning exclude {case.customer_id} for all the customer has"
    yield f"A renewal that fails later gets a case, and mails, of its own. To send none: {for_all}"


def _overtaken(steps: Sequence[str]) -> Iterator[str]:
    if steps:
        yield f"What comes before it is not sent any more: {', '.join(steps)}."


async def _carried(store: Store, campaigns: Campaigns, case: Case, now: datetime) -> Carried | None:
    """Return the older debt whose mail will name this one in place of a mail of its own, if there is one."""
    cases = [case, *await _other_cases(store, case)]
    return Debts([(one, await campaigns.of(one)) for one in cases], NO_REPEATS, now).carried(case)


async def _other_cases(store: Store, case: Case) -> list[Case]:
    """Return the customer's other open cases, of those that can be read."""
    ids = [one for one in await store.cases.open_of_customer(case.customer_id) if one != case.id]
    reads = await store.cases.read_versioned(ids) if ids else []
    return [read.case for read in reads if read.case is not None]


async def _outlook(store: Store, campaign: Campaign, case: Case) -> list[str]:
    """Say what the step still has to wait for."""
    paused = await store.brakes.paused()
    its_own = {name: pause for name, pause in paused.campaigns.items() if name == case.campaign}
    in_the_way = list(paused_lines(Paused(paused.all, its_own)))
    in_the_way += [f"Sending is on hold, {hold.word}: {hold.sentence}" for hold in await store.holds.all()]
    between = campaign.send_between
    if between is not None:
        hours = f"{format_time_of_day(between.opens)} and {format_time_of_day(between.closes)}"
        in_the_way.append(f"Its campaign sends between {hours} by the customer's clock, and it waits for that.")
    others = [one for one in await store.cases.open_of_customer(case.customer_id) if one != case.id]
    if others:
        in_the_way.append(f"The customer has other open cases, and one mail may name them all: {', '.join(others)}.")
    if in_the_way:
        return [*in_the_way, "Then a worker asks Paddle whether it is still owed, and sends it."]
    return ["A worker asks Paddle whether it is still owed, and sends it within seconds."]
