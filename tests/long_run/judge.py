"""Whether anything grew that has no reason to: a judgement of samples alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from dunning.store import keys

# Customers' lives last six hours: from here on, as many begin as end.
STEADY_FROM_HOUR = 8
# How much more the later half of the steady time may show than the earlier one: what is counted, and memory.
COUNT_SLACK, COUNT_SLACK_SHARE = 3, 0.05
# What a single round leaves for some minutes comes and goes: calls to Paddle, say.
ELEMENTS_SLACK = 30
MEMORY_SLACK_BYTES, MEMORY_SLACK_SHARE = 1_000_000, 0.02
# Elements for each case. What is less is kept by the hour or the day, whatever the number of cases.
KEPT_BY_CASE = 0.1

_ROW = re.compile(r"^\| (dunning:\S.*?) \| \w+ \| .* \|(.*)\|$", re.MULTILINE)
_ID = re.compile(r"(?<=[:.])[a-z]+_[0-9a-z]{26}|(?<=:)[0-9a-f]{32}")


@dataclass(frozen=True, order=True, slots=True)
class OfProcess:
    """What one process takes at one moment."""

    memory_bytes: int
    files: int
    """Open files: connections are files."""
    threads: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment, at which nothing is under way."""

    hour: float
    opened: int
    """Cases, by then."""
    processes: Mapping[str, OfProcess]
    redis_clients: int
    redis_memory_bytes: int
    """Without what the keys that may grow take, and the tables in which Redis finds its keys."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Of each kind of key: how many elements all of its keys hold together."""


def kind_of(key: str) -> str:
    """Return which row of the store's table of keys this is; of a key that isn't there, the key without ids."""
    fitting = [kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(key)]
    return max(fitting, key=lambda kind: (kind == key, len(kind)), default=_ID.sub("{}", key))


def is_known(kind: str) -> bool:
    """Say whether a kind stands in the table of keys."""
    return kind in _LIVES


def may_grow(kind: str) -> bool:
    """Say whether the table of keys lets a kind live for a day or longer, or be so many, so that a day sees it grow."""
    return bool(re.search(r"\d d\b|as its case|the last", _LIVES.get(kind, "")))


def grown(samples: Sequence[Sample]) -> Iterator[str]:
    """Say what grew without a reason, a sentence each."""
    steady = [sample for sample in samples if sample.hour >= STEADY_FROM_HOUR]
    middle = (steady[0].hour + steady[-1].hour) / 2
    early, late = [one for one in steady if one.hour <= middle], [one for one in steady if one.hour > middle]
    for name in steady[0].processes:
        of = [[sample.processes[name] for sample in half] for half in (early, late)]
        yield from _more_memory(f"{name}: memory", *([one.memory_bytes for one in half] for half in of))
        for what in ("files", "threads", "tasks"):
            yield from _more(f"{name}: {what}", *([getattr(one, what) for one in half] for half in of))
    yield from _more("Redis: clients", *([one.redis_clients for one in half] for half in (early, late)))
    yield from _more_memory("Redis: memory", *([one.redis_memory_bytes for one in half] for half in (early, late)))
    for kind in sorted({kind for sample in steady for kind in sample.sizes if not may_grow(kind)}):
        before, after = ([one.sizes.get(kind, 0) for one in half] for half in (early, late))
        yield from _more(f"Redis: {kind}", before, after, slack=ELEMENTS_SLACK)


def left(samples: Sequence[Sample], after: Sample) -> Iterator[str]:
    """Say what is still there when all that is kept of the day's cases should have gone, a sentence each.

    Args:
        samples: of the day.
        after: of long after; its cases are those that were opened since, and they have ended.
    """
    first, *_, last = [sample for sample in samples if sample.hour >= STEADY_FROM_HOUR]
    for kind in sorted(after.sizes):
        if "the last" in _LIVES.get(kind, ""):
            continue  # so many stay, however old
        each = (last.sizes.get(kind, 0) - first.sizes.get(kind, 0)) / (last.opened - first.opened)
        allowed: float = first.sizes.get(kind, 0)
        if may_grow(kind):
            # What is kept by the day is there twice over midnight.
            allowed = each * after.opened if each >= KEPT_BY_CASE else 2 * allowed
        yield from _more(f"Redis, long after: {kind}", [round(allowed)], [after.sizes[kind]])
    memory = [first.redis_memory_bytes], [after.redis_memory_bytes]
    yield from _more_memory("Redis, long after: memory", *memory)


def _more(what: str, early: Sequence[int], late: Sequence[int], *, slack: int = COUNT_SLACK) -> Iterator[str]:
    if max(late) > max(early) * (1 + COUNT_SLACK_SHARE) + slack:
        yield f"{what} grew from {max(early)} to {max(late)}."


def _more_memory(what: str, early: Sequence[int], late: Sequence[int]) -> Iterator[str]:
    if mean(late) > mean(early) * (1 + MEMORY_SLACK_SHARE) + MEMORY_SLACK_BYTES:
        yield f"{what} grew from {mean(early) / 1e6:.1f} MB to {mean(late) / 1e6:.1f} MB."


def _table() -> dict[str, str]:
    return {kind: lives.strip() for kind, lives in _ROW.findall(keys.__doc__ or "")}


_LIVES = _table()
_PATTERNS = {kind: re.compile(re.sub(r"\\\{.*?\\\}", ".+", re.escape(kind))) for kind in _LIVES}
