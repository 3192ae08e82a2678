"""What the domain of the sender publishes, asked of a name server on this machine."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import dns.message
import dns.rcode
import dns.rrset
import pytest

from cli.connect.doctor.sender import NameServer, look_at_senders
from dunning.findings import Level
from tests.integration.edge import settings

SPF, DMARC = "v=spf1 include:_spf.provider.example -all", "v=DMARC1; p=none"


class _Answers(asyncio.DatagramProtocol):
    """Answers with the TXT records that it has; of no other name anything is known."""

    def __init__(self, records: Mapping[str, str], refuses: bool) -> None:  # noqa: FBT001 - of a test
        self._records = records
        self._refuses = refuses

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # narrower
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        answer, name = dns.message.make_response(asked), asked.question[0].name
        text = self._records.get(name.to_text(omit_final_dot=True))
        if self._refuses:
            answer.set_rcode(dns.rcode.REFUSED)
        elif text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{text}"'))
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def name_server(records: Mapping[str, str], *, refuses: bool = False) -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Answers(records, refuses), local_addr=("127.0.0.1", 0))
    try:
        yield NameServer("127.0.0.1", transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


async def look(records: Mapping[str, str], *, refuses: bool = False) -> list[tuple[Level, str]]:
    sending = settings("redis://127.0.0.1", MAIL_URL="smtps://smtp.acme.com", MAIL_FROM="Acme <billing@news.acme.com>")
    async with name_server(records, refuses=refuses) as server:
        return [(one.level, one.means) for one in await look_at_senders(sending, server)]


async def test_a_domain_that_publishes_both_is_well() -> None:
    ((level, means),) = await look({"news.acme.com": SPF, "_dmarc.news.acme.com": DMARC})

    assert level is Level.OK
    assert means.startswith("news.acme.com publishes SPF and DMARC.")


async def test_the_domain_above_speaks_for_the_one_below_in_dmarc_alone() -> None:
    above = {"acme.com": SPF, "_dmarc.acme.com": DMARC}

    assert await look(above) == [(Level.NOTE, "news.acme.com publishes no SPF record.")]
    assert (await look({**above, "news.acme.com": SPF}))[0][0] is Level.OK


async def test_what_is_missing_is_a_remark() -> None:
    assert await look({"news.acme.com": "google-site-verification=1"}) == [
        (Level.NOTE, "news.acme.com publishes no SPF and no DMARC record.")
    ]


async def test_a_name_server_that_refuses_is_told_and_no_record_is_missed() -> None:
    assert await look({}, refuses=True) == [
        (Level.NOTE, "SPF and DMARC of news.acme.com could not be looked at (OSError).")
    ]


async def test_without_the_extra_it_says_that_it_could_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns.asyncresolver", None)  # as where dnspython is not installed

    assert await look({}) == [
        (Level.NOTE, "SPF and DMARC of news.acme.com could not be looked at: dnspython is missing.")
    ]


@pytest.mark.parametrize(
    ("mail", "sender"),
    [("console:", "Acme <billing@acme.com>"), ("smtps://smtp.acme.com", "Acme <billing@acme.example>")],
)
async def test_nobody_is_asked_about_mails_that_go_nowhere_or_a_domain_that_nobody_has(mail: str, sender: str) -> None:
    assert await look_at_senders(settings("redis://127.0.0.1", MAIL_URL=mail, MAIL_FROM=sender)) == []
