"""JSON as a stranger, a bug or a new version of Paddle's might send it: a good document with a few things changed."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

# Values that have upset parsers: of another kind, too large, too long, nearly right.
ODD: Sequence[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1.5,
    float("inf"),
    float("nan"),
    "",
    " ",
    "0",
    "-1",
    "١٢",
    "1e400",
    "9" * 5000,
    "x" * 5000,
    "a\x00b",
    "\r\nBcc: all@example.com",
    "\u202e",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:60-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T00:00:00Z",
    "2026-11-22T10:00:02",
    "2026-11-22T10:00:02.1234567890123Z",
    [],
    [[]],
    [None],
    {},
    {"id": None},
]


@st.composite
def mutated(draw: st.DrawFn, document: object) -> bytes:
    """Give the document as JSON with up to four values replaced, left out or wrapped, perhaps cut short."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 4))):
        changed = _change(draw, changed)
    text = json.dumps(changed, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    cut = draw(st.integers(0, 12))
    if cut == 1:
        return text[: draw(st.integers(0, len(text)))]
    if cut == 2:
        at = draw(st.integers(0, len(text)))
        return text[:at] + draw(st.binary(max_size=4)) + text[at + draw(st.integers(0, 4)) :]
    return text


def _change(draw: st.DrawFn, document: object) -> object:
    paths = [*_paths(document)]
    if not paths:
        return copy.deepcopy(draw(st.sampled_from(ODD)))
    *way, last = draw(st.sampled_from(paths))
    parent: Any = document
    for part in way:
        parent = parent[part]
    match draw(st.sampled_from(["replace", "replace", "leave out", "wrap", "empty"])):
        case "replace":
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD) | st.text(max_size=20)))
        case "leave out":
            del parent[last]
        case "wrap":
            parent[last] = draw(st.sampled_from([[parent[last]], {"data": parent[last]}, [parent[last], None]]))
        case _:
            parent[last] = [] if isinstance(parent[last], list) else {}
    return document


def _paths(value: object) -> Iterator[Path]:
    """List the ways to everything inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (key,)
        for path in _paths(item):
            yield (key, *path)
