"""What came before a payment: asked of Paddle's history of the subscription some minutes after the payment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from dunning.errors import OperatorMustActError
from dunning.jobs import BATCH
from dunning.paddle.live import LiveTransaction
from dunning.paddle_api.client import CallRefusedError
from dunning.reasons import HoldWord
from dunning.rules.case import Case
from dunning.rules.recoveries import SHORTLY, first_cause, told_cause, with_cause
from dunning.rules.tally import Counted, Sum, money_of_live
from worker.reconcile.reconciler import Reconciler

log = structlog.get_logger()

# There is a call for each, and nothing waits for it: the rest is left to the next turn.
AT_MOST = timedelta(minutes=2)


async def tell_causes(reconciler: Reconciler) -> str | None:
    """Ask what came before the payments that were counted some minutes ago, and move each to the cause that this tells.

    1. Take up to 30 at a time, the oldest first, and read their transactions in one call: the amount is not kept.
    2. Ask for the history of each one's subscription, with a call each.
    3. If the API key may not read histories, leave all of them at the cause that they have, and return what was said.
    """
    recovered = reconciler.store.recovered
    began = reconciler.clock()
    while some := await recovered.first(BATCH, until=began - SHORTLY):
        case_ids = sorted({one.case_id for one in some})
        bills = await reconciler.paddle.reread_transactions(case_ids, reconciler.next_grant)
        cases = dict(zip(case_ids, await reconciler.store.cases.read_versioned(case_ids), strict=True))
        for one in some:
            if reconciler.clock() > began + AT_MOST:
                return None
            try:
                sums = await _moved(reconciler, one, cases[one.case_id].case, bills.get(one.case_id))
            except OperatorMustActError as error:
                if error.hold != HoldWord.PADDLE_PERMISSION:
                    raise
                await _leave_all(reconciler, until=began)
                return str(error)
            await recovered.take_off(one, sums)
    return None


async def _moved(
    reconciler: Reconciler, one: Counted, case: Case | None, bill: LiveTransaction | None
) -> Sequence[Sum]:
    first = first_cause(one)
    if first is None or case is None or bill is None:
        return ()
    try:
        history = await reconciler.paddle.changed_methods(case.subscription_id, case.failed_at, reconciler.next_grant)
    except CallRefusedError as error:  # it knows no such subscription, for example
        log.info("reconcile.cause_not_told", case_id=one.case_id, problem=str(error))
        return ()
    return with_cause(one, told_cause(first, case, bill, history), money_of_live(bill))


async def _leave_all(reconciler: Reconciler, *, until: datetime) -> None:
    recovered = reconciler.store.recovered
    while some := await recovered.first(BATCH, until=until):
        for one in some:
            await recovered.take_off(one, ())
