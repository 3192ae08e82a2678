"""Reading Paddle's live state for a job: one call for the subscriptions of all, one for the transactions of each batch.

All calls are made at once, and a job ends within a minute. So nothing that was read is older when a mail goes.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from dunning.errors import DunningError, GrantRefusedError
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle_api.grants import Grant
from dunning.paddle_api.permissions import SUBSCRIPTIONS_NEED, TRANSACTIONS_NEED
from dunning.rules.case import Case
from worker.services import Services


@dataclass(frozen=True, slots=True)
class Live:
    """What Paddle said, by id."""

    transactions: Mapping[str, LiveTransaction]
    subscriptions: Mapping[str, LiveSubscription]
    shows: Sequence[str] = (*TRANSACTIONS_NEED, *SUBSCRIPTIONS_NEED)
    """The permissions of the calls that were just made."""
    partial: bool = False
    """Whether it covers only those cases whose subscription is here."""


Found = TypeVar("Found")
Answer: TypeAlias = Live | DunningError | None
"""What came of asking about a batch; None if it has to come again."""


async def read_live(services: Services, batches: Sequence[Sequence[Case]], grants: Sequence[Grant]) -> list[Answer]:
    """Read what Paddle says now of the cases of each of these batches. If a call fails, those who need it are told.

    There is only one grant if the budget has no room for two calls in a minute. Then the first run reads and keeps the
    subscriptions, and the batch has to come again. The next run reads the transactions, and answers for the cases whose
    subscription was read before.
    """
    if len(grants) < 2:  # noqa: PLR2004 - one for the subscriptions, one for the transactions
        return [await _tried(_read_in_two_runs(services, cases, grants)) for cases in batches]
    for_all, *for_each = grants
    all_cases = [case for cases in batches for case in cases]
    subscriptions, transactions = await asyncio.gather(
        _tried(services.paddle.read_subscriptions(_subscriptions_of(all_cases), for_all)),
        asyncio.gather(
            *(
                _tried(services.paddle.read_transactions([case.id for case in cases], grant))
                for cases, grant in zip(batches, for_each, strict=False)
            )
        ),
    )
    return [_together(read, subscriptions) for read in transactions]


async def _tried(asked: Awaitable[Found]) -> Found | DunningError:
    try:
        return await asked
    except DunningError as error:
        return error


def _together(
    transactions: Mapping[str, LiveTransaction] | DunningError,
    subscriptions: Mapping[str, LiveSubscription] | DunningError,
) -> Answer:
    if isinstance(transactions, DunningError):
        return transactions
    return subscriptions if isinstance(subscriptions, DunningError) else Live(transactions, subscriptions)


async def _read_in_two_runs(services: Services, cases: Sequence[Case], grants: Sequence[Grant]) -> Live | None:
    if not grants:
        raise GrantRefusedError("no API call was reserved for this batch")
    subscription_ids = _subscriptions_of(cases)
    seen = await services.store.seen.take(subscription_ids)
    if seen:
        transactions = await services.paddle.read_transactions([case.id for case in cases], grants[0])
        return Live(transactions, seen, TRANSACTIONS_NEED, partial=True)
    read = await services.paddle.read_subscriptions(subscription_ids, grants[0])
    if not read:
        return Live({}, {}, SUBSCRIPTIONS_NEED)
    await services.store.seen.keep(read.values())
    return None


def _subscriptions_of(cases: Sequence[Case]) -> list[str]:
    return sorted({case.subscription_id for case in cases})
