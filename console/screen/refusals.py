"""What is shown in place of a page."""

from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from console.screen.render import render
from dunning.store import REDIS_ERRORS

log = structlog.get_logger()

_SAID = {
    HTTPStatus.NOT_FOUND: "There is no such page.",
    HTTPStatus.METHOD_NOT_ALLOWED: "That can't be done here.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That was too much at once.",
}


class RefusedError(Exception):
    """Why a page isn't shown, or a change isn't made. `detail` is a sentence for whoever asked."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def show_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show whatever goes wrong as a page. What a fault of ours says is logged by its kind alone."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refusal(request, refused.status, refused.detail)
    except web.HTTPException as answer:
        response = refusal(request, HTTPStatus(answer.status), _SAID.get(HTTPStatus(answer.status), answer.reason))
        if allowed := answer.headers.get(hdrs.ALLOW):
            response.headers[hdrs.ALLOW] = allowed
        return response
    except REDIS_ERRORS as error:
        log.warning("console.redis_away", error=type(error).__name__)
        return refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, "The store does not answer. Try again in a moment.")
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold what no log may
        log.error("console.failed", error=type(error).__name__)  # noqa: TRY400 - same
        return refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here. It is noted.")


def refusal(request: web.Request, status: HTTPStatus, detail: str) -> web.Response:
    """Return a page that says why there is none."""
    return render(request, "refused.html", status=status, title=status.phrase, detail=detail)
