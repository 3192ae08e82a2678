"""The job that takes a batch of due cases: asks Paddle what is still owed, and sends, skips, ends or puts off."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import timedelta

import structlog

from dunning.case_steps import MISSING, End, Later, Send, Skip, SkipReason, backoff, judge
from dunning.errors import CaseConflictError, DunningError, GrantRefusedError, OperatorMustActError
from dunning.grants import Grant
from dunning.live import LiveTransaction
from dunning.store import KEEP_SEEN
from dunning.suppression import address_key
from worker.find_due import Due, find_due
from worker.mail.addresses import ascii_address
from worker.operator import PADDLE_HOLDS, put_on_hold, release_holds
from worker.read_live import Live, read_live
from worker.send_mail import send_mail
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

# A batch that found no room for its calls goes back at once; the sweep keeps it until there is room.
SOON = timedelta(seconds=1)


async def send_steps(services: Services, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
    """Deal with the due steps of these cases, with the API calls that were reserved for them."""
    calls = [Grant(grant_id) for grant_id in grant_ids]
    due = await find_due(services, case_ids)
    if not due:
        await services.store.limiter.give_back(calls)
        return
    each = len(case_ids) if services.minting_on_send else 0
    batch_grants, case_grants = calls[: len(calls) - each], calls[len(calls) - each :]
    live = await _ask_paddle(services, due, batch_grants)
    if live is None:
        return
    if live.partial:
        unread = [one.case.id for one in due if one.case.subscription_id not in live.subscriptions]
        await services.store.due.put_back(unread, services.clock())
        due = [one for one in due if one.case.subscription_id in live.subscriptions]
    outcomes = await asyncio.gather(
        *(_deal_with(services, one, live, case_grants[index] if each else None) for index, one in enumerate(due)),
        return_exceptions=True,
    )
    for one, outcome in zip(due, outcomes, strict=True):
        if isinstance(outcome, CaseConflictError):
            log.info("step.overtaken_by_another_write", case_id=one.case.id, step=one.step.name)
        elif isinstance(outcome, Exception):
            # The lease brings it back; what was being sent is then known to be unknown.
            log.error("step.fault", case_id=one.case.id, step=one.step.name, exc_info=outcome)


async def leave_to_the_lease(
    services: Services, case_ids: Sequence[str], grant_ids: Sequence[str], reason: str
) -> None:
    """Do nothing: the lease of the due index brings every case of the batch back."""
    del services, grant_ids
    log.error("batch.failed", cases=len(case_ids), reason=reason)


async def _ask_paddle(services: Services, due: Sequence[Due], grants: Sequence[Grant]) -> Live | None:
    """Read the live state; where that fails, put every case off as the failure asks, and answer None."""
    now = services.clock()
    case_ids = [one.case.id for one in due]
    try:
        live = await read_live(services, [one.case for one in due], grants)
    except GrantRefusedError:
        await services.store.due.put_back(case_ids, now + SOON)
        return None
    except OperatorMustActError as error:
        await put_on_hold(services, error)
        await services.store.due.put_back(case_ids, now)
        return None
    except DunningError as error:
        log.warning("batch.paddle_failed", cases=len(due), error=str(error))
        for one in due:
            with contextlib.suppress(CaseConflictError):  # somebody wrote it, and with it when it is due
                await _put_off(services, one, "paddle_failed", timedelta(0))
        return None
    if live is None:
        # To the front: what was read of them is good for five minutes.
        await services.store.due.put_back(case_ids, now - KEEP_SEEN)
        return None
    await release_holds(services, *PADDLE_HOLDS)
    return live


async def _deal_with(services: Services, due: Due, live: Live, grant: Grant | None) -> None:
    transaction = live.transactions.get(due.case.id)
    subscription = live.subscriptions.get(due.case.subscription_id)
    delivery = due.case.delivery(due.step.name)
    looks = delivery.streak if delivery.reason == MISSING else 0
    verdict = judge(transaction, subscription, looks)
    if isinstance(verdict, Send) and transaction and (unmailable := await _unmailable(services, transaction)):
        verdict = Skip(unmailable)
    log.info("step.judged", case_id=due.case.id, step=due.step.name, verdict=str(verdict))
    match verdict:
        case Later(reason, after):
            await _put_off(services, due, reason, after)
        case Skip(reason):
            skipped = due.case.with_delivery(due.step.name, delivery.skip(reason))
            await write_case(services, due.read, skipped)
        case End(state, reason):
            await write_case(services, due.read, due.case.end(state, reason, services.clock()))
        case Send():
            if transaction is None:  # judge() never says Send without one; mypy can't know
                raise AssertionError
            await send_mail(services, due, transaction, grant)


async def _unmailable(services: Services, transaction: LiveTransaction) -> SkipReason | None:
    """Return why the customer's address is not to be mailed, if there is a reason."""
    address = transaction.customer.email if transaction.customer else None
    if address is None or ascii_address(address) is None:
        return SkipReason.NO_ADDRESS
    keys = [address_key(address, secret) for secret in services.link_secrets]
    return SkipReason.SUPPRESSED if await services.store.suppressions.has(keys) else None


async def _put_off(services: Services, due: Due, reason: str, at_least: timedelta) -> None:
    delivery = due.case.delivery(due.step.name)
    retry_at = services.clock() + max(at_least, backoff(delivery.tries, random.random()))  # noqa: S311 - jitter
    postponed = due.case.with_delivery(due.step.name, delivery.postpone(reason, retry_at, counted=True))
    await write_case(services, due.read, postponed)
