"""Sending one step: claim, render, hand over, record.

A mail is never lost. It is sent twice only if the process is killed in one narrow gap.

The claim and every later write compare the case's revision. So a payment that comes in while the mail is on its way to
the mail server stops it, up to the moment before DATA.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dunning.alerts import Alert
from dunning.errors import (
    CaseConflictError,
    DunningError,
    GrantRefusedError,
    OperatorMustActError,
    PermanentError,
)
from dunning.paddle.live import LiveTransaction
from dunning.paddle_api.grants import Grant
from dunning.reasons import DeadReason, SkipReason, WaitReason
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import backoff
from dunning.store import REDIS_ERRORS, Versioned, Way
from worker.in_vain import note_in_vain
from worker.letters.facts import NamedDebt, gather_facts, with_links
from worker.mail.holds import MAIL_HOLDS
from worker.mail.transport import Outcome, Result
from worker.missing_templates import check_template
from worker.operator import HOLDS_BEFORE_A_REFUSAL, put_on_hold, release_holds
from worker.redis_away import AwayBeforeDataError, put_back_when_redis_is_back
from worker.send.choose_brand import brand_of
from worker.send.excluded import excluded_of
from worker.send.find_due import Due
from worker.send.make_links import make_links, make_stop_links
from worker.send.named_debts import are_still_owed, cover_steps
from worker.send.refusals import REFUSALS_HOLD, note_accepted, reclassify_refusal
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

TRIES_OF_THE_REFUSED = 8
RECORD_AGAIN = timedelta(seconds=0.5)


@dataclass(slots=True)
class _Sending:
    """One claimed delivery, and the case as it was last written or read."""

    services: Services
    owner: str
    step: str
    case: Case
    revision: int
    named: Sequence[NamedDebt]
    before: Delivery
    """The delivery as it was before it was claimed."""
    began_at: datetime
    why_not: WaitReason = WaitReason.DEBTS_CHANGED
    """Why it was stopped just before DATA, if it was."""

    @property
    def delivery(self) -> Delivery:
        return self.case.delivery(self.step)

    async def write(self, delivery: Delivery) -> bool:
        """Write the delivery, and return whether it was still ours to write."""
        while self.delivery.owner == self.owner:
            after = self.case.with_delivery(self.step, delivery)
            try:
                written = await write_case(self.services, Versioned(self.case, self.revision), after)
            except CaseConflictError:
                (now,) = await self.services.store.cases.read_versioned([self.case.id])
                if now.case is None:
                    return False
                self.case, self.revision = now.case, now.revision
            else:
                self.case, self.revision = after, written.revision
                return True
        return False


async def send_mail(
    services: Services, due: Due, transaction: LiveTransaction, named: Sequence[NamedDebt], grant: Grant | None
) -> None:
    """Send the step to the customer that Paddle just named, with the further debts that the mail is to name.

    Raises:
        CaseConflictError: somebody wrote the case since it was read; it will be looked at again.
    """
    owner = services.chance.owner()
    step = due.step.name
    before, began_at = due.case.delivery(step), services.clock()
    claimed = due.case.with_delivery(step, before.claim(owner, began_at))
    try:
        written = await _claim(services, due, claimed, owner)
    except REDIS_ERRORS as error:
        put_back_when_redis_is_back(services, claimed.id, step, owner, error)
        return
    sending = _Sending(services, owner, step, claimed, written.revision, named, before, began_at)
    try:
        result = await _hand_over(sending, due, transaction, grant)
    except GrantRefusedError:
        await _write_outcome(
            sending, sending.delivery.put_back(owner, WaitReason.NO_GRANT, services.clock(), counted=False)
        )
    except OperatorMustActError as error:
        await put_on_hold(services, error)
        await _write_outcome(sending, sending.delivery.put_back(owner, error.hold, services.clock(), counted=False))
    except PermanentError as error:
        log.error(Alert.MAIL_NOT_POSSIBLE, case_id=claimed.id, step=step, error=str(error))  # noqa: TRY400 - no fault of ours
        await _put_back_or_die(sending)
    except DunningError as error:
        log.warning("mail.not_ready", case_id=claimed.id, step=step, tries=before.tries + 1, error=str(error))
        await _put_back(sending, WaitReason.NOT_READY)
        await note_in_vain(services, Way.PADDLE, WaitReason.NOT_READY)
    except AwayBeforeDataError as error:
        put_back_when_redis_is_back(services, claimed.id, step, owner, error)
    except Exception:  # a template or a library failed on odd data
        log.exception("mail.fault", case_id=claimed.id, step=step)
        await _put_back_or_die(sending)
    else:
        await _record(sending, await reclassify_refusal(services, sending.case, before, result))


async def _claim(services: Services, due: Due, claimed: Case, owner: str) -> Versioned:
    try:
        return await write_case(services, due.read, claimed)
    except CaseConflictError:
        # Redis' answer may have been lost, and the write repeated by the client: then the conflict is with ourselves.
        (now,) = await services.store.cases.read_versioned([claimed.id])
        if now.case is None or now.case.delivery(due.step.name).owner != owner:
            raise
        return now


async def _hand_over(sending: _Sending, due: Due, transaction: LiveTransaction, grant: Grant | None) -> Result:
    services, case, customer = sending.services, sending.case, transaction.customer
    if customer is None or customer.email is None:
        raise PermanentError(f"transaction {case.id} has no customer to write to")
    check_template(services, case.id, due.campaign, due.step)
    brand = brand_of(services, transaction)
    language = services.renderer.language(due.step.template, customer.locale, brand.language)
    linked = with_links(case, sending.named)
    facts = gather_facts(
        case,
        due.campaign,
        due.step,
        transaction=transaction,
        customer=customer,
        named=sending.named,
        links=await make_links(services, linked, language, brand.key, grant),
        stop_links=make_stop_links(services, linked, language, brand.key),
        brand=brand,
        dated_at=sending.delivery.dated_at or services.clock(),
    )
    mail = services.renderer.render(facts)

    async def begin_data() -> bool:
        try:
            return await may_begin()
        except REDIS_ERRORS as error:
            raise AwayBeforeDataError from error

    async def may_begin() -> bool:
        paused = await services.store.brakes.paused()
        if any(paused.stops(one.campaign) for one in (case, *(named.case for named in sending.named))):
            sending.why_not = WaitReason.PAUSED
            return False
        if await excluded_of(services, [case, *(named.case for named in sending.named)]):
            sending.why_not = WaitReason.EXCLUDED
            return False
        still_true = await are_still_owed(services, sending.named)
        return still_true and await sending.write(sending.delivery.begin_data(sending.owner))

    return await services.transport.send(
        mail,
        recipient=services.settings.mail_redirect or customer.email,
        key=facts.mail_id,
        before_data=begin_data,
    )


async def _record(sending: _Sending, result: Result) -> None:
    log.info(
        "mail.handed_over",
        case_id=sending.case.id,
        step=sending.step,
        outcome=result.outcome,
        code=result.code,
    )
    match result.outcome:
        case Outcome.SENT | Outcome.REFUSED:
            await _write_outcome(
                sending, sending.delivery.settle(sending.owner, DeliveryState(result.outcome), result.code)
            )
            if result.outcome is Outcome.SENT:
                await note_accepted(sending.services)
            mended = MAIL_HOLDS if result.outcome is Outcome.SENT else HOLDS_BEFORE_A_REFUSAL
            await release_holds(sending.services, *mended, began_at=sending.began_at)
        case Outcome.UNKNOWN:
            unknown = sending.delivery.settle(sending.owner, DeliveryState.UNKNOWN, result.code)
            if not unknown.is_settled(sending.services.repeats):
                unknown = unknown.postpone(result.code, _retry_at(sending), counted=False)
            await _write_outcome(sending, unknown)
            await note_in_vain(sending.services, Way.MAIL, result.code)
        case Outcome.TRY_AGAIN:
            await _put_back(sending, result.code)
            await note_in_vain(sending.services, Way.MAIL, result.code)
        case Outcome.HELD:
            await put_on_hold(sending.services, _held(result))
            back = sending.delivery.put_back(sending.owner, result.code, sending.services.clock(), counted=False)
            await _write_outcome(sending, back)
        case Outcome.UNFIT:
            back = sending.delivery.put_back(sending.owner, result.code, sending.services.clock(), counted=False)
            await _write_outcome(sending, back.skip(SkipReason.NEEDS_SMTPUTF8))
        case Outcome.ABANDONED:
            log.info("mail.abandoned", case_id=sending.case.id, step=sending.step)
            if sending.delivery.owner == sending.owner:
                # Still ours, so `may_begin` stopped it (see `why_not`), and a new mail will be written.
                now = sending.services.clock()
                await _write_outcome(
                    sending, sending.delivery.put_back(sending.owner, sending.why_not, now, counted=False)
                )


def _held(result: Result) -> OperatorMustActError:
    if result.hold == REFUSALS_HOLD:
        said = "The mail server refused one recipient after the other and accepted none: probably it refuses us"
    else:
        said = "The mail server refuses us"
    return OperatorMustActError(f"{said} ({result.code})", hold=result.must_mend)


async def _put_back(sending: _Sending, reason: str) -> None:
    await _write_outcome(sending, sending.delivery.put_back(sending.owner, reason, _retry_at(sending), counted=True))


async def _put_back_or_die(sending: _Sending) -> None:
    """Put the step back, or give it up if it was not possible for some four minutes."""
    if sending.delivery.reason != WaitReason.NOT_POSSIBLE or sending.delivery.streak < TRIES_OF_THE_REFUSED:
        await _put_back(sending, WaitReason.NOT_POSSIBLE)
    else:
        back = sending.delivery.put_back(sending.owner, WaitReason.NOT_POSSIBLE, sending.services.clock(), counted=True)
        await _write_outcome(sending, back.die(DeadReason.NOT_POSSIBLE))


async def _write_outcome(sending: _Sending, delivery: Delivery) -> None:
    """Write how it ended, however long Redis is away: a mail that isn't recorded may have to be sent again.

    This runs in a task of its own, which outlives the job's 48 s and ends with the process.
    """
    await asyncio.shield(sending.services.in_background(_write_when_possible(sending, delivery)))


async def _write_when_possible(sending: _Sending, delivery: Delivery) -> None:
    while True:
        try:
            await sending.write(delivery)
            # The mail that arrived may be an earlier one under the same key, which may have named fewer debts.
            arrived_before = sending.delivery.unknowns > 0 and sending.services.transport.idempotent
            if sending.delivery.state is DeliveryState.SENT and not arrived_before:
                # Only after the mail is recorded: if the process dies in between, one mail too many is sent, and none
                # too few.
                await cover_steps(sending.services, sending.case.id, sending.named)
        except REDIS_ERRORS as error:
            log.warning("mail.not_yet_recorded", case_id=sending.case.id, step=sending.step, error=type(error).__name__)
            await asyncio.sleep(RECORD_AGAIN.total_seconds())
        else:
            return


def _retry_at(sending: _Sending) -> datetime:
    failures = sending.delivery.tries + sending.delivery.unknowns
    return sending.services.clock() + backoff(failures, sending.services.chance.jitter())
