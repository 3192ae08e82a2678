"""Paddle's error answers: https://developer.paddle.com/api-reference/about/errors."""

import uuid
from http import HTTPStatus

from aiohttp import web

_CODES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.CONFLICT: "concurrent_modification",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.BAD_GATEWAY: "bad_gateway",
    HTTPStatus.SERVICE_UNAVAILABLE: "service_unavailable",
}


class ApiError(Exception):
    """A call that is refused, with the code that says why and, if there is one, the field that is wrong."""

    def __init__(self, status: int, code: str | None = None, *, field: str | None = None) -> None:
        """Refuse with a status. Without `code`, the usual code of the status is given."""
        self.status = status
        self.code = code or _CODES.get(status, "unknown_error")
        self.field = field
        super().__init__(self.code)


def error_answer(error: ApiError, *, retry_after: str | None = None) -> web.Response:
    """Write an error."""
    is_ours = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS
    body: dict[str, object] = {
        "type": "api_error" if is_ours else "request_error",
        "code": error.code,
        "detail": f"The request was refused: {error.code.replace('_', ' ')}.",
        "documentation_url": f"https://developer.paddle.com/errors/shared/{error.code}",
    }
    if error.field:
        body["errors"] = [{"field": error.field, "message": "is not valid"}]
    return web.json_response(
        {"error": body, "meta": {"request_id": str(uuid.uuid4())}},
        status=error.status,
        headers={"Retry-After": retry_after} if retry_after else {},
    )
