"""Fixtures of the end-to-end tests."""

from collections.abc import AsyncIterator

import pytest

from dunning.settings import LinkMint
from tests.e2e.service import Service, running_service


@pytest.fixture
def mint() -> LinkMint:
    """Say when portal sessions are made; a test may be parametrised with the other way."""
    return LinkMint.CLICK


@pytest.fixture
async def service(mint: LinkMint) -> AsyncIterator[Service]:
    """Run the service, and search all that it leaves for what must not be there."""
    async with running_service(mint=mint) as running:
        yield running
