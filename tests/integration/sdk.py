"""Paddle's own Python client, pointed at the twin."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from paddle_billing import Client, Options

from paddle_twin.in_thread import TwinInThread


@dataclass
class Somewhere:
    """An environment of the client that is neither of Paddle's."""

    base_url: str


@pytest.fixture
def twin() -> Iterator[TwinInThread]:
    """Serve the twin in a thread: the client waits."""
    with TwinInThread() as started:
        yield started


@pytest.fixture
def client(twin: TwinInThread) -> Iterator[Client]:
    """Give the client."""
    made = Client(twin.api_key, options=Options(Somewhere(twin.url)))
    yield made
    made.client.close()
