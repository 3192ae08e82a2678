"""The pytest fixture `paddle_twin`. Nothing of the twin is imported until a test asks for it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paddle_twin.in_thread import TwinInThread


@pytest.fixture
def paddle_twin() -> "Iterator[TwinInThread]":
    """Give a twin of Paddle with an empty world, in a thread of its own."""
    from paddle_twin.in_thread import TwinInThread  # noqa: PLC0415

    with TwinInThread() as twin:
        yield twin
