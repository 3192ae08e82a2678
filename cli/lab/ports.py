"""Ports for servers that must know theirs before they listen."""

import random
import socket

# Below what Linux and macOS hand out by themselves: a port of those may be gone again before it is listened on.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on, and that the system gives to nobody else."""
    while True:
        port = random.randint(FIRST, LAST)  # noqa: S311 - only that two of us rarely take the same
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
