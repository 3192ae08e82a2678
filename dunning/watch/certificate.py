"""How long the certificate of the public address still lasts, as a customer's browser would see it."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

log = structlog.get_logger()

ANSWER_WITHIN = timedelta(seconds=10)
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/ X509_V_ERR_CERT_HAS_EXPIRED
HAS_EXPIRED = 10


async def certificate_end(url: str, now: datetime) -> datetime | None:
    """Return when the certificate ends, `now` if it has; None where there is none, or it can't be seen from here.

    Args:
        url: what stands before `/pay`.
        now: the time.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=ssl.create_default_context()
            )
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == HAS_EXPIRED:
            return now
        log.info("certificate.not_seen", error=type(error).__name__, code=error.verify_code)
        return None
    except (OSError, TimeoutError) as error:
        log.info("certificate.not_seen", error=type(error).__name__)
        return None
    certificate = writer.get_extra_info("peercert")
    writer.close()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
