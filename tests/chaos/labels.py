"""Names for requests that are the same in every run: what is asked for, without ids, times and links."""

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from dunning.jobs import Job
from dunning.queue import QUEUE
from dunning.store.driver import scripts

# Asked for again and again, whether or not there is anything to do: what there may be to find, how the answer shows it,
# and what put it there.
POLLS: dict[str, dict[str, tuple[str, str]]] = {
    f"ZRANGEBYSCORE {QUEUE}": {
        Job.HANDLE_EVENTS: (Job.HANDLE_EVENTS, "EVALSHA accept"),
        Job.SEND_STEPS: (Job.SEND_STEPS, "EVALSHA sweep"),
    },
    "EVALSHA sweep": {"a case": (":1", "EVALSHA commit")},
    "EVALSHA redrive": {"an event": (":1", "EVALSHA accept")},
}

# How arq looks at a job that a poll has found, before it takes it.
LOOKS = ("WATCH", "EXISTS", "ZSCORE")

# What Redis carries out only at the end of a transaction, if that comes.
QUEUED = " (queued)"

# A connection's beginning, and a look at the clock. When they come is not ours to say.
UNTIMED = frozenset({"CLIENT", "SELECT", "HELLO", "INFO", "DBSIZE", "TIME"})
_ID = re.compile(r"(?<=[:/])(?P<kind>[a-z]+)_[0-9a-z]{26}|:[0-9a-f]{32}")
_SCRIPTS = {
    sha1(script.read_bytes()).hexdigest(): script.name.removesuffix(".lua")  # noqa: S324 - how Redis names them
    for script in files(scripts).iterdir()
    if script.name.endswith(".lua")
}


def is_untimed(label: str) -> bool:
    """Tell whether a request comes when it will, and not at one place of the case's life."""
    return label.split(maxsplit=1)[0] in UNTIMED


def is_half_a_transaction(label: str) -> bool:
    """Tell whether nothing has happened yet when this has passed."""
    return label.startswith("MULTI") or label.endswith(QUEUED)


def is_another_look(label: str, nth: int) -> bool:
    """Tell whether this is arq looking at a job that runs already, as it does as often as it has the time."""
    return label.startswith("UNWATCH") or (label.startswith(LOOKS) and nth > 1)


def poll_before(label: str) -> str | None:
    """Name the poll that must have found a job before arq looks at it; None for what is no such look."""
    found_by = (f"ZRANGEBYSCORE {QUEUE} → {job}" for job in Job if job in label)
    return next(found_by, None) if label.startswith(LOOKS) else None


def found(label: str, answer: bytes) -> list[str]:
    """Return what a poll's answer brought, each as a name for the poll; nothing for one that was idle."""
    return [f"{label} → {what}" for what, (shown, _) in POLLS[label].items() if shown.encode() in answer]


def source(name: str) -> tuple[str, str]:
    """Return, of a poll that found something, its label and what had put there what it found."""
    label, _, what = name.partition(" → ")
    return label, POLLS[label][what][1]


def redis_label(words: Sequence[bytes]) -> str:
    """Name a command of Redis'."""
    command = words[0].decode().upper()
    if command != "EVALSHA":
        return " ".join([command, *map(_without_id, words[1:2]), *_jobs(words[2:3])])
    name = _SCRIPTS[words[1].decode()]
    return f"EVALSHA commit: {_written(words[3 + int(words[2]) :])}" if name == "commit" else f"EVALSHA {name}"


def http_label(raw: bytes) -> str:
    """Name an HTTP request."""
    method, target, _ = raw.split(b" ", 2)
    return f"{method.decode()} {_without_id(target.partition(b'?')[0])}"


def _without_id(word: bytes) -> str:
    return _ID.sub(lambda found: f"{{{found['kind']}}}" if found["kind"] else "", word.decode())


def _jobs(words: Sequence[bytes]) -> Iterator[str]:
    """Give the names of the jobs whose ids these are."""
    names = [word.decode(errors="replace").partition(":")[0] for word in words]
    return (name for name in names if name in set(Job))


def _written(arguments: Sequence[bytes]) -> str:
    """Say what a commit writes: what an event made of the case, else where its first delivery is on its way."""
    state, case, event_id = arguments[2].decode(), arguments[3], arguments[7]
    first: dict[str, Any] = json.loads(case).get("y", {}).get("first", {})
    if event_id:
        return state
    return first.get("s") or ("claimed" if "o" in first else "planned")
