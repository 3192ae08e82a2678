"""Run the twin as a process: `python -m cli.twin`. Prints one line of JSON, and ends on SIGTERM or SIGINT."""

import asyncio
import json
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import click

from cli.ends_with_stdin import end_with_stdin, until_stdin_closes
from cli.shifted_clock import clock_option
from cli.twin.server import CALLS_PER_MINUTE, Twin, utc_now


@click.command()
@click.option("--port", default=0, show_default=True, help="The port; 0 takes any free one.")
@click.option("--webhook-url", help="Where to send notifications. It can be set later, at /_twin/settings.")
@click.option("--webhook-secret", help="What to sign them with.")
@click.option("--api-key", help="The key that the API accepts.")
@click.option("--rate-limit", default=CALLS_PER_MINUTE, show_default=True, help="API calls a minute and address.")
@click.option("--retry-seconds", default=1.0, show_default=True, help="How long before a notification is sent again.")
@until_stdin_closes
@clock_option
def main(
    *,
    port: int,
    webhook_url: str | None,
    webhook_secret: str | None,
    api_key: str | None,
    rate_limit: int,
    retry_seconds: float,
    until_stdin_closes: bool,
    clock: Callable[[], datetime] | None,
) -> None:
    """Run a twin of Paddle."""
    if until_stdin_closes:
        end_with_stdin()
    twin = Twin(
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        api_key=api_key,
        port=port,
        rate_limit=rate_limit,
        retry_after=timedelta(seconds=retry_seconds),
        clock=clock or utc_now,
    )
    asyncio.run(_serve(twin))


async def _serve(twin: Twin) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with twin:
        told = {
            "url": twin.url,
            "api_key": twin.api_key,
            "webhook_secret": twin.webhook_secret,
            "portal_login_url": twin.portal_login_url,
        }
        click.echo(json.dumps(told))
        await ended.wait()


if __name__ == "__main__":
    main()
