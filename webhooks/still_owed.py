"""Asking Paddle, before a click leads on, whether the debt still stands: its webhook may be late.

A debt that is over is closed at once, by an event of our own making. It goes into the inbox, as those of webhooks do.
"""

import asyncio
import contextlib
from datetime import datetime

from aiohttp import web

from dunning import time_limits
from dunning.casebook.write import write_by
from dunning.errors import CaseConflictError, DunningError
from dunning.paddle.events import Event, EventType, TransactionFacts
from dunning.paddle.live import LiveTransaction
from dunning.paddle_api.grants import Grant
from dunning.rules.case import Case
from dunning.rules.healing import closing_event
from dunning.rules.on_event import on_transaction
from dunning.rules.tally import money_of
from dunning.rules.what_changed import caused_by
from dunning.store import Store
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import DEADLINES, PADDLE, SPARING_LOG, STORE
from webhooks.pages import Page

# A mail that may have arrived isn't sent again once the debt is over, whichever way mail goes.
NO_REPEATS = 0


async def ask_paddle(app: web.Application, case: Case, grant: Grant) -> LiveTransaction | None:
    """Return the debt as Paddle has it now; None if that can't be learned in time, for whatever reason."""
    try:
        async with asyncio.timeout(time_limits.DEBT_QUESTION.total_seconds()):
            return (await app[PADDLE].read_transactions([case.id], grant)).get(case.id)
    except (DunningError, TimeoutError) as error:
        why = type(error).__name__
        app[SPARING_LOG].info("click.debt_not_asked", why, case_id=case.id, error=why)
        return None


async def close_if_over(app: web.Application, case: Case, live: LiveTransaction, now: datetime) -> Page | None:
    """Close the case of a debt that is over at Paddle, and return the page that says so; None if the debt stands."""
    event = closing_event(case, live, now)
    if event is None:
        return None
    try:
        async with redis_within(app[DEADLINES].redis):
            await app[STORE].inbox.accept(event, now)
            await _close(app[STORE], case.id, event, now)
    except RedisAwayError as error:
        # What the page says is true all the same, and Paddle's own event will close the case.
        app[SPARING_LOG].warning("click.not_closed", case_id=case.id, reason=str(error))
    return Page.PAID if event.type is EventType.TRANSACTION_PAID else Page.CLOSED


async def _close(store: Store, case_id: str, event: Event, now: datetime) -> None:
    """Write the end at once, so that the link's next page tells it even while no worker runs.

    The event stays in the inbox for a worker, which also writes whatever can't be written here.
    """
    (before,) = await store.cases.read_versioned([case_id])
    campaign = await store.campaigns.read(before.case.version) if before.case is not None else None
    if campaign is None or not isinstance(event.facts, TransactionFacts):
        return
    verdict = on_transaction(event, event.facts, before.case, (), now)
    if verdict.case is not None:
        why = caused_by(event, before.case, verdict.case)
        with contextlib.suppress(CaseConflictError):
            await write_by(store, campaign, NO_REPEATS, now, before, verdict.case, why=why, money=money_of(event))
