"""Whose an email address is, asked of Paddle. The address is kept nowhere."""

import asyncio
from collections.abc import Sequence

import click
from aiohttp import ClientSession

from dunning.errors import DunningError
from dunning.paddle_api.client import PaddleClient
from dunning.paddle_api.grants import Unlimited
from dunning.settings.load import PaddleSettings, load_paddle_settings


def customers_of(email: str) -> Sequence[str]:
    """Return the ids of the customers who have this address.

    Raises:
        ConfigurationError: the API key is missing or wrong.
        ClickException: there is none, or Paddle can't be asked.
    """
    settings = load_paddle_settings()
    try:
        found = asyncio.run(_ask(settings, email))
    except DunningError as error:
        raise click.ClickException(str(error)) from None
    if not found:
        world = "sandbox" if settings.sandbox else "live account"
        raise click.ClickException(f"Paddle knows no customer with this address in the {world} of the API key.")
    return found


async def _ask(settings: PaddleSettings, email: str) -> Sequence[str]:
    limiter = Unlimited()
    async with ClientSession() as http:
        api_key = settings.api_key.get_secret_value()
        paddle = PaddleClient(http, api_url=settings.api_url, api_key=api_key, limiter=limiter)
        (grant,) = await limiter.ask(1, background=False)
        return await paddle.customers_of(email, grant)
