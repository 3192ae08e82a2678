"""Run the twin as a process: `python -m paddle_twin`. Prints one line of JSON, and ends on SIGTERM or SIGINT."""

import asyncio
import os
from datetime import timedelta

import click

from paddle_twin.serve import serve
from paddle_twin.server import CALLS_PER_MINUTE, Twin


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="The port; 0 takes any free one."
)
@click.option("--webhook-url", help="Where to send notifications. It can be set later, at /_twin/settings.")
@click.option("--webhook-secret", help="What to sign them with.")
@click.option("--api-key", help="The key that the API accepts.")
@click.option(
    "--rate-limit",
    type=click.IntRange(1),
    default=CALLS_PER_MINUTE,
    show_default=True,
    help="API calls a minute and address.",
)
@click.option(
    "--retry-seconds",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="How long before a notification is sent again.",
)
def main(
    *,
    port: int,
    webhook_url: str | None,
    webhook_secret: str | None,
    api_key: str | None,
    rate_limit: int,
    retry_seconds: float,
) -> None:
    """Run a twin of Paddle."""
    twin = Twin(
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        api_key=api_key,
        port=port,
        rate_limit=rate_limit,
        retry_after=timedelta(seconds=retry_seconds),
    )
    try:
        asyncio.run(serve(twin))
    except OSError as error:
        raise click.ClickException(f"Can't listen on port {port}: {os.strerror(error.errno or 0)}.") from None


if __name__ == "__main__":
    main()
