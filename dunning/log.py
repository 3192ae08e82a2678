"""Logs: one JSON object a line on standard error, with no more in it than may be kept.

An exception is told as its class and where it happened, never by its message: those of libraries quote what they
choke on, be it a customer's address or a link. For the same reason a line of a library holds its text before any
values were filled in.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

SCRUBBED = "[scrubbed]"

# The last resort: nothing should log any of these, and if something does, this is what is seen of it.
_SECRETS = re.compile(
    r"""
      pga_[\w.~-]+                                    # a portal session's token
    | (?<=/pay/)[^\s"\\?]+                            # the token of a payment link
    | pdl_(?:live|sdbx|ntfset)_\w+                    # an API key, a notification destination's secret
    | whsec_[\w+/=-]+                                 # a mail provider's
    | (?<=://)[^\s"\\/@]*:[^\s"\\/@]+(?=@)            # a login in a URL
    | [^\s"\\@<>(),;:\[\]/]+@[\w-]+(?:\.[\w-]+)+      # a mail address
    """,
    re.VERBOSE,
)

# Each of them has one of these, and a line without any is spared the search.
_SIGNS = ("@", "/pay/", "pga_", "pdl_", "whsec_")


def configure() -> None:
    """Send our own log and that of every library, from warnings on, to standard error."""
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_StandardError,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_LibraryLog()], level=logging.WARNING, force=True)
    sys.excepthook = _log_crash


def scrub(text: str) -> str:
    """Replace what must never be in a log."""
    for sign in _SIGNS:
        if sign in text:
            return _SECRETS.sub(SCRUBBED, text)
    return text


def _log_crash(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    structlog.get_logger().critical("process.crashed", exc_info=error)


def _class_names(error: BaseException) -> list[str]:
    names = [type(error).__name__]
    seen = {id(error)}
    while (cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__)) is not None:
        if id(cause) in seen:
            break
        seen.add(id(cause))
        names.append(type(cause).__name__)
        error = cause
    return names


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def _plain(value: object) -> str:
    return type(value).__name__ if isinstance(value, BaseException) else str(value)


_encode = json.JSONEncoder(default=_plain).encode


def _render(_logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    """Write an event as a line. It is structlog's only processor: each further one costs every line its call."""
    name, exc_info = event.pop("event"), event.pop("exc_info", None)
    line = {
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": "error" if method == "exception" else method,
        "event": name,
        **event,
        **(_described(exc_info) if exc_info else {}),
    }
    # The finished line is scrubbed, so that nothing slips through in a nested value. No pattern takes a quote or a
    # backslash: it stays JSON.
    return scrub(_encode(line))


def _described(exc_info: object) -> dict[str, list[str]]:
    """Describe an exception by class names, the last cause last, and places."""
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        return {}
    return {"exception": _class_names(error), "frames": _frames(error.__traceback__)}


# One list for ever: loggers keep what they were first used with, since a new one for each line takes some 8 of a
# webhook's 190 microseconds. structlog's `capture_logs` changes the list itself.
_PROCESSORS: list[structlog.typing.Processor] = [_render]


class _StandardError:
    """Writes finished lines. That a line can't be written must not stop the work it is about."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass

    debug = info = warning = error = critical = exception = msg


class _LibraryLog(logging.Handler):
    """Passes on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            f"library.{record.name}",
            # Asyncio puts its objects, with the messages of their exceptions, on further lines.
            message=str(record.msg).partition("\n")[0],
            exc_info=record.exc_info,
        )
