"""`/pay/stop/{token}`: the page by which a customer stops the reminders of one payment. It cancels nothing."""

from datetime import datetime

import structlog
from aiohttp import web

from dunning.casebook.write import write_by
from dunning.errors import CaseConflictError, ExpiredLinkError, InvalidLinkError
from dunning.links import Purpose
from dunning.reasons import EndReason
from dunning.rules.case import CaseState
from dunning.store import Store
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import CLOCK, DEADLINES, SPARING_LOG, STORE
from webhooks.link_token import read_claim
from webhooks.pages import Page
from webhooks.show_page import show_page

log = structlog.get_logger()

# A mail that may have arrived isn't sent again once its reminders are stopped, however mail is sent.
NO_REPEATS = 0


async def show(request: web.Request) -> web.Response:
    """Answer GET and HEAD: the button. Changes nothing, since programs open links too."""
    return await _answer(request, stop=False)


async def stop(request: web.Request) -> web.Response:
    """Answer POST: end the case as `opted_out`. Asked again, it says the same."""
    return await _answer(request, stop=True)


async def _answer(request: web.Request, *, stop: bool) -> web.Response:
    app = request.app
    now = app[CLOCK]()
    try:
        case_id = read_claim(request, now, Purpose.STOP_REMINDERS).case_id
        async with redis_within(app[DEADLINES].redis):
            page = await (_stop(app[STORE], case_id, now) if stop else _find(app[STORE], case_id))
    except ExpiredLinkError:
        return show_page(request, Page.EXPIRED, 410)
    except InvalidLinkError:
        return show_page(request, Page.UNKNOWN, 404)
    except RedisAwayError as error:
        app[SPARING_LOG].warning("reminders.not_stopped", reason=str(error))
        return show_page(request, Page.BROKE, 503)
    return show_page(request, page, 404 if page is Page.UNKNOWN else 200)


async def _find(store: Store, case_id: str) -> Page:
    case = await store.cases.read(case_id)
    if case is None:
        return Page.UNKNOWN
    return Page.STOP if case.is_open else _ended(case.state)


async def _stop(store: Store, case_id: str, now: datetime) -> Page:
    while True:
        (before,) = await store.cases.read_versioned([case_id])
        if before.case is None:
            return Page.UNKNOWN
        if not before.case.is_open:
            return _ended(before.case.state)
        campaign = await store.campaigns.read(before.case.version)
        if campaign is None:
            return Page.BROKE
        after = before.case.end(CaseState.STOPPED, EndReason.OPTED_OUT, now)
        try:
            await write_by(store, campaign, NO_REPEATS, now, before, after)
        except CaseConflictError:
            continue
        log.info("reminders.stopped", case_id=case_id)
        return Page.STOPPED


def _ended(state: CaseState) -> Page:
    """Whatever ended the case, no reminder follows; of a payment that is made, the page says that."""
    return Page.PAID if state is CaseState.RECOVERED else Page.STOPPED
