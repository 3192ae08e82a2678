"""Looks whether the seller's own programs can be told what happens. Nothing is sent to them."""

import asyncio
import ssl
from datetime import timedelta
from urllib.parse import urlsplit

from dunning.findings import Finding, Level
from dunning.settings.load import Settings
from dunning.settings.out_webhooks import OutWebhook

ABOUT = "out_webhooks"
CONNECT_WITHIN = timedelta(seconds=4)


async def look_at_out_webhooks(settings: Settings) -> list[Finding]:
    """Connect to each destination, with TLS where it has that."""
    return list(await asyncio.gather(*map(_look, settings.out_webhooks)))


async def _look(destination: OutWebhook) -> Finding:
    url = urlsplit(destination.url.get_secret_value())
    secure = ssl.create_default_context() if url.scheme == "https" else None
    try:
        async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
            _, writer = await asyncio.open_connection(url.hostname, url.port or (443 if secure else 80), ssl=secure)
        writer.close()
    except ssl.SSLError as error:
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
        return Finding(
            ABOUT, Level.FAILURE, f"{destination.name} has a certificate that is refused ({why}).", "Mend it."
        )
    except OSError as error:
        return Finding(
            ABOUT,
            Level.FAILURE,
            f"{destination.name} can't be reached from here ({type(error).__name__}).",
            "Start your program, or set its address in DUNNING_OUT_WEBHOOKS. What waits for it is tried for a day.",
        )
    return Finding(ABOUT, Level.OK, f"{destination.name} can be reached.")
