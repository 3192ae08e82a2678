"""The `dunning` command as a process of its own, and what it says."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dunning.settings.load import bare_environment

ENVIRONMENT = {
    "DUNNING_PADDLE_API_KEY": "pdl_sdbx_apikey_1",
    "DUNNING_PADDLE_API_URL": "http://127.0.0.1:9",  # nobody listens on the discard port
    "DUNNING_WEBHOOK_SECRETS": "pdl_ntfset_1",
    "DUNNING_LINK_SECRETS": "an-unguessable-text-of-32-letters",
    "DUNNING_PUBLIC_URL": "http://127.0.0.1",
    "DUNNING_PORTAL_LOGIN_URL": "https://pay.example.com/login",
    "DUNNING_MAIL_URL": "console:",
    "DUNNING_MAIL_FROM": "billing@example.com",
    "DUNNING_HOST": "127.0.0.1",
    "DUNNING_PORT": "0",
    "DUNNING_CONSOLE_PORT": "0",
}


class DunningProcess:
    """One started command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, event: str) -> dict[str, Any]:
        """Read what it writes to standard error until it logs this event."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if line.startswith("{") and (logged := json.loads(line))["event"] == event:
                return dict(logged)
        raise AssertionError(f"The process ended without {event}: {self.lines}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, *, seconds: float = 60) -> int:
        """Wait for its end and return its exit code."""
        _, errors = self._process.communicate(timeout=seconds)
        self.lines += errors.splitlines(keepends=True)
        return self._process.returncode


@contextmanager
def dunning(*arguments: str, environ: Mapping[str, str]) -> Iterator[DunningProcess]:
    """Start `dunning` with these settings and no others; kill it on leaving if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "cli.main", *arguments],
        env=bare_environment() | dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield DunningProcess(process)
        finally:
            process.kill()


def is_running(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return told.stdout.strip()[:1] not in {"", "Z"}  # a zombie has ended, whether or not its new parent cares
