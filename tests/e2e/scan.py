"""A search for what must never be at rest, in a log or in a metric: tokens, links, people and secrets."""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from redis.asyncio import Redis


@dataclass(frozen=True, slots=True)
class Place:
    """Something that is at rest or shown, and where that is."""

    where: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What must be found nowhere."""

    what: str
    pattern: re.Pattern[bytes]


SHAPES = (
    Forbidden("a portal token", re.compile(rb"pga_")),
    Forbidden("a portal URL", re.compile(rb"://[^/\s\"]+/cpl_")),
    # The one thing that may follow is the template under which answers are counted.
    Forbidden("a payment link", re.compile(rb"/pay/(?!\{token\})[^\s\"]")),
    Forbidden("what only the log's last resort took out", re.compile(rb"\[scrubbed\]")),
)


def forbid(what: str, values: Iterable[str]) -> list[Forbidden]:
    """Forbid these values in every spelling that a careless line of code could give them."""
    return [Forbidden(what, re.compile(b"|".join(map(re.escape, spellings(value))), re.IGNORECASE)) for value in values]


def spellings(value: str) -> set[bytes]:
    """Give a value's spellings: as it is, as JSON, HTML, a URL and base64 have it, and within more base64."""
    ways: list[Callable[[str], str]] = [str, lambda text: json.dumps(text)[1:-1], html.escape]
    ways += [quote, lambda text: quote(text, safe=""), quote_plus]
    # Bytes are compared without regard to case for ASCII only.
    texts = {way(text) for text in (value, value.lower(), value.upper()) for way in ways}
    return {text.encode() for text in texts} | {_base64_after(shift, value.encode()) for shift in range(3)}


def search(places: Iterable[Place], forbidden: Sequence[Forbidden]) -> list[str]:
    """Tell what is where it must not be, a sentence each."""
    return [
        f"{sought.what} is in {place.where}"
        for place in places
        for sought in forbidden
        if sought.pattern.search(place.content)
    ]


def places_in_files(folder: Path) -> list[Place]:
    """Give every file in a folder."""
    return [Place(f"the file {path.name}", path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


async def places_in_redis(url: str) -> list[Place]:
    """Give every key of a Redis with all that it holds, whatever its type."""
    redis: Any = Redis.from_url(url)
    try:
        places = []
        async for key in redis.scan_iter():
            parts = await _parts(redis, key)
            places.append(Place(f"the key {key.decode(errors='replace')}", b"\n".join([key, *parts])))
        return places
    finally:
        await redis.aclose()


async def _parts(redis: Any, key: bytes) -> list[bytes]:  # noqa: ANN401 - redis-py's annotations are of no use
    parts: list[bytes]
    match kind := (await redis.type(key)).decode():
        case "none":  # it has just expired
            parts = []
        case "string":
            parts = [await redis.get(key) or b""]
        case "list":
            parts = await redis.lrange(key, 0, -1)
        case "set":
            parts = list(await redis.smembers(key))
        case "zset":
            parts = await redis.zrange(key, 0, -1)
        case "hash":
            parts = [part for pair in (await redis.hgetall(key)).items() for part in pair]
        case "stream":
            parts = [part for _, entry in await redis.xrange(key) for pair in entry.items() for part in pair]
        case _:
            raise AssertionError(f"nobody has said how to read a {kind}")
    return parts


def _base64_after(shift: int, raw: bytes) -> bytes:
    """Give the base64 that depends on `raw` alone, where `shift` bytes go before it in a group of three."""
    encoded = base64.b64encode(bytes(shift) + raw)
    return encoded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
