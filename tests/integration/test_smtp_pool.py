"""The kept connections of the SMTP transport: shared, replaced when stale, closed when nobody needs them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cli.lab.mailbox.server import MailServer
from dunning.reasons import HoldWord
from tests.integration.smtp_sending import HURRIED, OpenTransport, opening_transports, send
from tests.until import PATIENCE_SECONDS
from worker.mail.smtp import SmtpPatience
from worker.mail.transport import Outcome, Result


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
async def open_transport() -> AsyncIterator[OpenTransport]:
    async with opening_transports() as open_transport:
        yield open_transport


async def test_the_next_mail_takes_the_same_connection(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server)

    await send(transport)
    await send(transport)

    assert len(server.mails) == 2
    assert server.connections_ever == 1


async def test_a_connection_closed_while_idle_costs_no_try(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server)
    await send(transport)
    await server.hang_up()

    assert (await send(transport)).outcome is Outcome.SENT
    assert server.connections_ever == 2


@pytest.mark.parametrize("how", ["drop", "stall", "421", "452"])
async def test_a_kept_connection_that_no_longer_serves_costs_no_try(
    server: MailServer, open_transport: OpenTransport, how: str
) -> None:
    transport = open_transport(server, patience=HURRIED)
    await send(transport)
    match how:
        case "drop":
            server.drop("mail")
        case "stall":
            server.stall("mail")
        case code:  # 452: no more mails over this connection
            server.answer("mail", int(code))

    assert (await send(transport)).outcome is Outcome.SENT
    assert server.connections_ever == 2
    assert len(server.mails) == 2


async def test_a_refusal_on_a_kept_connection_is_a_refusal(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server)
    await send(transport)
    server.answer("mail", 550)

    assert await send(transport) == Result(Outcome.HELD, "smtp_mail_550", hold=HoldWord.MAIL_SENDER)
    assert server.connections_ever == 1


async def test_a_connection_that_nobody_needs_is_closed_after_a_while(
    server: MailServer, open_transport: OpenTransport
) -> None:
    transport = open_transport(server, patience=SmtpPatience(idle=timedelta(seconds=0.01)))
    await send(transport)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await server.emptied()

    assert server.connections == 0
    assert (await send(transport)).outcome is Outcome.SENT


async def test_thirty_mails_at_once_share_the_pool(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server, connections=4, patience=SmtpPatience())

    results = await asyncio.gather(*(send(transport, recipient=f"c{n}@customer.example") for n in range(30)))

    assert {result.outcome for result in results} == {Outcome.SENT}
    assert {mail.recipients for mail in server.mails} == {(f"c{n}@customer.example",) for n in range(30)}
    assert len(server.mails) == 30
    assert server.connections_ever == 4


async def test_waiting_for_a_connection_counts_as_waiting(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server, connections=1, patience=HURRIED)
    holding = asyncio.Event()
    done = asyncio.Event()

    async def hold() -> bool:
        holding.set()
        await done.wait()
        return True

    first = asyncio.create_task(send(transport, before_data=hold))
    await holding.wait()
    second = await send(transport)
    done.set()

    assert second == Result(Outcome.TRY_AGAIN, "pool_timeout")
    assert (await first).outcome is Outcome.SENT


async def test_a_canceled_send_gives_its_connection_back(server: MailServer, open_transport: OpenTransport) -> None:
    transport = open_transport(server, connections=1)
    reached = asyncio.Event()

    async def hang() -> bool:
        reached.set()
        await asyncio.Event().wait()
        return True

    canceled = asyncio.create_task(send(transport, before_data=hang))
    await reached.wait()
    canceled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await canceled

    assert (await send(transport)).outcome is Outcome.SENT
