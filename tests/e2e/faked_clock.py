"""A clock that all processes share and none can tell from real time: libfaketime, in front of each program's libc.

https://github.com/wolfcw/libfaketime
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

PLACES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")) + sorted(
    Path("/opt").glob("*/opt/libfaketime/lib/faketime/libfaketimeMT.so.1")
)
LIBRARY = next(iter(PLACES), None)

# Where CI says that it is CI, a library that is missing is an error.
needs_libfaketime = pytest.mark.skipif(
    LIBRARY is None and os.environ.get("CI") != "true", reason="there is no libfaketime here"
)


class FakedClock:
    """Tells the time of every process that is started with its environment. It runs as fast as real time, and jumps."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta(0)
        self._write()

    def environment(self) -> dict[str, str]:
        """Give what a process has to be started with."""
        return {
            # libc's own allocator, ahead of a jemalloc: Debian's redis-server is linked to one that asks for the time
            # before libfaketime is ready to tell it.
            "LD_PRELOAD": f"{LIBRARY}:libc.so.6",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # Time-outs and pauses go by the monotonic clock, and stay as long as they are.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self._ahead

    def jump_to(self, moment: datetime) -> None:
        """Make it `moment` now, for everybody. A moment that is past changes nothing."""
        self._ahead = max(self._ahead, moment - datetime.now(UTC))
        self._write()

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"+{self._ahead.total_seconds():.3f}\n")
        fresh.replace(self._file)  # in one step: nobody reads half a number
