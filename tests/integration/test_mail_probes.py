"""What can be known of a provider without a mail: whether it still takes our key."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from worker.mail.postmark import PostmarkTransport
from worker.mail.resend import ResendTransport

VALID = frozenset({"mail_login"})
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
async def answers() -> AsyncIterator[tuple[str, list[tuple[int, object]]]]:
    """Run a provider that gives these answers, the last one first, and is asked with GET alone."""
    planned: list[tuple[int, object]] = []

    async def answer(_: web.Request) -> web.Response:
        status, body = planned.pop()
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/domains", answer)
    app.router.add_get("/server", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", planned
    await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "mended"),
    [
        ((200, {"data": []}), VALID),
        ((401, {"name": "restricted_api_key"}), VALID),
        ((403, {"name": "invalid_api_key"}), NOTHING),
    ],
    ids=["full_access", "may_only_send", "refused"],
)
async def test_resend_tells_whether_the_key_is_valid(
    answers: tuple[str, list[tuple[int, object]]], answer: tuple[int, object], mended: frozenset[str]
) -> None:
    url, planned = answers
    planned.append(answer)
    transport = ResendTransport("re_123", api_url=url)

    assert await transport.probe() == mended
    await transport.close()


@pytest.mark.parametrize(("status", "mended"), [(200, VALID), (401, NOTHING)], ids=["valid", "refused"])
async def test_postmark_tells_whether_the_token_is_valid(
    answers: tuple[str, list[tuple[int, object]]], status: int, mended: frozenset[str]
) -> None:
    url, planned = answers
    planned.append((status, {}))
    transport = PostmarkTransport("token-1", api_url=url)

    assert await transport.probe() == mended
    await transport.close()


async def test_a_provider_that_is_away_shows_nothing_to_be_mended() -> None:
    transport = PostmarkTransport("token-1", api_url="http://127.0.0.1:9")

    assert await transport.probe() == NOTHING
    await transport.close()
