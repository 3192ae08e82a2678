"""Ends what we started when we end, in whatever way: also what stands still, and what does not look at its input."""

import subprocess

# Reads until we are gone, or let it go with a line.
_GUARD = 'read -r _ || kill -KILL "$1" 2>/dev/null'


class Guard:
    """Watches over one process."""

    def __init__(self, pid: int) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "dunning-guard", str(pid)], stdin=subprocess.PIPE, start_new_session=True
        )

    def let_go(self) -> None:
        """Watch no more: the process has ended, or is to."""
        self._shell.communicate(b"\n")
