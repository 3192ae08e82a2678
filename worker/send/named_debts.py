"""The further debts that one mail names: chosen by what Paddle says now, and checked again just before DATA."""

from collections.abc import Sequence

from dunning.errors import CaseConflictError
from dunning.jobs import BATCH
from dunning.paddle_api.client import SUBSCRIPTIONS_PER_SESSION
from dunning.reasons import WaitReason
from dunning.rules.campaign import Step
from dunning.rules.case import Case
from dunning.rules.delivery import DeliveryState
from dunning.rules.due_steps import cover
from dunning.rules.shared_debts import still_named
from dunning.rules.story import Entry, Kind
from worker.letters.facts import NamedDebt
from worker.send.choose_brand import of_same_brand
from worker.send.read_live import Live
from worker.send.share_mails import SharedMail
from worker.services import Services
from worker.write_case import write_case


def choose_debts(services: Services, mail: SharedMail, live: Live) -> tuple[NamedDebt, ...]:
    """Return the debts that the mail names beside its own."""
    due = mail.due
    # Another debt may be what makes the mail impossible: the next try names nothing but its own.
    alone = due.case.delivery(due.step.name).reason == WaitReason.NOT_POSSIBLE
    if alone or not services.renderer.names_all(due.step.template):
        return ()
    named = still_named(
        due.case,
        of_same_brand(services, live.transactions[due.case.id], mail.companions, live.transactions),
        live.transactions,
        live.subscriptions,
        services.clock(),
        at_most=(SUBSCRIPTIONS_PER_SESSION if services.minting_on_send else BATCH) - 1,
    )
    return tuple(
        NamedDebt(one.case, mail.campaigns[one.case.id], one.step, live.transactions[one.case.id], one.carries)
        for one in named
    )


async def are_still_owed(services: Services, named: Sequence[NamedDebt]) -> bool:
    """Tell whether what the mail says of these still holds, as far as we know, and nobody else mails them."""
    if not named:
        return True
    read = await services.store.cases.read_versioned([one.case.id for one in named])
    return all(
        now.case is not None and now.case.is_open and (one.step is None or _is_free(services, now.case, one.step))
        for one, now in zip(named, read, strict=True)
    )


async def cover_steps(services: Services, by: str, named: Sequence[NamedDebt]) -> None:
    """Skip the steps that the mail of the case `by`, which is out, has made needless."""
    for one in named:
        if one.step is not None:
            await _cover(services, by, one.case.id, one.step)


async def _cover(services: Services, by: str, case_id: str, step: Step) -> None:
    while True:
        (read,) = await services.store.cases.read_versioned([case_id])
        if read.case is None or not read.case.is_open or not _is_free(services, read.case, step):
            return
        covered = cover(read.case, step, services.clock())
        try:
            await write_case(services, read, covered, why=Entry(kind=Kind.COVERED, step=step.name, by=by))
        except CaseConflictError:
            continue
        return


def _is_free(services: Services, case: Case, step: Step) -> bool:
    """Tell whether the step is still to be sent, and nobody is at work on it."""
    delivery = case.delivery(step.name)
    return delivery.state is DeliveryState.PLANNED and not delivery.is_held(services.clock())
