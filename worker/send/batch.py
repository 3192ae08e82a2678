"""The job that takes due cases, batch by batch: asks Paddle what is still owed, and sends, skips, ends or puts off."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from dunning.addresses.mailable import mailable_address
from dunning.errors import CaseConflictError, DunningError, GrantRefusedError, OperatorMustActError
from dunning.paddle.live import LiveTransaction
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
    services.in_hand.update(case_ids)
    try:
        await _send_steps(services, case_ids, grant_ids)
    finally:
        services.in_hand.difference_update(case_ids)


async def _send_steps(services: Services, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
    calls = [Grant(grant_id) for grant_id in grant_ids]
    each = len(case_ids) if services.minting_on_send else 0
    reading, case_grants = calls[: len(calls) - each], calls[len(calls) - each :]
    batches = await _find_mails(services, case_ids, at_most=max(1, len(reading) - 1))
    if not batches:
        await services.store.limiter.give_back(calls)
        await services.store.holds.look_again()
        return
    wanted = sum(len(batch) for batch in batches)
    await services.store.limiter.give_back([*reading[1 + len(batches) :], *case_grants[wanted:]])
    told = await _ask_paddle(services, batches, reading)
    if not told:
        await services.store.limiter.give_back(case_grants[:wanted])
        return
    through = {due.case.id for due in await let_through(services, [mail.due for mail, _ in told])}
    told = [(mail, live) for mail, live in told if mail.due.case.id in through]
    services.in_hand.difference_update(set(case_ids) - through)
    await services.store.limiter.give_back(case_grants[len(told) : wanted])
    outcomes = await asyncio.gather(
        *(
            _take_on(services, mail, live, case_grants[index] if each else None)
            for index, (mail, live) in enumerate(told)
        ),
        return_exceptions=True,
    )
    for (mail, _), outcome in zip(told, outcomes, strict=True):
        if isinstance(outcome, CaseConflictError):
            log.info("step.overtaken_by_another_write", case_id=mail.due.case.id, step=mail.due.step.name)
        elif isinstance(outcome, REDIS_ERRORS):
            put_back_when_redis_is_back(services, mail.due.case.id, mail.due.step.name, None, outcome)
        elif isinstance(outcome, Exception):
            # The case is swept again when its lease ends. A mail that was being sent is then settled as unknown.
            log.error("step.fault", case_id=mail.due.case.id, step=mail.due.step.name, exc_info=outcome)
    if all(outcome is False or isinstance(outcome, CaseConflictError) for outcome in outcomes):
        await services.store.holds.look_again()


async def _find_mails(services: Services, case_ids: Sequence[str], *, at_most: int) -> list[list[SharedMail]]:
    """Return what is to be sent of these cases, as far as that can be told without asking Paddle, in batches."""
    due = await drop_held_out(services, await drop_excluded(services, await find_due(services, case_ids)))
    return await share_mails(services, await let_through(services, due), at_most=at_most)


async def leave_to_the_lease(
    services: Services, case_ids: Sequence[str], grant_ids: Sequence[str], reason: str
) -> None:
    """Do nothing but log: every case of the batch is swept again when its lease ends."""
    del services, grant_ids
    log.error("batch.failed", cases=len(case_ids), reason=reason)


async def _ask_paddle(
    services: Services, batches: Sequence[Sequence[SharedMail]], grants: Sequence[Grant]
) -> list[tuple[SharedMail, Live]]:
    """Read the live state, and return each mail with it. Those that it does not cover are put off as they must be."""
    began_at = services.clock()
    told: list[tuple[SharedMail, Live]] = []
    answers = await read_live(services, [[case for mail in mails for case in mail.cases] for mails in batches], grants)
    for mails, answer in zip(batches, answers, strict=True):
        if isinstance(answer, Live):
            await note_works(services, Way.PADDLE)
            await release_holds(services, *PADDLE_HOLDS, began_at=began_at, shows=answer.shows)
            covered = [
                mail for mail in mails if not answer.partial or mail.due.case.subscription_id in answer.subscriptions
            ]
            await services.store.due.put_back(
                [mail.due.case.id for mail in mails if mail not in covered], services.clock()
            )
            told += [(mail, answer) for mail in covered]
        else:
            await _ask_later(services, mails, answer, began_at)
    return told


async def _ask_later(
    services: Services, mails: Sequence[SharedMail], why: DunningError | None, began_at: datetime
) -> None:
    case_ids = [mail.due.case.id for mail in mails]
    match why:
        case None:
            # To the front of the index, since what was read of them is kept for five minutes only.
            await services.store.due.put_back(case_ids, began_at - KEEP_SEEN)
        case GrantRefusedError():
            await services.store.due.put_back(case_ids, began_at + SOON)
        case OperatorMustActError():
            await put_on_hold(services, why)
            await services.store.due.put_back(case_ids, began_at)
        case DunningError():
            log.warning("batch.paddle_failed", cases=len(mails), error=str(why))
            await note_in_vain(services, Way.PADDLE, WaitReason.PADDLE_FAILED)
            for mail in mails:
                with contextlib.suppress(CaseConflictError):  # somebody else wrote the case, and when it is due
                    await _put_off(services, mail.due, WaitReason.PADDLE_FAILED, timedelta(0))


async def _take_on(services: Services, mail: SharedMail, live: Live, grant: Grant | None) -> bool:
    """Deal with it, and have it out of hand."""
    try:
        return await _deal_with(services, mail, live, grant)
    finally:
        services.in_hand.discard(mail.due.case.id)


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
