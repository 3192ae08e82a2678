import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dunning.errors import DunningError, PermanentError, TransientError
from dunning.paddle_api.client import LARGEST_ANSWER_BYTES
from tests.paddle_client import API_KEY, GRANT, RecordingLimiter, paddle_client

TRANSACTION = "txn_01jq3vcx8a4b7d9e2f5g6h0j1k"
CUSTOMER = "ctm_01jq3v9m5t8xw2c7h4k6n0p1rs"
SHORT = timedelta(seconds=0.2)

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Serve raw TCP on loopback: whatever a network may do to an HTTP answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def replying(raw: bytes) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return answer


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def stall_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"data": [')
    await reader.read()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def read(api_url: str, limiter: RecordingLimiter | None = None, patience: timedelta = SHORT) -> DunningError:
    async with paddle_client(api_url, limiter, patience=patience) as paddle:
        with pytest.raises(DunningError) as caught:
            await paddle.read_transactions([TRANSACTION], GRANT)
    return caught.value


@pytest.mark.parametrize("answer", [stall, stall_in_the_body])
async def test_an_answer_that_does_not_come_in_time_may_come_later(answer: Answer) -> None:
    limiter = RecordingLimiter()

    async with server(answer) as url:
        error = await read(url, limiter)

    assert isinstance(error, TransientError)
    assert "TimeoutError" in str(error)
    assert limiter.ended == [GRANT]


@pytest.mark.parametrize(
    "answer",
    [
        reset,
        replying(b""),
        replying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut short"),
        replying(b"SSH-2.0-OpenSSH_9.2\r\n"),
        replying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
        replying(http("200 OK", b"no gzip at all", "Content-Encoding: gzip")),
    ],
)
async def test_a_broken_connection_or_answer_may_be_whole_later(answer: Answer) -> None:
    limiter = RecordingLimiter()

    async with server(answer) as url:
        error = await read(url, limiter, timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert "got no answer" in str(error)
    assert limiter.ended == [GRANT]


async def test_a_grant_is_for_one_call_even_when_the_connection_breaks() -> None:
    calls = 0

    async def count_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reset(reader, writer)

    async with server(count_and_reset) as url:
        await read(url, patience=timedelta(seconds=10))

    assert calls == 1


async def test_a_host_that_refuses_connections_may_listen_later() -> None:
    async with server(stall) as url:
        pass

    error = await read(url, patience=timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert "ClientConnectorError" in str(error)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "204 No Content"])
@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b"\x00\xff"])
async def test_a_success_that_is_no_json_may_be_some_later(status: str, body: bytes) -> None:
    async with server(replying(http(status, body))) as url:
        assert isinstance(await read(url, patience=timedelta(seconds=10)), TransientError)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_a_redirect_is_not_followed_so_the_key_stays_here(status: str) -> None:
    asked = asyncio.Event()

    async def elsewhere(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        asked.set()

    async with (
        server(elsewhere) as other_url,
        server(replying(http(status, b"", f"Location: {other_url}/transactions"))) as url,
    ):
        error = await read(url, patience=timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert not asked.is_set()


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _chunk in range(2 * LARGEST_ANSWER_BYTES // 65536):
        writer.write(b" " * 65536)
        await writer.drain()


@pytest.mark.parametrize("answer", [endless, replying(http("200 OK", b" " * (LARGEST_ANSWER_BYTES + 1)))])
async def test_an_answer_larger_than_any_should_be_is_not_read_to_its_end(answer: Answer) -> None:
    async with server(answer) as url:
        error = await read(url, patience=timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert "larger than any should be" in str(error)


async def test_too_many_calls_hold_everybody() -> None:
    limiter = RecordingLimiter()

    async with server(replying(http("429 Too Many Requests", b"slow down", "Retry-After: 7"))) as url:
        error = await read(url, limiter, timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert error.retry_after == 7
    assert limiter.held_seconds == [7]


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
async def test_an_error_page_of_something_in_between_may_pass(status: str) -> None:
    async with server(replying(http(status, b"<html>upstream</html>"))) as url:
        error = await read(url, patience=timedelta(seconds=10))

    assert isinstance(error, TransientError)
    assert status.split(maxsplit=1)[0] in str(error)


async def test_a_404_that_is_not_paddles_own_is_permanent_without_a_code() -> None:
    async with server(replying(http("404 Not Found", b"nginx"))) as url:
        error = await read(url, patience=timedelta(seconds=10))

    assert isinstance(error, PermanentError)
    assert "no error code" in str(error)


@pytest.mark.parametrize("answer", [stall, reset, replying(b"HTTP/1.1 pga_token\r\n\r\n")])
async def test_a_failed_call_shows_no_key_and_carries_no_context_that_could(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with capture_logs() as logs:
        async with server(answer) as url, paddle_client(url, patience=SHORT) as paddle:
            with pytest.raises(TransientError) as caught:
                await paddle.create_portal_session(CUSTOMER, [], GRANT)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert API_KEY not in repr(caught.value) + repr(logs) + caplog.text
    assert "pga_" not in repr(caught.value) + repr(logs) + caplog.text
    assert "127.0.0.1" not in repr(caught.value)
