"""A case: its story in words, what is next, what stands in the way, and the mail that is to come."""

from http import HTTPStatus

from aiohttp import hdrs, web

from console.keys import BACKSTAGE, CAMPAIGNS, CLOCK, STORE
from console.screen.refusals import RefusedError
from console.screen.render import MAIL_SECURITY_POLICY, render
from dunning.casebook.find import CaseFile, read_case_file
from dunning.casebook.plain_words import in_plain_words, readable
from dunning.casebook.step_rows import next_to_come
from dunning.errors import CaseNotFoundError, DunningError, NotPossibleError


async def show(request: web.Request) -> web.Response:
    """Show it."""
    found = await read_file(request)
    dead = [(one.at, f"The event {one.event_id} could not be handled: {one.reason}.") for one in found.dead]
    told = [(line.at, in_plain_words(line.entry)) for line in readable(found.story)]
    story = sorted([*told, *dead], key=lambda one: one[0])  # what happened at one moment stays in its order
    case = found.case
    excluded = {one.id for one in found.exclusions}
    return render(
        request,
        "case.html",
        title=f"Case {found.id}",
        found=found,
        case=case,
        story=story,
        coming=next_to_come(found.steps),
        pause=None if case is None else found.paused.all or found.paused.campaigns.get(case.campaign),
        not_excluded=[]
        if case is None
        else [one for one in (case.subscription_id, case.customer_id) if one not in excluded],
        now=request.app[CLOCK](),
    )


async def show_next_mail(request: web.Request) -> web.Response:
    """Show the mail that is to come, by what Paddle says now. A POST, since it asks Paddle; nothing of it is kept."""
    case_id, app = request.match_info["case_id"], request.app
    try:
        found = await app[BACKSTAGE].look_ahead(case_id, app[CLOCK]())
    except NotPossibleError as error:
        missing = isinstance(error, CaseNotFoundError)
        raise RefusedError(HTTPStatus.NOT_FOUND if missing else HTTPStatus.CONFLICT, str(error)) from None
    except DunningError as error:
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, f"Paddle can't be asked: {error}") from None
    response = render(
        request,
        "mail.html",
        title="The next mail",
        lines=found.lines,
        mail=found.mail,
        back=f"/cases/{case_id}",
        back_to=f"Case {case_id}",
        note="By what Paddle says now. Its links lead nowhere, it is sent to nobody, and it is kept nowhere.",
    )
    response.headers["Content-Security-Policy"] = MAIL_SECURITY_POLICY
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


async def read_file(request: web.Request) -> CaseFile:
    """Return everything about the case that the path names.

    Raises:
        RefusedError: there is none; it says what is known.
    """
    app = request.app
    try:
        return await read_case_file(app[STORE], app[CAMPAIGNS], request.match_info["case_id"], app[CLOCK]())
    except CaseNotFoundError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, str(error)) from None
