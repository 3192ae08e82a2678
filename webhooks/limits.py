"""What strangers may take of the edge: how many connections, for how long, and how much memory for bodies."""

from dataclasses import dataclass
from datetime import timedelta

from dunning import time_limits

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one process.

    `bodies_bytes` is shared by all bodies that are being read at once. When it is used up, the largest body is put out.
    So a body of `bodies_bytes / connections`, here 32 KiB, is never put out: if it were the largest, all would fit.
    """

    connections: int = 1024
    bodies_bytes: int = 32 * MIB
    # From the opening of a connection, or from the first byte of a further request.
    head: timedelta = timedelta(seconds=5)
    # Request line and headers. What a browser sends has a few KiB, with the cookies of the seller's domain.
    head_bytes: int = 32 * 1024
    # From the first line of a request to the last byte of its answer: more than all `Deadlines` together.
    request: timedelta = time_limits.REQUEST
