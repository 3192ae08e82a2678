"""The plain way that `dunning webhooks` is measured against: aiohttp, an HMAC check, `json.loads`, arq's `enqueue_job`.

All with its defaults, as arq's own documentation shows it, and served as `dunning webhooks` is.
https://arq-docs.helpmanual.io/#simple-usage
"""

import asyncio
import hmac
import json

import click
import uvloop
from aiohttp import web
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings

from bench.bare import serve
from bench.notifications import PATH
from cli.run.ends_with_stdin import end_with_stdin, until_stdin_closes

QUEUE = web.AppKey("QUEUE", ArqRedis)
SECRET = web.AppKey("SECRET", bytes)


async def answer(request: web.Request) -> web.Response:
    """Check the signature, and queue a job with the event."""
    body = await request.read()
    timestamp, _, digest = request.headers["Paddle-Signature"].removeprefix("ts=").partition(";h1=")
    expected = hmac.new(request.app[SECRET], timestamp.encode() + b":" + body, "sha256").hexdigest()
    if not hmac.compare_digest(expected, digest):
        return web.Response(status=401)
    await request.app[QUEUE].enqueue_job("handle_event", json.loads(body))
    return web.Response()


async def plain(redis_url: str, secret: str) -> web.Application:
    """Build the application."""
    app = web.Application()
    app[QUEUE] = await create_pool(RedisSettings.from_dsn(redis_url))
    app[SECRET] = secret.encode()
    app.add_routes([web.post(PATH, answer)])
    return app


async def _serve(port: int, redis_url: str, secret: str) -> None:
    await serve(await plain(redis_url, secret), port)


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--redis-url", envvar="DUNNING_REDIS_URL", required=True)
@click.option("--secret", envvar="DUNNING_WEBHOOK_SECRETS", required=True)
@until_stdin_closes
def main(*, port: int, redis_url: str, secret: str, until_stdin_closes: bool) -> None:
    """Serve."""
    if until_stdin_closes:
        end_with_stdin()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(port, redis_url, secret))


if __name__ == "__main__":
    main()
