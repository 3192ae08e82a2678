"""What surrounds the application: answers are counted, failures are caught and logged without anything private."""

import logging
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from webhooks.keys import METRICS, PAGES, SPARING_LOG
from webhooks.pages import Page
from webhooks.show_page import brand_of, show_page
from webhooks.sparing_log import SparingLog

UNMATCHED = "unmatched"


Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def surrounded(handle: Handle) -> Handle:
    """Surround what handles an application's requests. Middlewares take some 5 of a webhook's 170 microseconds more."""

    async def answer(given: web.BaseRequest) -> web.StreamResponse:
        request = cast("web.Request", given)
        try:
            response = await handle(request)
        except web.HTTPException as exception:
            _finish(request, exception)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its text and the path may hold what no log may
            response = _broke(request, error)
        _finish(request, response)
        return response

    return answer


def _finish(request: web.Request, response: web.StreamResponse) -> None:
    """Count an answer under its route's template. Under /pay each has the page's headers, redirects and errors too."""
    request.app[METRICS].count_request(route(request), response.status)
    if _is_of_pay(request):
        response.headers.update(request.app[PAGES].headers(brand_of(request)))


def _broke(request: web.Request, error: Exception) -> web.Response:
    """Answer for a handler that failed. aiohttp would log the request's path, which may be a payment link."""
    _tell(request.app[SPARING_LOG], error, route(request))
    if _is_of_pay(request):
        return show_page(request, Page.BROKE, HTTPStatus.INTERNAL_SERVER_ERROR)
    return web.Response(status=500, text="Something broke here. It is noted.")


def _is_of_pay(request: web.Request) -> bool:
    return request.path == "/pay" or request.path.startswith("/pay/")


def route(request: web.Request) -> str:
    """Return the template of the request's route, in which a token is `{token}`."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNMATCHED


class ServerLogger(logging.Logger):
    """Stands in for aiohttp's own logger, which logs the bytes of what is no HTTP: they may be a payment link."""

    def __init__(self, name: str, sparing_log: SparingLog | None = None) -> None:
        super().__init__(name)
        self._sparing_log = sparing_log or SparingLog()

    def exception(self, msg: object, *args: object, exc_info: object = True, **options: object) -> None:
        """Log what kind of error it was and where, and nothing else."""
        del msg, args, options
        if isinstance(exc_info, HttpProcessingError):
            error = type(exc_info).__name__
            self._sparing_log.info("http.not_understood", error, error=error)
        elif isinstance(exc_info, BaseException):
            _tell(self._sparing_log, exc_info, UNMATCHED)


def _tell(log: SparingLog, error: BaseException, template: str) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
    kind = f"{template} {where}"
    log.error("http.failed", kind=kind, route=template, error=type(error).__name__, where=where)
