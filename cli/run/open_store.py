"""The store, for commands that look into it or change it by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import click
from pydantic import SecretStr

from dunning import log
from dunning.addresses.redis import FORMS
from dunning.errors import ConfigurationError
from dunning.settings.load import REDIS_URL, StoreSettings, data_folder, load_store_settings
from dunning.store import REDIS_ERRORS, Store
from dunning.store.server.address import running_servers

Answer = TypeVar("Answer")


@asynccontextmanager
async def open_store(settings: StoreSettings, *, rate_limit: int = 1) -> AsyncIterator[Store]:
    """Open the store for a moment.

    Args:
        settings: where it is.
        rate_limit: API calls allowed in any 60 s, of matter to a command that calls Paddle.

    Raises:
        ConfigurationError: no store was found.
        ClickException: Redis can't be reached, or refuses what was asked.
    """
    address = store_address(settings.redis_url)
    store = Store.open(address, rate_limit=rate_limit)
    try:
        yield store
    except REDIS_ERRORS as error:
        raise click.ClickException(f"Redis can't be used ({type(error).__name__}): is {REDIS_URL} right?") from None
    finally:
        await store.close()


def on_the_store(work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Do something with the store that the settings name, and return what came of it.

    Raises:
        ConfigurationError: no store was found.
        ClickException: Redis can't be reached, or refuses what was asked.
    """
    log.configure()
    settings = load_store_settings()

    async def run() -> Answer:
        async with open_store(settings) as store:
            return await work(store)

    return asyncio.run(run())


def store_address(redis_url: SecretStr | None) -> str:
    """Return where Redis is: what is set, or else the server of the `dunning up` that this user runs here.

    Raises:
        ConfigurationError: no server was found, or more than one.
    """
    if redis_url is not None:
        return redis_url.get_secret_value()
    found = running_servers([data_folder(sandbox=False), data_folder(sandbox=True)])
    if len(found) == 1:
        return found[0]
    why = (
        f"two run here; it should be one of {' and '.join(found)}"
        if found
        else f"it is missing, and no `dunning up` runs here; start that, or set it: it should be {FORMS}"
    )
    raise ConfigurationError([f"{REDIS_URL}: {why}"])
