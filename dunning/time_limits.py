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
# It begins no request after TELLING, and a request takes at most TELL.
TELL: Final = timedelta(seconds=15)
TELLING: Final = timedelta(seconds=20)
TELL_DESTINATION: Final = timedelta(seconds=40)
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
# `dunning up` gives its processes a little more than they take, and then stops its own Redis server.
UP_ENDS: Final = timedelta(seconds=61)
SERVER_ENDS: Final = timedelta(seconds=6)

# The edge. Paddle hangs up after 5 s: https://developer.paddle.com/webhooks/about/respond-to-webhooks
PADDLE_WAITS: Final = timedelta(seconds=5)
BODY: Final = timedelta(seconds=3)
REDIS_ANSWER: Final = timedelta(seconds=2)
# A click: what Paddle may take of a person's time, and how much of that the question whether the debt stands.
CLICK: Final = timedelta(seconds=10)
DEBT_QUESTION: Final = timedelta(seconds=4)
# From the first line of a request to the last byte of its answer.
REQUEST: Final = timedelta(seconds=30)
# SIGTERM: requests at hand are answered, and then every connection is closed.
EDGE_DRAIN: Final = timedelta(seconds=15)
EDGE_END: Final = timedelta(seconds=50)

# People on the private side: a link to be used at once; a session ends with a working day that is over, or with a week.
SIGN_IN_LINK: Final = timedelta(minutes=15)
SESSION_IDLE: Final = timedelta(hours=12)
SESSION: Final = timedelta(days=7)

# How long things are open, and known. A payment link outlives its case, and so does the mark of its end.
CASE_OPEN: Final = timedelta(days=35)
LINK_LIFETIME: Final = timedelta(days=45)
# Paddle repeats a notification for 3 days: https://developer.paddle.com/webhooks/about/respond-to-webhooks
PADDLE_REPEATS_FOR: Final = timedelta(days=3)
KEEP_HANDLED: Final = timedelta(days=4)
LONGEST_RETRY: Final = timedelta(minutes=15)
# A claim outlives the longest send by 15 s. Two clocks that are both wrong by this much still differ by less.
LARGEST_CLOCK_SKEW: Final = timedelta(seconds=5)
