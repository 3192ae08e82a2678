"""Decides which of a customer's due cases sends a mail for all of them, so that one mail replaces several.

A case that needs no mail of its own costs no API call. It waits for the other case's mail, which covers its step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from dunning.jobs import BATCH
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.shared_debts import Carried, Companion, Debts, Leads, WaitsForLeader
from worker.send.excluded import excluded_of, is_excluded
from worker.send.find_due import Due
from worker.services import Services

log = structlog.get_logger()

# Most mails are sent and recorded in less time.
A_MOMENT = timedelta(seconds=3)
# A debt that waits for another debt's mail is looked at when that mail should be out, and at once if the other debt
# ends. It is looked at this often in any case, since the other's last mail may go out before its time.
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SharedMail:
    """A due case whose mail is to be sent, and the customer's other debts that the mail may name."""

    due: Due
    companions: tuple[Companion, ...]
    campaigns: Mapping[str, Campaign]
    """The campaigns of the customer's other cases, by the cases' ids."""

    @property
    def cases(self) -> list[Case]:
        """All cases that Paddle has to be asked about, the due one first."""
        return [self.due.case, *(companion.case for companion in self.companions)]


async def share_mails(services: Services, due: Sequence[Due], *, at_most: int) -> list[list[SharedMail]]:
    """Return the mails to be sent for what is due, in `at_most` batches. One call asks about all cases of a batch."""
    of_customer = await _other_cases(services, due)
    customers: dict[str, list[Due]] = {}
    for one in due:
        customers.setdefault(one.case.customer_id, []).append(one)
    shared = []
    for customer_id, theirs in customers.items():
        mail = await _share_mail(services, theirs, of_customer.get(customer_id, []))
        if mail is not None:
            shared.append(mail)
    return await _in_batches(services, shared, at_most)


async def _share_mail(
    services: Services, due: Sequence[Due], others: Sequence[tuple[Case, Campaign]]
) -> SharedMail | None:
    """Return the mail that one of a customer's due cases sends, if one does; the other due cases wait for it.

    Only the cases that may send it are compared with all the others, since there may be hundreds.
    """
    now = services.clock()
    debts = Debts(others, services.repeats, now)
    free = {}
    for one in due:
        if (carried := debts.carried(one.case)) is None:
            free[one.case.id] = one
        else:
            await _wait(services, one, carried)
    undecided = dict(free)
    leader = next(iter(free), None)
    mail = None
    while leader in undecided:
        one = undecided.pop(leader)
        match debts.lead(one.case, one.campaign, one.step):
            case WaitsForLeader(first_due):
                leader = first_due
            case Leads(companions):
                campaigns = {case.id: campaign for case, campaign in others}
                # If there are more than one call can ask about, the oldest are taken.
                mail = SharedMail(one, companions[: BATCH - 1], campaigns)
                del free[one.case.id]
    turns: dict[int, list[str]] = {}
    for one in free.values():
        log.info("step.led", case_id=one.case.id, step=one.step.name, by=leader)
        # One mail names up to BATCH debts, and takes a moment. Each case is looked at again when it may be its turn.
        turns.setdefault(max(1, debts.place(one.case) // BATCH), []).append(one.case.id)
    for turn, case_ids in turns.items():
        await services.store.due.put_back(case_ids, now + turn * A_MOMENT, on_time=True)
    return mail


async def _other_cases(services: Services, due: Sequence[Due]) -> Mapping[str, list[tuple[Case, Campaign]]]:
    """Read the open cases of the customers who have several, but none that is excluded or whose campaign is paused."""
    customers = list(dict.fromkeys(one.case.customer_id for one in due))
    found = zip(customers, await services.store.cases.open_of_customers(customers), strict=True)
    ids = {customer_id: case_ids for customer_id, case_ids in found if len(case_ids) > 1}
    if not ids:
        return {}
    known = {one.case.id: one.read.case for one in due}
    unknown = [case_id for case_ids in ids.values() for case_id in case_ids if case_id not in known]
    if unknown:
        read = await services.store.cases.read_versioned(unknown)
        known.update({case_id: entry.case for case_id, entry in zip(unknown, read, strict=True)})
    excluded = await excluded_of(services, [case for case in known.values() if case is not None])
    paused = (await services.store.brakes.paused()).campaigns
    # If a campaign of this batch is paused just now, the batch is stopped later, before it is sent. It must not be
    # split here.
    going = {one.case.campaign for one in due}
    return {
        customer_id: [
            (case, await services.campaigns.of(case))
            for case_id in case_ids
            if (case := known[case_id]) is not None
            and not is_excluded(case, excluded)
            and (case.campaign in going or case.campaign not in paused)
        ]
        for customer_id, case_ids in ids.items()
    }


async def _wait(services: Services, due: Due, carried: Carried) -> None:
    """Look at it again when the mail that names it should be out."""
    log.info("step.carried", case_id=due.case.id, step=due.step.name, by=carried.by)
    now = services.clock()
    at = min(max(carried.until, now) + A_MOMENT, now + A_DAY)
    await services.store.due.put_back([due.case.id], at, on_time=True)


async def _in_batches(services: Services, shared: Sequence[SharedMail], at_most: int) -> list[list[SharedMail]]:
    """Put each mail into the first batch that has room for it. The cases of the others are due again at once."""
    batches: list[list[SharedMail]] = [[] for _ in range(at_most)]
    left = []
    for mail in shared:
        for batch in batches:
            if sum(len(one.cases) for one in [*batch, mail]) <= BATCH:
                batch.append(mail)
                break
        else:
            left.append(mail.due.case.id)
    await services.store.due.put_back(left, services.clock())
    return [batch for batch in batches if batch]
