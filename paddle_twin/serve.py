"""Serving a twin until the process is told to end."""

import asyncio
import json
import signal

import click

from paddle_twin.server import Twin


async def serve(twin: Twin) -> None:
    """Print one line of JSON that says where the twin is, and end on SIGTERM or SIGINT."""
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
