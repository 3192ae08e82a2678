"""Looks at Redis."""

from datetime import UTC, datetime
from pathlib import Path

from dunning.findings import Finding, Level
from dunning.settings.load import StoreSettings, data_folder
from dunning.store import REDIS_ERRORS, find_trouble, look_at_redis
from dunning.store.server.address import running_servers

ABOUT = "redis"


async def look_at_store(settings: StoreSettings, data: Path | None = None) -> list[Finding]:
    """Look at the Redis that is set, or at the server of the `dunning up` that runs here, or on this folder."""
    if settings.redis_url is not None:
        return await look_at_address(settings.redis_url.get_secret_value())
    found = running_servers([data_folder(sandbox=False), data_folder(sandbox=True)] if data is None else [data])
    if not found:
        return [
            Finding(
                ABOUT,
                Level.NOTE,
                "DUNNING_REDIS_URL is not set, and no `dunning up` runs here, so there is no Redis to look at.",
                "`dunning up` starts a server of its own; `dunning webhooks` and `dunning worker` need the variable. "
                "If `dunning up` was given --data, give it here too.",
            )
        ]
    return [finding for url in found for finding in await look_at_address(url)]


async def look_at_address(url: str) -> list[Finding]:
    """Look at the Redis at this address."""
    trouble = await find_trouble(url, datetime.now(UTC))
    if trouble is not None:
        means, _, do = trouble.problem.partition(": ")
        return [Finding(ABOUT, Level.FAILURE, f"{means}.", f"{do[:1].upper()}{do[1:]}")]
    try:
        return [Finding(ABOUT, Level.OK, "Redis answers and accepts writes."), *await look_at_redis(url)]
    except REDIS_ERRORS as error:
        return [Finding(ABOUT, Level.FAILURE, f"Redis went away while it was looked at ({type(error).__name__}).")]
