"""The job that takes a batch of due cases: asks Paddle what is still owed, and sends, skips, ends or puts off."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog

from dunning.addresses.mailable import mailable_address
from dunning.errors import CaseConflictError, DunningError, GrantRefusedError, OperatorMustActError
from dunning.paddle.live import LiveTransaction
from dunning.paddle_api.client import SUBSCRIPTIONS_NEED, TRANSACTIONS_NEED
from dunning.paddle_api.grants import Grant
from dunning.reasons import SkipReason, WaitReason
from dunning.rules.due_steps import backoff
from dunning.rules.tally import money_of_live
from dunning.rules.verdicts import End, Later, Send, Skip, judge
from dunning.store import KEEP_SEEN, REDIS_ERRORS, Way
from dunning.suppression import address_keys
from worker.in_vain import note_in_vain, note_works
from worker.operator import PADDLE_HOLDS, put_on_hold, release_holds
from worker.redis_away import put_back_when_redis_is_back
from worker.send.excluded import drop_excluded
from worker.send.find_due import Due, find_due
from worker.send.held_out import drop_held_out
from worker.send.let_through import let_through
from worker.send.named_debts import choose_debts
from worker.send.read_live import Live, read_live
from worker.send.send_mail import send_mail
from worker.send.share_mails import SharedMail, share_mails
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

# When the budget has no room for a batch's calls, its cases are due again after this. The sweep waits for room.
SOON = timedelta(seconds=1)


async def send_steps(services: Services, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
    """Deal with the due steps of these cases, with the API calls that were reserved for them."""
    batch = object()
    services.batches.add(batch)
    try:
        await _send_steps(services, case_ids, grant_ids)
    finally:
        services.batches.discard(batch)


async def _send_steps(services: Services, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
    calls = [Grant(grant_id) for grant_id in grant_ids]
    mails = await _find_mails(services, case_ids)
    if not mails:
        await services.store.limiter.give_back(calls)
        await services.store.holds.look_again()
        return
    each = len(case_ids) if services.minting_on_send else 0
    batch_grants, case_grants = calls[: len(calls) - each], calls[len(calls) - each :]
    await services.store.limiter.give_back(case_grants[len(mails) :])
    live = await _ask_paddle(services, mails, batch_grants)
    if live is None:
        await services.store.limiter.give_back(case_grants)
        return
    if live.partial:
        unread = [mail.due.case.id for mail in mails if mail.due.case.subscription_id not in live.subscriptions]
        await services.store.due.put_back(unread, services.clock())
        mails = [mail for mail in mails if mail.due.case.id not in unread]
    through = {due.case.id for due in await let_through(services, [mail.due for mail in mails])}
    mails = [mail for mail in mails if mail.due.case.id in through]
    await services.store.limiter.give_back(case_grants[len(mails) :])
    outcomes = await asyncio.gather(
        *(_deal_with(services, mail, live, case_grants[index] if each else None) for index, mail in enumerate(mails)),
        return_exceptions=True,
    )
    for mail, outcome in zip(mails, outcomes, strict=True):
        if isinstance(outcome, CaseConflictError):
            log.info("step.overtaken_by_another_write", case_id=mail.due.case.id, step=mail.due.step.name)
        elif isinstance(outcome, REDIS_ERRORS):
            put_back_when_redis_is_back(services, mail.due.case.id, mail.due.step.name, None, outcome)
        elif isinstance(outcome, Exception):
            # The case is swept again when its lease ends. A mail that was being sent is then settled as unknown.
            log.error("step.fault", case_id=mail.due.case.id, step=mail.due.step.name, exc_info=outcome)
    if all(outcome is False or isinstance(outcome, CaseConflictError) for outcome in outcomes):
        await services.store.holds.look_again()


async def _find_mails(services: Services, case_ids: Sequence[str]) -> list[SharedMail]:
    """Return what is to be sent of these cases, as far as that can be told without asking Paddle."""
    due = await drop_held_out(services, await drop_excluded(services, await find_due(services, case_ids)))
    return await share_mails(services, await let_through(services, due))


async def leave_to_the_lease(
    services: Services, case_ids: Sequence[str], grant_ids: Sequence[str], reason: str
) -> None:
    """Do nothing but log: every case of the batch is swept again when its lease ends."""
    del services, grant_ids
    log.error("batch.failed", cases=len(case_ids), reason=reason)


async def _ask_paddle(services: Services, mails: Sequence[SharedMail], grants: Sequence[Grant]) -> Live | None:
    """Read the live state. If that fails, put every due case off as the failure requires, and return None."""
    now = services.clock()
    case_ids = [mail.due.case.id for mail in mails]
    try:
        live = await read_live(services, [case for mail in mails for case in mail.cases], grants)
    except GrantRefusedError:
        await services.store.due.put_back(case_ids, now + SOON)
        return None
    except OperatorMustActError as error:
        await put_on_hold(services, error)
        await services.store.due.put_back(case_ids, now)
        return None
    except DunningError as error:
        log.warning("batch.paddle_failed", cases=len(mails), error=str(error))
        await note_in_vain(services, Way.PADDLE, WaitReason.PADDLE_FAILED)
        for mail in mails:
            with contextlib.suppress(CaseConflictError):  # somebody else wrote the case, and when it is due
                await _put_off(services, mail.due, WaitReason.PADDLE_FAILED, timedelta(0))
        return None
    if live is None:
        # To the front of the index, since what was read of them is kept for five minutes only.
        await services.store.due.put_back(case_ids, now - KEEP_SEEN)
        return None
    await note_works(services, Way.PADDLE)
    await release_holds(services, *PADDLE_HOLDS, began_at=now, shows=_shown(live, grants))
    return live


def _shown(live: Live, grants: Sequence[Grant]) -> Sequence[str]:
    """Return the permissions of the calls that were just made."""
    if len(grants) > 1:
        return (*TRANSACTIONS_NEED, *SUBSCRIPTIONS_NEED)
    return TRANSACTIONS_NEED if live.partial else SUBSCRIPTIONS_NEED


async def _deal_with(services: Services, mail: SharedMail, live: Live, grant: Grant | None) -> bool:
    """Do what Paddle's answers ask for, and return whether that was to send the mail."""
    due = mail.due
    transaction = live.transactions.get(due.case.id)
    subscription = live.subscriptions.get(due.case.subscription_id)
    delivery = due.case.delivery(due.step.name)
    looks = delivery.streak if delivery.reason == WaitReason.NOT_IN_ANSWER else 0
    verdict = judge(due.case, transaction, subscription, due.campaign.send_between, services.clock(), looks=looks)
    if isinstance(verdict, Send) and transaction and (unmailable := await _unmailable(services, transaction)):
        verdict = Skip(unmailable)
    log.info("step.judged", case_id=due.case.id, step=due.step.name, **_told(verdict))
    match verdict:
        case Later(reason, after, counted):
            await _put_off(services, due, reason, after, counted=counted)
        case Skip(reason):
            skipped = due.case.with_delivery(due.step.name, delivery.skip(reason))
            await write_case(services, due.read, skipped)
        case End(state, reason):
            money = money_of_live(transaction)
            await write_case(services, due.read, due.case.end(state, reason, services.clock()), money=money)
        case Send():
            if transaction is None:  # judge() never says Send without one; mypy can't know
                raise AssertionError
            await send_mail(services, due, transaction, choose_debts(services, mail, live), grant)
            return True
    return False


def _told(verdict: Send | Skip | End | Later) -> dict[str, str]:
    """Return what a line of the log says of a verdict: what is done, and why unless it is sent."""
    why = None if isinstance(verdict, Send) else verdict.reason
    return {"verdict": type(verdict).__name__.lower(), **({"reason": why} if why else {})}


async def _unmailable(services: Services, transaction: LiveTransaction) -> SkipReason | None:
    """Return why the customer's address is not to be mailed, if there is a reason."""
    address = transaction.customer.email if transaction.customer else None
    if address is None or mailable_address(address) is None:
        return SkipReason.NO_ADDRESS
    keys = address_keys(address, services.link_secrets)
    return SkipReason.SUPPRESSED if await services.store.suppressions.has(keys) else None


async def _put_off(
    services: Services, due: Due, reason: WaitReason, at_least: timedelta, *, counted: bool = True
) -> None:
    delivery = due.case.delivery(due.step.name)
    wait = max(at_least, backoff(delivery.tries, services.chance.jitter())) if counted else at_least
    postponed = due.case.with_delivery(
        due.step.name, delivery.postpone(reason, services.clock() + wait, counted=counted)
    )
    await write_case(services, due.read, postponed)
