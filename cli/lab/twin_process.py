"""The twin as a process of the demo: it goes by the demo's clock and ends with who started it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import click

from cli.lab.clock import clock_option
from cli.run.ends_with_stdin import end_with_stdin, until_stdin_closes
from paddle_twin import Twin
from paddle_twin.serve import serve
from paddle_twin.server import utc_now


@click.command()
@click.option("--webhook-url", help="Where to send notifications.")
@click.option("--retry-seconds", default=1.0, help="How long before a notification is sent again.")
@until_stdin_closes
@clock_option
def main(
    *,
    webhook_url: str | None,
    retry_seconds: float,
    until_stdin_closes: bool,
    clock: Callable[[], datetime] | None,
) -> None:
    """Run a twin of Paddle."""
    if until_stdin_closes:
        end_with_stdin()
    twin = Twin(webhook_url=webhook_url, retry_after=timedelta(seconds=retry_seconds), clock=clock or utc_now)
    asyncio.run(serve(twin))


if __name__ == "__main__":
    main()
