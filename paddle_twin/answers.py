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
    request: web.Request,
    links: Links,
    entities: Iterable[Json],
    *,
    most: int,
    usual: int,
    key: str = "id",
    orders: tuple[str, ...] = ("id",),
) -> web.Response:
    """Answer with the page that was asked for: https://developer.paddle.com/api-reference/about/pagination.

    `orders` are the fields by which the list can be sorted.
    """
    entities = list(entities)
    asked = request.query.get("per_page", str(usual))
    if not asked.isdecimal() or len(asked) > _MOST_DIGITS or int(asked) < 1:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="per_page")
    per_page = min(int(asked), most)
    field, newest_first = _order(request, orders)
    left = _after(request.query.get("after"), entities, key, field, newest_first=newest_first)
    shown = left[:per_page]
    last_id = shown[-1][key] if shown else request.query.get("after")
    next_url = URL(links.url).join(request.rel_url)
    pagination = {
        "per_page": per_page,
        # on the last page too, as Paddle does
        "next": str(next_url.update_query(after=last_id) if last_id else next_url),
        "has_more": len(left) > per_page,
        "estimated_total": len(entities),
    }
    return web.json_response({"data": shown, "meta": _meta() | {"pagination": pagination}})


def _order(request: web.Request, orders: tuple[str, ...]) -> tuple[str, bool]:
    """Read by which field the list is to be sorted, and whether the newest comes first."""
    name, _, direction = request.query.get("order_by", "id[DESC]").lower().partition("[")
    if name not in orders or direction not in {"asc]", "desc]"}:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="order_by")
    return name, direction == "desc]"


def _after(after: str | None, entities: list[Json], key: str, field: str, *, newest_first: bool) -> list[Json]:
    """Sort, and give what comes behind the entity `after`, which may have left the list if it is sorted by ids."""

    def place(entity: Json) -> tuple[str, str]:
        return "" if field == "id" else str(entity[field] or ""), str(entity[key])

    ordered = sorted(entities, key=place, reverse=newest_first)
    if after is None:
        return ordered
    if field == "id":
        limit = ("", after)
    else:
        known = {entity[key]: entity for entity in entities}
        if after not in known:
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="after")
        limit = place(known[after])
    return [entity for entity in ordered if (place(entity) < limit if newest_first else place(entity) > limit)]


def _meta() -> Json:
    return {"request_id": str(uuid.uuid4())}
