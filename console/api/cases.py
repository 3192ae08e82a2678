"""Cases, as operators see and change them."""

from http import HTTPStatus

from aiohttp import web

from console.api.models import CaseFile, CaseList, CasePath, CasesQuery, Done, Nothing, SendNowRequest
from console.api.problems import ProblemError
from console.keys import CAMPAIGNS, CLOCK, STORE, TOKEN
from dunning.casebook import as_json, by_hand
from dunning.casebook.case_page import read_case_page
from dunning.casebook.find import CaseQuery, read_case_file, states_asked
from dunning.errors import CaseNotFoundError, NotPossibleError


async def list_cases(request: web.Request, _path: Nothing, query: CasesQuery, _body: Nothing) -> CaseList:
    """Give a page of cases."""
    store, now = request.app[STORE], request.app[CLOCK]()
    found = await read_case_page(store, request.app[CAMPAIGNS], _wanted(query), query.limit, now, query.cursor)
    excluded = {one.id for one in await store.exclusions.all()}
    told = as_json.listed(found.cases, await store.brakes.paused(), excluded, more=found.cursor is not None)
    return CaseList.model_validate({**told, "cursor": found.cursor})


async def read_case(request: web.Request, path: CasePath, _query: Nothing, _body: Nothing) -> CaseFile:
    """Tell everything about one case.

    Raises:
        ProblemError: there is no such case.
    """
    store, now = request.app[STORE], request.app[CLOCK]()
    try:
        found = await read_case_file(store, request.app[CAMPAIGNS], path.transaction_id, now)
    except CaseNotFoundError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from None
    return CaseFile.model_validate(as_json.told(found))


async def stop(request: web.Request, path: CasePath, _query: Nothing, _body: Nothing) -> Done:
    """End a case.

    Raises:
        ProblemError: there is no such case, or it can't be changed.
    """
    app = request.app
    try:
        said = await by_hand.stop(app[STORE], app[CAMPAIGNS], path.transaction_id, app[CLOCK](), by=_who(request))
    except NotPossibleError as error:
        raise _refusal(error) from None
    return Done(said=said)


async def send_now(request: web.Request, path: CasePath, _query: Nothing, body: SendNowRequest) -> Done:
    """Make a step due now.

    Raises:
        ProblemError: there is no such case, or the step can't be sent.
    """
    app = request.app
    try:
        said = await by_hand.send_now(
            app[STORE], app[CAMPAIGNS], path.transaction_id, body.step, app[CLOCK](), by=_who(request)
        )
    except NotPossibleError as error:
        raise _refusal(error) from None
    return Done(said=said)


async def resend(request: web.Request, path: CasePath, _query: Nothing, _body: Nothing) -> Done:
    """Send the last mail once more.

    Raises:
        ProblemError: there is no such case, or nothing can be sent again.
    """
    app = request.app
    try:
        said = await by_hand.resend(app[STORE], app[CAMPAIGNS], path.transaction_id, app[CLOCK](), by=_who(request))
    except NotPossibleError as error:
        raise _refusal(error) from None
    return Done(said=said)


def _wanted(query: CasesQuery) -> CaseQuery:
    return CaseQuery(
        campaign=query.campaign,
        subscription=query.subscription,
        customer=query.customer,
        states=states_asked([query.state] if query.state else [], reason=query.reason),
        reason=query.reason,
        since=query.since,
    )


def _who(request: web.Request) -> str:
    return request[TOKEN].name


def _refusal(error: NotPossibleError) -> ProblemError:
    missing = isinstance(error, CaseNotFoundError)
    return ProblemError(HTTPStatus.NOT_FOUND if missing else HTTPStatus.CONFLICT, str(error))
