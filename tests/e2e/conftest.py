"""Fixtures of the end-to-end tests."""

import signal
from collections.abc import AsyncIterator

import pytest

from dunning.settings.load import LinkMint
from tests.e2e.service import Service, running_service


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_what_we_start() -> None:
    """Undo a shell's doing: what it starts in the background, and all that starts in turn, doesn't hear Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def mint() -> LinkMint:
    """Say when portal sessions are made; a test may be parametrised with the other way."""
    return LinkMint.CLICK


@pytest.fixture
async def service(mint: LinkMint) -> AsyncIterator[Service]:
    """Run the service, and search all that it leaves for what must not be there."""
    async with running_service(mint=mint) as running:
        yield running
