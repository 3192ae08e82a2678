"""The filters of Paddle's lists: https://developer.paddle.com/api-reference/about/filtering."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus

from paddle_twin.bodies import Json
from paddle_twin.errors import ApiError

# `filter` is the id of one of these.
_ABOUT = ("id", "transaction_id", "subscription_id", "customer_id")
_COMPARED = {"": operator.eq, "[LT]": operator.lt, "[LTE]": operator.le, "[GT]": operator.gt, "[GTE]": operator.ge}
_ID = re.compile(r"[a-z]+_[a-z\d]{26}")


def with_values(entities: Iterable[Json], query: Mapping[str, str], fields: tuple[str, ...]) -> list[Json]:
    """Keep the entities whose fields have one of the values that the query lists.

    Raises:
        ApiError: a field wants ids, and a value is none.
    """
    wanted = {name: set(query[name].split(",")) for name in fields if name in query}
    for name, values in wanted.items():
        if name.endswith("id") and not all(_ID.fullmatch(value) for value in values):
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field=name)
    return [one for one in entities if all(one[name] in values for name, values in wanted.items())]


def with_times(entities: Iterable[Json], query: Mapping[str, str], fields: tuple[str, ...]) -> list[Json]:
    """Keep the entities whose times are as the query wants them, as in `created_at[LT]=2026-11-03T00:00:00Z`.

    Raises:
        ApiError: a value is no time.
    """
    return [
        one
        for one in entities
        if all(
            _is_so(one[name], compare, query[asked], name)
            for name in fields
            for word, compare in _COMPARED.items()
            if (asked := f"{name}{word}") in query
        )
    ]


def is_between(occurred_at: str, query: Mapping[str, str]) -> bool:
    """Tell whether something happened within `from` and `to`.

    Raises:
        ApiError: one of them is no time.
    """
    at = datetime.fromisoformat(occurred_at)
    return ("from" not in query or at >= moment(query["from"], "from")) and (
        "to" not in query or at <= moment(query["to"], "to")
    )


def is_about(entity: Json, query: Mapping[str, str]) -> bool:
    """Tell whether an entity is, or belongs to, the transaction, subscription or customer that `filter` names."""
    return "filter" not in query or query["filter"] in [entity.get(name) for name in _ABOUT]


def moment(text: str, name: str) -> datetime:
    """Read the time that the filter `name` has.

    Raises:
        ApiError: it is no time.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field=name)
    return read


def _is_so(time: str | None, compare: Callable[[datetime, datetime], bool], wanted: str, name: str) -> bool:
    if wanted == "null":
        return time is None
    told = moment(wanted, name)
    return time is not None and compare(datetime.fromisoformat(time), told)
