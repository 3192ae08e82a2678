"""`dunning webhooks`, which notes at every few milliseconds of its CPU time what it is at. SIGUSR1 begins a round.

A sample belongs to whoever is named first, going outwards from the line that runs: what Redis' client does in our
name is the trip's, and what asyncio does is its caller's. Work inside of C shows at the next line of Python.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType, ModuleType

import aiohttp
import hiredis
import prometheus_client
import pydantic
import redis
import structlog

import dunning.store
import webhooks
from cli.main import main
from dunning import log
from dunning.paddle import events, projection, signature

EVERY_SECONDS = 0.004

# Whose a file is, by where it is. Named as modules, so that one that moves is missed here.
OWNERS: dict[str, tuple[ModuleType, ...]] = {
    "the signature": (signature,),
    "reading the JSON, and keeping to what may be kept": (events, projection, pydantic),
    "the trip to Redis": (dunning.store, redis, hiredis),
    "the log": (log, structlog),
    "deadlines, metrics and the rest of our handler": (webhooks, prometheus_client),
    "aiohttp and the loop": (aiohttp,),
}
SHARES = tuple(OWNERS)

_PLACES = {
    str(module.__file__).removesuffix("__init__.py"): name for name, modules in OWNERS.items() for module in modules
}
_rounds: list[Counter[str]] = []


def share_of(frame: FrameType | None) -> str:
    """Say whose a sample is. What is nobody's is aiohttp's: the loop runs for its sake."""
    while frame is not None:
        for place, name in _PLACES.items():
            if frame.f_code.co_filename.startswith(place):
                return name
        frame = frame.f_back
    return SHARES[-1]


def _note(_number: int, frame: FrameType | None) -> None:
    _rounds[-1][share_of(frame)] += 1


def _begin_round(_number: int, _frame: FrameType | None) -> None:
    _rounds.append(Counter())
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)


if __name__ == "__main__":
    results = Path(sys.argv[1])
    signal.signal(signal.SIGPROF, _note)
    signal.signal(signal.SIGUSR1, _begin_round)
    sys.argv = ["dunning", "webhooks"]
    try:
        main()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        results.write_text(json.dumps(_rounds))
