"""Fixtures of the unit tests."""

import functools
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses


@pytest.fixture
def paddle_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Answer aiohttp's requests without a server.

    aiohttp 3.14 wants to know the writer of a response's request, which aioresponses 0.7.9 does not give it:
    https://github.com/pnuckowski/aioresponses. Only the count of bytes written is read from it.
    """
    with_writer = functools.partial(ClientResponse, stream_writer=Mock(output_size=0))
    monkeypatch.setattr("aioresponses.core.ClientResponse", with_writer)
    with aioresponses() as answers:
        yield answers
