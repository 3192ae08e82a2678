"""Errors as programs read them: https://www.rfc-editor.org/rfc/rfc9457."""

import json
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from dunning.store import REDIS_ERRORS

log = structlog.get_logger()

CONTENT_TYPE = "application/problem+json"
# For who asks again by themselves.
SOON_SECONDS = 5


class ProblemError(Exception):
    """What is wrong with a request, or why it can't be done now. `detail` is a sentence for whoever made it."""

    def __init__(self, status: HTTPStatus, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong as a problem. What a fault of ours says is logged by its kind alone."""
    try:
        return await handler(request)
    except ProblemError as problem:
        return _answer(problem.status, problem.detail, problem.retry_after)
    except web.HTTPException as answer:
        headers = {str(hdrs.ALLOW): allowed} if (allowed := answer.headers.get(hdrs.ALLOW)) else {}
        return _answer(HTTPStatus(answer.status), answer.reason, None, headers)
    except REDIS_ERRORS as error:
        log.warning("console.redis_away", error=type(error).__name__)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "The store does not answer. Try again.", SOON_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold what no log may
        log.error("console.failed", error=type(error).__name__)  # noqa: TRY400 - same
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here. It is noted.", None)


def _answer(
    status: HTTPStatus, detail: str, retry_after: int | None, headers: dict[str, str] | None = None
) -> web.Response:
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    said = dict(headers or {})
    if retry_after is not None:
        said[hdrs.RETRY_AFTER] = str(retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        said[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return web.Response(text=json.dumps(body), status=status, content_type=CONTENT_TYPE, headers=said)
