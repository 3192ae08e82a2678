"""The time limits that depend on each other; `tests/unit/test_time_limits.py` asserts how."""

from datetime import timedelta
from typing import Final

# What sending a batch waits for, one after the other.
PADDLE_CALL: Final = timedelta(seconds=10)
MINTING: Final = timedelta(seconds=5)
UP_TO_RCPT: Final = timedelta(seconds=10)
DATA: Final = timedelta(seconds=20)

# The jobs. A killed worker's job comes back after the longest of these and arq's ten seconds more.
HANDLE_EVENT: Final = timedelta(seconds=15)
SEND_STEPS: Final = timedelta(seconds=48)
MARK_OUTLIVES_JOB: Final = timedelta(seconds=10)

# Whose step it is, and when a case whose worker is gone comes back.
CLAIM: Final = timedelta(seconds=50)
LEASE: Final = timedelta(seconds=60)

# SIGTERM: the jobs at hand are finished; then arq's loop, its pool, and the sweep are each given a moment, then what is
# being recorded, then the mail server is told good-bye.
DRAIN: Final = timedelta(seconds=49)
LEAVE: Final = timedelta(seconds=2)
LAST_RECORDS: Final = timedelta(seconds=2)
GOODBYE: Final = timedelta(seconds=1)
END: Final = timedelta(seconds=60)
