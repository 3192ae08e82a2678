"""Reading Paddle's live state for a batch: two calls for up to 30 cases."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dunning.errors import GrantRefusedError
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle_api.grants import Grant
from dunning.rules.case import Case
from worker.services import Services


@dataclass(frozen=True, slots=True)
class Live:
    """What Paddle said, by id."""

    transactions: Mapping[str, LiveTransaction]
    subscriptions: Mapping[str, LiveSubscription]
    partial: bool = False
    """Whether it covers only those cases whose subscription is here."""


async def read_live(services: Services, cases: Sequence[Case], grants: Sequence[Grant]) -> Live | None:
    """Read what Paddle says now of these cases.

    There is only one grant if the budget has no room for two calls in a minute. Then the first run reads and keeps the
    subscriptions, and returns None: the batch has to come again. The next run reads the transactions, and answers for
    the cases whose subscription was read before.

    Raises:
        TransientError, OperatorMustActError, PermanentError: as the Paddle client does.
    """
    subscription_ids = sorted({case.subscription_id for case in cases})
    case_ids = [case.id for case in cases]
    if len(grants) > 1:
        transactions, subscriptions = await asyncio.gather(
            services.paddle.read_transactions(case_ids, grants[0]),
            services.paddle.read_subscriptions(subscription_ids, grants[1]),
        )
        return Live(transactions, subscriptions)
    if not grants:
        raise GrantRefusedError("no API call was reserved for this batch")
    seen = await services.store.seen.take(subscription_ids)
    if seen:
        return Live(await services.paddle.read_transactions(case_ids, grants[0]), seen, partial=True)
    read = await services.paddle.read_subscriptions(subscription_ids, grants[0])
    if not read:
        return Live({}, {})
    await services.store.seen.keep(read.values())
    return None
