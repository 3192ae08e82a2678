import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.integration.edge import Edge, notification, running, settings
from webhooks.body import MAX_BODY_BYTES
from webhooks.deadlines import Deadlines


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    async with running(settings(redis_url), deadlines=Deadlines(body=timedelta(seconds=0.3))) as edge:
        yield edge


async def test_a_large_body_is_refused(edge: Edge) -> None:
    response = await edge.notify(b" " * (5 * 1024 * 1024))

    assert response.status == 413


async def test_a_large_body_of_undeclared_length_is_refused(edge: Edge) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 64 * 1024

    response = await edge.http.post(edge.url / "webhooks/paddle", data=chunks())

    assert response.status == 413


async def test_a_body_of_just_the_allowed_size_is_read(edge: Edge) -> None:
    body = notification(padding="")
    body = notification(padding=" " * (MAX_BODY_BYTES - len(body)))

    response = await edge.notify(body)

    assert len(body) == MAX_BODY_BYTES
    assert response.status == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity", "br", ""])
async def test_an_encoded_body_is_refused_unread(edge: Edge, encoding: str) -> None:
    body = gzip.compress(notification())

    response = await edge.notify(body, **{"Content-Encoding": encoding})

    assert response.status == 415


async def test_a_dribbling_body_is_cut_off(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection(edge.url.host, edge.url.port)
    writer.write(b"POST /webhooks/paddle HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    answer = asyncio.create_task(reader.readline())
    while not answer.done():
        writer.write(b"x")
        await asyncio.wait([answer], timeout=0.02)

    writer.close()
    assert await answer == b"HTTP/1.1 408 Request Timeout\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /webhooks/paddle HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nnonsense\r\n",
        b"POST /webhooks/paddle HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
async def test_a_broken_body_is_refused_without_an_alarm(edge: Edge, sent: bytes) -> None:
    with capture_logs() as logs:
        reader, writer = await asyncio.open_connection(edge.url.host, edge.url.port)
        writer.write(sent)
        answer = await reader.readline()

    writer.close()
    assert b" 400 Bad Request" in answer
    assert not [line for line in logs if line["log_level"] == "error"]


async def test_a_sender_who_hangs_up_halfway_is_no_alarm(edge: Edge) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection(edge.url.host, edge.url.port)
        writer.write(b"POST /webhooks/paddle HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        await writer.drain()
        writer.transport.abort()
        while 'route="/webhooks/paddle",status="400"' not in await edge.metrics():
            continue

    assert not [line for line in logs if line["log_level"] == "error"]
