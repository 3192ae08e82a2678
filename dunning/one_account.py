"""Makes sure that a store is used with one Paddle account alone, before anything works with it."""

import asyncio
from datetime import timedelta

import structlog
from aiohttp import ClientSession

from dunning.errors import ConfigurationError, DunningError
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import REDIS_ERRORS, Store

log = structlog.get_logger()

# The start waits for it.
ANSWER_WITHIN = timedelta(seconds=2)
DONE_WITHIN = timedelta(seconds=5)


async def check_account(settings: Settings, redis_url: str) -> None:
    """Make the store the account's that the API key is of, unless it is one's already.

    Where Redis or Paddle is away, or refuses, nothing is known and nothing is refused.

    Raises:
        ConfigurationError: the store is another account's.
    """
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    try:
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            account_id = await _account_id(settings, store)
            holder = account_id and await store.account.claim(account_id)
    except (DunningError, *REDIS_ERRORS):
        return
    finally:
        await store.close()
    if holder != account_id:
        problem = (
            f"DUNNING_PADDLE_API_KEY: it is of the Paddle account {account_id}, and this Redis is already that of "
            f"{holder}; it should be a key of {holder}, or DUNNING_REDIS_URL should name another Redis or a database "
            "number of its own."
        )
        raise ConfigurationError([problem])


async def _account_id(settings: Settings, store: Store) -> str | None:
    """Ask Paddle which account the API key is of; None where there is no telling."""
    grants = await store.limiter.ask(1, background=False)
    if grants is None:
        return None
    async with ClientSession() as http:
        paddle = PaddleClient(
            http,
            api_url=settings.paddle.api_url,
            api_key=settings.paddle.api_key.get_secret_value(),
            limiter=store.limiter,
            timeout=ANSWER_WITHIN,
        )
        account_id = await paddle.read_account_id(grants[0])
    if account_id is None:
        log.warning("account.unknown", problem="Paddle's answer to GET / does not say which account the API key is of")
    return account_id
