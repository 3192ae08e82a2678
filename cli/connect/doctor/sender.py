"""Looks up in the DNS who may send mail for the domains that mails come from. Tells remarks, never failures."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from dunning.addresses.domains import ascii_domain
from dunning.findings import Finding, Level
from dunning.settings.load import Settings

ABOUT: Final = "mail.domain"
ANSWER_WITHIN: Final = timedelta(seconds=4)
# Nobody can have one of these: https://www.rfc-editor.org/rfc/rfc2606#section-2
RESERVED: Final = ("example", "invalid", "localhost", "test")
# Mails that go nowhere need no records.
NO_MAIL: Final = frozenset({"console", "file"})
DKIM: Final = "DKIM can't be asked for without its selector: see Authentication-Results in a mail that arrived."


class NameServer(NamedTuple):
    """Where to ask; by default where this machine asks."""

    host: str
    port: int


async def look_at_senders(settings: Settings, server: NameServer | None = None) -> list[Finding]:
    """Look at the domains of DUNNING_MAIL_FROM and of the brands' senders."""
    if settings.mail.kind in NO_MAIL:
        return []
    senders = [settings.mail_from, *(brand.sender for brand in settings.brands.all if brand.sender is not None)]
    domains = dict.fromkeys(ascii_domain(sender.address.rpartition("@")[2]) for sender in senders)
    wanted = [domain for domain in domains if domain.rpartition(".")[2] not in RESERVED]
    return [finding for some in await asyncio.gather(*(_look(one, server) for one in wanted)) for finding in some]


async def _look(domain: str, server: NameServer | None) -> list[Finding]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            spf = await _texts(domain, "v=spf1", server)
            dmarc = False
            for one in _upwards(domain):
                dmarc = dmarc or bool(await _texts(f"_dmarc.{one}", "v=DMARC1", server))
    except ImportError:
        means = f"SPF and DMARC of {domain} could not be looked at: dnspython is missing."
        return [Finding(ABOUT, Level.NOTE, means, "pip install 'paddle-dunning[up]' brings it.")]
    except (OSError, TimeoutError, ValueError) as error:
        means = f"SPF and DMARC of {domain} could not be looked at ({type(error).__name__})."
        return [Finding(ABOUT, Level.NOTE, means, "See whether this machine may ask a name server.")]
    missing = [name for name, found in (("SPF", spf), ("DMARC", dmarc)) if not found]
    if missing:
        means = f"{domain} publishes no {' and no '.join(missing)} record."
        return [Finding(ABOUT, Level.NOTE, means, f"Your mail provider says what it should be. {DKIM}")]
    return [Finding(ABOUT, Level.OK, f"{domain} publishes SPF and DMARC. {DKIM}")]


def _upwards(domain: str) -> Sequence[str]:
    """Return the domain and those above it, which speak for it: https://www.rfc-editor.org/rfc/rfc7489#section-6.6.3."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


async def _texts(name: str, begins: str, server: NameServer | None) -> list[str]:
    """Return the TXT records of a name that begin so.

    Raises:
        ImportError: dnspython, of the extra `up`, is missing.
        OSError: there was no answer to be had.
        ValueError: the name is none.
    """
    import dns.asyncresolver  # noqa: PLC0415 - an extra, and of use here alone
    import dns.exception  # noqa: PLC0415 - same
    import dns.resolver  # noqa: PLC0415 - same

    try:
        resolver = dns.asyncresolver.Resolver(configure=server is None)
        if server is not None:
            resolver.nameservers, resolver.port = [server.host], server.port
        answer = await resolver.resolve(name, "TXT", lifetime=ANSWER_WITHIN.total_seconds() / 2)
    except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
        return []
    except dns.exception.DNSException as error:
        raise OSError(type(error).__name__) from None
    found = [b"".join(record.strings).decode(errors="replace") for record in answer]
    return [text for text in found if text.lower().startswith(begins.lower())]
