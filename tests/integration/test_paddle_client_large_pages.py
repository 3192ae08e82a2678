"""A page that is too large for us is asked for in smaller parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from dunning.errors import TransientError
from dunning.paddle_api.client import LARGEST_ANSWER_BYTES, PaddleClient
from dunning.paddle_api.grants import Grant, Unlimited
from tests.unit import paddle_bodies as bodies


@asynccontextmanager
async def paddle_with_large_pages(*, largest_page: int) -> AsyncIterator[tuple[PaddleClient, list[str]]]:
    """Serve one subscription, in too large an answer for whoever asks for more than `largest_page` at once."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query["per_page"])
        if int(request.query["per_page"]) > largest_page:
            return web.Response(body=b" " * (LARGEST_ANSWER_BYTES + 1))
        return web.json_response(bodies.page(bodies.subscription()))

    app = web.Application()
    app.router.add_get("/subscriptions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession() as http:
            yield PaddleClient(http, api_url=url, api_key="pdl_sdbx_apikey_1", limiter=Unlimited()), asked
    finally:
        await runner.cleanup()


async def next_grant() -> Grant:
    return Grant("any")


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_parts() -> None:
    async with paddle_with_large_pages(largest_page=50) as (paddle, asked):
        pages = [page async for page in paddle.past_due_subscriptions(next_grant)]

    assert [[subscription.id for subscription in page] for page in pages] == [[bodies.SUBSCRIPTION]]
    assert asked == ["200", "20"]


async def test_a_page_that_is_too_large_in_small_parts_too_ends_the_list() -> None:
    async with paddle_with_large_pages(largest_page=0) as (paddle, asked):
        with pytest.raises(TransientError, match="larger than any should be"):
            async for _ in paddle.past_due_subscriptions(next_grant):
                pass

    assert asked == ["200", "20"]
