"""Paddle's answers: one entity, or a page of them."""

import json
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from paddle_twin.bodies import Json
from paddle_twin.errors import ApiError
from paddle_twin.links import Links

# Python turns no number with more than 4,300 digits into an int.
_MOST_DIGITS = 9


def entity(data: Json | list[Json], *, status: int = HTTPStatus.OK) -> web.Response:
    """Answer with one entity, or with all of a list that has no pages."""
    return web.json_response({"data": data, "meta": _meta()}, status=status)


def find(entities: Mapping[str, Json], request: web.Request, name: str = "id") -> Json:
    """Give the entity whose id is in the path.

    Raises:
        ApiError: there is none.
    """
    found = entities.get(request.match_info[name])
    if found is None:
        raise ApiError(HTTPStatus.NOT_FOUND)
    return found


async def body_of(request: web.Request) -> Json:
    """Read a JSON object.

    Raises:
        ApiError: the body is no JSON object.
    """
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_json")
    return body


def page(
    request: web.Request, links: Links, entities: Iterable[Json], *, most: int, usual: int, key: str = "id"
) -> web.Response:
    """Answer with the page that was asked for: https://developer.paddle.com/api-reference/about/pagination."""
    entities = list(entities)
    asked = request.query.get("per_page", str(usual))
    if not asked.isdecimal() or len(asked) > _MOST_DIGITS or int(asked) < 1:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="per_page")
    per_page = min(int(asked), most)
    after = request.query.get("after")
    newest_first = _is_newest_first(request)
    ordered = sorted(entities, key=lambda found: str(found[key]), reverse=newest_first)
    left = [found for found in ordered if after is None or _is_past(found[key], after, newest_first=newest_first)]
    shown = left[:per_page]
    last_id = shown[-1][key] if shown else after or ""
    next_url = URL(links.url).join(request.rel_url).update_query(after=last_id)
    pagination = {
        "per_page": per_page,
        "next": str(next_url),  # on the last page too, as Paddle does
        "has_more": len(left) > per_page,
        "estimated_total": len(entities),
    }
    return web.json_response({"data": shown, "meta": _meta() | {"pagination": pagination}})


def _is_newest_first(request: web.Request) -> bool:
    order = request.query.get("order_by", "id[DESC]").upper()
    if order not in {"ID[ASC]", "ID[DESC]"}:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="order_by")
    return order == "ID[DESC]"


def _is_past(entity_id: str, after: str, *, newest_first: bool) -> bool:
    return entity_id < after if newest_first else entity_id > after


def _meta() -> Json:
    return {"request_id": str(uuid.uuid4())}
