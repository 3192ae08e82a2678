"""What was lost in money: asked of Paddle once a case has ended, since its end seldom tells the amount."""

from dunning.jobs import BATCH
from dunning.rules.losses import with_amount
from dunning.rules.tally import money_of_live
from worker.reconcile.reconciler import Reconciler


async def sum_up_losses(reconciler: Reconciler) -> None:
    """Ask for the amounts of all losses that have none yet, up to 30 in a call, and sum them up."""
    lost = reconciler.store.lost
    while losses := await lost.first(BATCH):
        case_ids = sorted({loss.case_id for loss in losses})
        found = await reconciler.paddle.reread_transactions(case_ids, reconciler.next_grant)
        for loss in losses:
            money = money_of_live(found.get(loss.case_id))
            await lost.take_off(loss, with_amount(loss, money) if money is not None else [])
