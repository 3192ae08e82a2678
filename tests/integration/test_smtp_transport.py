"""The SMTP transport against a real server over loopback: what becomes of a mail."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from cli.lab.mailbox.server import MailServer
from dunning.reasons import HoldWord
from tests.integration.smtp_sending import (
    CUSTOMER,
    HURRIED,
    SENDER,
    OpenTransport,
    a_mail,
    no,
    opening_transports,
    send,
)
from worker.mail.smtp import Encryption
from worker.mail.transport import Outcome, Result


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
async def open_transport() -> AsyncIterator[OpenTransport]:
    async with opening_transports() as open_transport:
        yield open_transport


async def test_a_mail_arrives_as_it_was_written(server: MailServer, open_transport: OpenTransport) -> None:
    mail = a_mail(".a dot\n..two\nlast line, no end", subject="Zahlung über 9 €")

    result = await send(open_transport(server), mail)

    assert result == Result(Outcome.SENT, "smtp_250")
    received = await server.next()
    assert (received.envelope_from, received.recipients) == (SENDER, (CUSTOMER,))
    assert received.text == ".a dot\n..two\nlast line, no end\n"
    assert received.message["Subject"] == "Zahlung über 9 €"


async def test_eight_bit_text_is_sent_as_it_is_where_the_server_knows_it(
    server: MailServer, open_transport: OpenTransport
) -> None:
    await send(open_transport(server), a_mail("12,00 €\n"))

    assert "12,00 €".encode() in (await server.next()).raw


async def test_eight_bit_text_is_encoded_for_a_server_that_knows_only_seven(open_transport: OpenTransport) -> None:
    async with MailServer(eight_bit=False) as server:
        result = await send(open_transport(server), a_mail("12,00 €\n"))

        received = await server.next()
        assert result.outcome is Outcome.SENT
        assert received.raw.isascii()
        assert received.text == "12,00 €\n"


@pytest.mark.parametrize(
    ("stage", "code", "expected"),
    [
        ("connect", 421, Result(Outcome.TRY_AGAIN, "smtp_connect_421")),
        ("connect", 554, Result(Outcome.HELD, "smtp_connect_554", hold=HoldWord.MAIL_LOGIN)),
        ("mail", 421, Result(Outcome.TRY_AGAIN, "smtp_mail_421")),
        ("mail", 451, Result(Outcome.TRY_AGAIN, "smtp_mail_451")),
        ("mail", 550, Result(Outcome.HELD, "smtp_mail_550", hold=HoldWord.MAIL_SENDER)),
        ("mail", 530, Result(Outcome.HELD, "smtp_mail_530", hold=HoldWord.MAIL_LOGIN)),
        ("rcpt", 421, Result(Outcome.TRY_AGAIN, "smtp_rcpt_421")),
        ("rcpt", 451, Result(Outcome.TRY_AGAIN, "smtp_rcpt_451")),
        ("rcpt", 550, Result(Outcome.REFUSED, "smtp_rcpt_550")),
        ("data", 421, Result(Outcome.TRY_AGAIN, "smtp_data_421")),
        ("data", 451, Result(Outcome.TRY_AGAIN, "smtp_data_451")),
        ("data", 550, Result(Outcome.REFUSED, "smtp_data_550")),
        ("message", 421, Result(Outcome.TRY_AGAIN, "smtp_message_421")),
        ("message", 451, Result(Outcome.TRY_AGAIN, "smtp_message_451")),
        ("message", 550, Result(Outcome.REFUSED, "smtp_message_550")),
    ],
)
async def test_an_answer_is_sorted_by_what_to_do_next_and_the_next_mail_goes_out(
    server: MailServer, open_transport: OpenTransport, stage: str, code: int, expected: Result
) -> None:
    transport = open_transport(server)
    server.answer(stage, code)

    first = await send(transport)
    second = await send(transport)

    assert first == expected
    assert second.outcome is Outcome.SENT
    assert len(server.mails) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "message"])
@pytest.mark.parametrize(
    ("text", "hold"),
    [
        (f"5.7.1 <{CUSTOMER}>: Relay access denied", "mail_relay"),
        (f"Message rejected: Email address is not verified. Failed the check: {SENDER}", "mail_sender"),
        ("5.4.5 Daily user sending limit exceeded", "mail_quota"),
        ("5.7.26 This mail is unauthenticated.\n5.7.26 It has to be signed.", "mail_policy"),
    ],
)
async def test_a_refusal_that_is_about_us_is_held_and_the_next_mail_goes_out_once_it_is_mended(
    server: MailServer, open_transport: OpenTransport, stage: str, text: str, hold: str
) -> None:
    transport = open_transport(server)
    server.answer(stage, 554, text=text)

    refused = await send(transport)
    after_it_was_mended = await send(transport)

    assert refused == Result(Outcome.HELD, f"smtp_{stage}_554", hold=HoldWord(hold))
    assert after_it_was_mended.outcome is Outcome.SENT


async def test_a_recipient_who_is_refused_stays_refused(server: MailServer, open_transport: OpenTransport) -> None:
    server.answer("rcpt", 550, text=f"5.1.1 <{CUSTOMER}>: Recipient address rejected: User unknown")

    result = await send(open_transport(server))

    assert result == Result(Outcome.REFUSED, "smtp_rcpt_550")
    assert result.about_recipient


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("connect", Result(Outcome.TRY_AGAIN, "connect_eof")),
        ("mail", Result(Outcome.TRY_AGAIN, "mail_eof")),
        ("rcpt", Result(Outcome.TRY_AGAIN, "rcpt_eof")),
        ("data", Result(Outcome.TRY_AGAIN, "data_eof")),
        ("message", Result(Outcome.UNKNOWN, "eof_after_data")),
    ],
)
async def test_a_cut_connection_is_certain_until_the_mail_is_handed_over(
    server: MailServer, open_transport: OpenTransport, stage: str, expected: Result
) -> None:
    transport = open_transport(server)
    server.drop(stage)

    assert await send(transport) == expected
    assert (await send(transport)).outcome is Outcome.SENT


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("connect", Result(Outcome.TRY_AGAIN, "connect_timeout")),
        ("mail", Result(Outcome.TRY_AGAIN, "mail_timeout")),
        ("rcpt", Result(Outcome.TRY_AGAIN, "rcpt_timeout")),
        ("data", Result(Outcome.TRY_AGAIN, "data_timeout")),
        ("message", Result(Outcome.UNKNOWN, "timeout_after_data")),
    ],
)
async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    server: MailServer, open_transport: OpenTransport, stage: str, expected: Result
) -> None:
    transport = open_transport(server, patience=HURRIED)
    server.stall(stage)

    assert await send(transport) == expected
    assert (await send(transport)).outcome is Outcome.SENT


async def test_a_server_that_is_not_there_is_tried_again(server: MailServer, open_transport: OpenTransport) -> None:
    await server.stop()

    assert await send(open_transport(server)) == Result(Outcome.TRY_AGAIN, "connect_eof")


@pytest.mark.parametrize("code", [530, 534, 535])
async def test_a_refused_login_is_held_for_the_operator(open_transport: OpenTransport, code: int) -> None:
    async with MailServer(username="acme", password="right") as server:
        server.answer("auth", code, times=3)

        result = await send(open_transport(server, username="acme", password="right"))

        assert result == Result(Outcome.HELD, f"smtp_login_{code}", hold=HoldWord.MAIL_LOGIN)


async def test_a_wrong_password_is_held_for_the_operator_and_a_right_one_sends(open_transport: OpenTransport) -> None:
    async with MailServer(username="acme", password="right") as server:
        wrong = await send(open_transport(server, username="acme", password="wrong"))
        right = await send(open_transport(server, username="acme", password="right"))

        assert (wrong.outcome, wrong.hold) == (Outcome.HELD, "mail_login")
        assert right.outcome is Outcome.SENT


async def test_a_missing_login_is_held_for_the_operator(open_transport: OpenTransport) -> None:
    async with MailServer(username="acme", password="right") as server:
        assert await send(open_transport(server)) == Result(Outcome.HELD, "smtp_mail_530", hold=HoldWord.MAIL_LOGIN)


async def test_a_login_that_the_server_does_not_offer_is_held_for_the_operator(
    server: MailServer, open_transport: OpenTransport
) -> None:
    result = await send(open_transport(server, username="acme", password="right"))

    assert result == Result(Outcome.HELD, "login_not_offered", hold=HoldWord.MAIL_LOGIN)


async def test_a_login_that_fails_for_now_is_tried_again(open_transport: OpenTransport) -> None:
    async with MailServer(username="acme", password="right") as server:
        server.answer("auth", 454, times=3)

        result = await send(open_transport(server, username="acme", password="right"))

        assert result == Result(Outcome.TRY_AGAIN, "smtp_login_454")


async def test_a_server_without_starttls_gets_neither_password_nor_mail(open_transport: OpenTransport) -> None:
    async with MailServer(username="acme", password="right") as server:
        result = await send(open_transport(server, tls=Encryption.STARTTLS, username="acme", password="right"))

        assert result == Result(Outcome.HELD, "tls_not_offered", hold=HoldWord.MAIL_LOGIN)
        assert server.mails == []


async def test_implicit_tls_to_a_server_without_it_is_held_for_the_operator(
    server: MailServer, open_transport: OpenTransport
) -> None:
    result = await send(open_transport(server, tls=Encryption.IMPLICIT))

    assert result == Result(Outcome.HELD, "tls_refused", hold=HoldWord.MAIL_LOGIN)


async def test_nothing_is_handed_over_when_before_data_says_no(
    server: MailServer, open_transport: OpenTransport
) -> None:
    transport = open_transport(server)

    assert await send(transport, before_data=no) == Result(Outcome.ABANDONED, "abandoned_before_data")
    assert server.mails == []
    assert (await send(transport)).outcome is Outcome.SENT
    assert server.connections_ever == 1


async def test_what_before_data_raises_is_raised_and_nothing_is_handed_over(
    server: MailServer, open_transport: OpenTransport
) -> None:
    transport = open_transport(server)

    async def store_is_away() -> bool:
        raise ConnectionError("redis")

    with pytest.raises(ConnectionError, match="redis"):
        await send(transport, before_data=store_is_away)

    assert server.mails == []
    assert (await send(transport)).outcome is Outcome.SENT


async def test_before_data_is_asked_only_after_rcpt_was_accepted(
    server: MailServer, open_transport: OpenTransport
) -> None:
    asked = False

    async def ask() -> bool:
        nonlocal asked
        asked = True
        return True

    server.answer("rcpt", 451)

    await send(open_transport(server), before_data=ask)

    assert not asked


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b@c.example",
        "a b@c.example",
        "a@c.example>\r\nRSET",
        "\u202eeve@customer.example",
        "a@" + "x" * 300,
    ],
)
async def test_an_address_that_cannot_be_mailed_is_refused_without_asking(
    server: MailServer, open_transport: OpenTransport, address: str
) -> None:
    result = await send(open_transport(server), recipient=address)

    assert result == Result(Outcome.REFUSED, "address_malformed")
    assert server.connections_ever == 0


async def test_a_domain_in_another_script_is_written_in_ascii(
    server: MailServer, open_transport: OpenTransport
) -> None:
    await send(open_transport(server), recipient="eve@bücher.example")

    assert (await server.next()).recipients == ("eve@xn--bcher-kva.example",)


async def test_what_the_server_writes_reaches_neither_result_nor_log(
    server: MailServer, open_transport: OpenTransport
) -> None:
    transport = open_transport(server)
    server.answer("rcpt", 550)
    server.answer("rcpt", 554, text=f"5.7.1 <{CUSTOMER}>: Relay access denied")

    with capture_logs() as logs:
        results = [await send(transport), await send(transport)]

    for written in (repr(results), repr(logs)):
        assert CUSTOMER not in written
        assert "denied" not in written
