"""Addresses with letters beyond ASCII before the @: sent where the server takes them, and told where it doesn't."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from cli.lab.mailbox.server import MailServer
from dunning.reasons import MailCode, SkipReason
from dunning.rules.delivery import DeliveryState
from tests.integration.house import house
from tests.integration.smtp_sending import OpenTransport, opening_transports, send
from tests.unit.mails import RENDERER, facts
from worker.mail.transport import Outcome, Result

ADDRESS = "jörg@bücher.example"
WRITTEN = "jörg@xn--bcher-kva.example"
UNFIT = Result(Outcome.UNFIT, MailCode.SMTPUTF8_NOT_OFFERED)


@pytest.fixture
async def open_transport() -> AsyncIterator[OpenTransport]:
    async with opening_transports() as open_transport:
        yield open_transport


def to_joerg() -> EmailMessage:
    return RENDERER.render(replace(facts(), recipient=ADDRESS))


async def test_it_is_sent_as_it_is_where_the_server_takes_it(open_transport: OpenTransport) -> None:
    async with MailServer(smtputf8=True) as server:
        result = await send(open_transport(server), to_joerg(), recipient=ADDRESS)
        received = await server.next()

    assert result.outcome is Outcome.SENT
    assert received.recipients == (WRITTEN,)
    assert f"To: {WRITTEN}\r\n".encode() in received.raw
    assert "Pay" in received.text


async def test_other_mail_is_written_in_ascii_to_such_a_server_too(open_transport: OpenTransport) -> None:
    async with MailServer(smtputf8=True) as server:
        transport = open_transport(server)
        await send(transport, to_joerg(), recipient=ADDRESS)
        await send(transport, RENDERER.render(facts()))
        received = (await server.wait_for(2))[1]
        connections = server.connections_ever

    assert received.raw.partition(b"\r\n\r\n")[0].isascii()
    assert connections == 1


@pytest.mark.parametrize("again", [False, True], ids=["new connection", "kept connection"])
async def test_a_server_that_does_not_take_it_is_given_nothing(open_transport: OpenTransport, *, again: bool) -> None:
    asked: list[bool] = []

    async def ask() -> bool:
        asked.append(True)
        return True

    async with MailServer() as server:
        transport = open_transport(server)
        if again:
            await send(transport)
        result = await send(transport, to_joerg(), recipient=ADDRESS, before_data=ask)
        after = await send(transport)
        count, connections = len(server.mails), server.connections_ever

    assert result == UNFIT
    assert not asked
    assert after.outcome is Outcome.SENT
    assert count == 1 + again
    assert connections == 1


async def test_a_server_that_takes_no_eight_bits_takes_no_such_address(open_transport: OpenTransport) -> None:
    async with MailServer(smtputf8=True, eight_bit=False) as server:
        result = await send(open_transport(server), to_joerg(), recipient=ADDRESS)

    assert result == UNFIT


async def test_a_step_that_can_not_be_sent_so_is_skipped_and_its_story_says_why(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as of:
        case_id = of.twin.world.decline(of.add_subscription(email=ADDRESS))

        state = await of.delivery_ended(case_id)
        told = await of.told(case_id)

    assert state is DeliveryState.SKIPPED
    assert f"first skipped: {SkipReason.NEEDS_SMTPUTF8}" in told
    assert of.mailbox.mails == []
