"""`/pay/{token}`: the page that a mail's link opens, and the click that leads on to Paddle, signed in.

Mail scanners fetch links, so only a POST does anything. It makes a portal session, which is good for a day and opens
the customer's whole account. The session's link goes into this one answer, and nowhere else.
"""

import asyncio
import contextlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from dunning.errors import (
    ExpiredLinkError,
    GrantRefusedError,
    InvalidLinkError,
    OperatorMustActError,
    PermanentError,
    TransientError,
    UnsafePortalUrlError,
)
from dunning.links import LINK_LIFETIME, Purpose
from dunning.paddle_api.grants import Grant
from dunning.reasons import ClickOutcome, HoldWord
from dunning.rules.case import Case, CaseState
from dunning.rules.due_steps import mails_sent
from dunning.rules.out_events import OutEvent, of_click
from dunning.rules.story import Entry, Kind
from dunning.store import REDIS_ERRORS
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import CLAIM, CLOCK, DEADLINES, LINKS, METRICS, PADDLE, SETTINGS, SPARING_LOG, STORE
from webhooks.link_token import read_claim
from webhooks.pages import Page
from webhooks.show_page import show_page
from webhooks.still_owed import ask_paddle, close_if_over

log = structlog.get_logger()


async def show(request: web.Request) -> web.Response:
    """Answer GET and HEAD: the button, or why there is none. Changes nothing, and asks nothing of Paddle."""
    app = request.app
    now = app[CLOCK]()
    try:
        case = await _find_case(request, now)
        if not case.may_be_paid:
            return _ended(request, case)
        async with redis_within(app[DEADLINES].redis):
            clicked_at = await app[STORE].clicks.last(case.id)
    except _NoCaseError as problem:
        return problem.answer
    except RedisAwayError:
        # The link is ours and still good, and the click may find Redis back.
        return show_page(request, Page.PAY)
    may_have_paid = clicked_at is not None and clicked_at > now - JUST_CLICKED
    return show_page(request, Page.PAY_AGAIN if may_have_paid else Page.PAY, stop_link=_stop_link(request, case))


async def click(request: web.Request) -> web.Response:
    """Answer POST: lead to Paddle's *update payment method* page.

    While Paddle or Redis can't be asked, a page says so and offers another try; what another try wouldn't mend leads to
    the portal's login page.

    The body is of no interest and is not read.
    """
    app = request.app
    now = app[CLOCK]()
    try:
        case = await _find_case(request, now)
        if not case.may_be_paid:
            await _note_refused(request, case.id, ClickOutcome.CASE_ENDED, now)
            app[METRICS].count_click(ClickOutcome.CASE_ENDED)
            return _ended(request, case)
        async with redis_within(app[DEADLINES].redis):
            wait_seconds = await app[STORE].clicks.allow(case.id, now)
    except _NoCaseError as problem:
        return problem.answer
    except RedisAwayError:
        return _away(request, None, ClickOutcome.REDIS_AWAY)
    if wait_seconds is not None:
        await _note_refused(request, case.id, ClickOutcome.TOO_MANY, now)
        app[SPARING_LOG].warning("click.too_many", case_id=case.id)
        app[METRICS].count_click(ClickOutcome.TOO_MANY)
        seconds = max(1, math.ceil(wait_seconds))
        minutes = math.ceil(seconds / 60)
        return show_page(request, Page.TOO_MANY, 429, {hdrs.RETRY_AFTER: str(seconds)}, minutes=minutes)
    return await _lead_on(request, case, now)


async def _lead_on(request: web.Request, case: Case, now: datetime) -> web.Response:
    app = request.app
    try:
        deep_link = await _make_deep_link(request, case, now)
    except _OverError as over:
        await _note(request, case.id, Entry(kind=Kind.CLICK_FOUND, reason=over.page.value), now)
        log.info("click.found_over", case_id=case.id, page=over.page)
        app[METRICS].count_click(FOUND_OVER[over.page])
        return show_page(request, over.page)
    except _DetourError as detour:
        await _note(request, case.id, Entry(kind=Kind.CLICK_FELL_BACK, reason=detour.reason), now)
        if detour.reason in MAY_WORK_LATER:
            await _take_back(request, case.id)
            return _away(request, case.id, detour.reason, detour.error)
        return _fall_back(request, case.id, detour.reason, detour.error)
    await _note(request, case.id, Entry(kind=Kind.CLICKED), now, of_click(case, now))
    log.info("click.led_to_paddle", case_id=case.id)
    app[METRICS].count_click(ClickOutcome.LED_TO_PADDLE)
    return _see_other(deep_link)


# If a click found the debt to be over, how it is counted, by the page that says so.
FOUND_OVER = {Page.PAID: ClickOutcome.ALREADY_PAID, Page.CLOSED: ClickOutcome.ALREADY_OVER}
# Of the mails about a debt, the first that reminds of it.
FIRST_REMINDER = 2
# For who asks again by themselves.
TRY_AGAIN_SECONDS = "60"
# So long after a click, the customer may have paid, and Paddle's event may be on its way.
JUST_CLICKED = timedelta(hours=1)
# A click that led nowhere for one of these reasons is taken back from the limit, since the link may work again later.
MAY_WORK_LATER = frozenset({ClickOutcome.PADDLE_UNREACHABLE, ClickOutcome.NO_GRANT, ClickOutcome.REDIS_AWAY})


@dataclass
class _NoCaseError(Exception):
    """The link leads to no case; this is the page that says so."""

    answer: web.Response


@dataclass
class _OverError(Exception):
    """Paddle says that the debt is over; this is the page that says so to the customer."""

    page: Page


@dataclass
class _DetourError(Exception):
    """No deep link can be made now. `reason` says why, in a word for the log and the case's story."""

    reason: ClickOutcome | HoldWord
    error: Exception


async def _find_case(request: web.Request, now: datetime) -> Case:
    app = request.app
    try:
        case_id = read_claim(request, now).case_id
    except ExpiredLinkError:
        raise _NoCaseError(show_page(request, Page.EXPIRED, 410)) from None
    except InvalidLinkError:
        raise _NoCaseError(show_page(request, Page.UNKNOWN, 404)) from None
    async with redis_within(app[DEADLINES].redis):
        case = await app[STORE].cases.read(case_id)
    if case is None:
        raise _NoCaseError(show_page(request, Page.UNKNOWN, 404))
    return case


def _ended(request: web.Request, case: Case) -> web.Response:
    return show_page(request, Page.PAID if case.state is CaseState.RECOVERED else Page.CLOSED)


def _stop_link(request: web.Request, case: Case) -> str:
    """Return the link that stops the case's reminders, from the first reminder on; before, and after, there is none."""
    if not case.is_open or mails_sent(case, but=None) < FIRST_REMINDER:
        return ""
    app, claim = request.app, request[CLAIM]
    token = app[LINKS].sign(
        case.id,
        case.failed_at + LINK_LIFETIME,
        Purpose.STOP_REMINDERS,
        language=claim.language,
        brand=claim.brand,
    )
    return f"{app[SETTINGS].public_url}/pay/stop/{token}"


async def _make_deep_link(request: web.Request, case: Case, now: datetime) -> str:
    """Ask Paddle whether the debt stands, if the API budget has room for that too, and make a portal session."""
    app = request.app
    origins = app[SETTINGS].paddle.portal_origins
    try:
        async with asyncio.timeout(app[DEADLINES].paddle.total_seconds()):
            grant, *to_ask = await _ask_grants(request)
            for one in to_ask:
                await _check_debt(request, case, one, now, not_needed=grant)
            session = await app[PADDLE].create_portal_session(case.customer_id, [case.subscription_id], grant)
        return session.update_link(case.subscription_id, origins)
    except OperatorMustActError as error:
        raise _DetourError(error.hold, error) from None
    except RedisAwayError as error:
        raise _DetourError(ClickOutcome.REDIS_AWAY, error) from None
    except GrantRefusedError as error:
        raise _DetourError(ClickOutcome.NO_GRANT, error) from None
    except (TransientError, TimeoutError) as error:
        raise _DetourError(ClickOutcome.PADDLE_UNREACHABLE, error) from None
    except REDIS_ERRORS as error:
        # From the limiter inside the client. TimeoutError is one of REDIS_ERRORS too, but here it is Paddle's, so it
        # is caught before.
        raise _DetourError(ClickOutcome.REDIS_AWAY, error) from None
    except UnsafePortalUrlError as error:
        raise _DetourError(ClickOutcome.UNSAFE_LINK, error) from None
    except PermanentError as error:
        raise _DetourError(ClickOutcome.PADDLE_REFUSED, error) from None


async def _ask_grants(request: web.Request) -> list[Grant]:
    """Reserve two calls, or one if there is no room for two."""
    limiter = request.app[STORE].limiter
    async with redis_within(request.app[DEADLINES].redis):
        grants = await limiter.ask(2, background=False) or await limiter.ask(1, background=False)
    if not grants:
        raise GrantRefusedError("The API budget has no room for a click.")
    return grants


async def _check_debt(request: web.Request, case: Case, grant: Grant, now: datetime, *, not_needed: Grant) -> None:
    """Go on if the debt stands, or if that can't be learned.

    Raises:
        _OverError: the debt is over.
        _DetourError: the debt is another customer's, and nobody may be signed in as somebody else.
    """
    app = request.app
    live = await ask_paddle(app, case, grant)
    if live is None:
        return
    page = await close_if_over(app, case, live, now)
    is_anothers = live.customer is not None and live.customer.id != case.customer_id
    if page is None and not is_anothers:
        return
    with contextlib.suppress(RedisAwayError):  # the grant lapses by itself
        async with redis_within(app[DEADLINES].redis):
            await app[STORE].limiter.give_back([not_needed])
    if page is not None:
        raise _OverError(page)
    raise _DetourError(ClickOutcome.OTHER_CUSTOMER, PermanentError(f"the debt of case {case.id} is another customer's"))


async def _note(request: web.Request, case_id: str, entry: Entry, now: datetime, told: OutEvent | None = None) -> None:
    """Add to the case's story, and tell it. If that is not possible, the click works all the same."""
    try:
        async with redis_within(request.app[DEADLINES].redis):
            await request.app[STORE].cases.note(case_id, entry, now, told)
    except RedisAwayError as error:
        request.app[SPARING_LOG].warning("click.not_noted", case_id=case_id, reason=str(error))


async def _note_refused(request: web.Request, case_id: str, why: ClickOutcome, now: datetime) -> None:
    """Add a refused click to the case's story, unless another was within the hour."""
    try:
        async with redis_within(request.app[DEADLINES].redis):
            is_news = await request.app[STORE].clicks.is_news(case_id)
    except RedisAwayError:
        return
    if is_news:
        await _note(request, case_id, Entry(kind=Kind.CLICK_REFUSED, reason=why), now)


async def _take_back(request: web.Request, case_id: str) -> None:
    try:
        async with redis_within(request.app[DEADLINES].redis):
            await request.app[STORE].clicks.take_back(case_id)
    except RedisAwayError as error:
        request.app[SPARING_LOG].warning("click.not_taken_back", case_id=case_id, reason=str(error))


def _away(
    request: web.Request, case_id: str | None, reason: ClickOutcome | HoldWord, error: Exception | None = None
) -> web.Response:
    """Say that it can't be done now, and offer another try and the portal's login page."""
    _tell_fallen_back(request, case_id, reason, error)
    return show_page(request, Page.AWAY, HTTPStatus.SERVICE_UNAVAILABLE, {hdrs.RETRY_AFTER: TRY_AGAIN_SECONDS})


def _fall_back(
    request: web.Request, case_id: str | None, reason: ClickOutcome | HoldWord, error: Exception | None = None
) -> web.Response:
    """Lead to the portal's login page, which never expires and holds no token."""
    _tell_fallen_back(request, case_id, reason, error)
    return _see_other(request.app[SETTINGS].portal_login_url)


def _tell_fallen_back(
    request: web.Request, case_id: str | None, reason: ClickOutcome | HoldWord, error: Exception | None
) -> None:
    why = type(error).__name__ if error else None
    request.app[SPARING_LOG].warning("click.fell_back", reason, case_id=case_id, reason=reason, error=why)
    request.app[METRICS].count_click(reason)


def _see_other(url: str) -> web.Response:
    # Not HTTPSeeOther: it would parse the URL and quote it anew.
    return web.Response(status=303, headers={hdrs.LOCATION: url})
