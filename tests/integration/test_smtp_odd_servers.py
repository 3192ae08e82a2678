"""The SMTP transport against servers that are old, or no mail servers at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from email.message import EmailMessage
from typing import Any

import pytest

from worker.mail.smtp import Encryption, SmtpTransport
from worker.mail.smtp_envelope import as_data
from worker.mail.transport import Outcome, Result

Serve = Callable[[dict[str, str]], Coroutine[Any, Any, SmtpTransport]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Give a transport to a server that answers each command as the script says, and 250 where it says nothing."""
    servers: list[asyncio.Server] = []
    transports: list[SmtpTransport] = []
    begun, ended = [], asyncio.Semaphore(0)

    async def serve(script: dict[str, str]) -> SmtpTransport:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            begun.append(writer)
            writer.write(script.get("greeting", "220 here").encode() + b"\r\n")
            in_mail = False
            while line := (await reader.readline()).decode():
                if in_mail and line != ".\r\n":
                    continue
                command = "." if in_mail else line[:4].strip()
                in_mail = command == "DATA"
                answer = script.get(command, "354 go on" if in_mail else "250 fine")
                writer.write(answer.encode() + b"\r\n")
            writer.close()
            await writer.wait_closed()
            ended.release()

        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
        transports.append(SmtpTransport("127.0.0.1", port, sender="billing@acme.example", tls=Encryption.OFF))
        return transports[-1]

    yield serve
    for transport in transports:
        await transport.close()
    for server in servers:
        server.close()
    for _ in begun:
        await ended.acquire()


async def yes() -> bool:
    return True


async def send(transport: SmtpTransport) -> Result:
    mail = EmailMessage()
    mail.set_content("12,00 €\n")
    return await transport.send(mail, recipient="eve@customer.example", key="txn_1.first", before_data=yes)


async def test_a_server_that_knows_only_helo_is_sent_to(serve: Serve) -> None:
    transport = await serve({"EHLO": "502 what"})

    assert await send(transport) == Result(Outcome.SENT, "smtp_250")


async def test_a_server_that_hangs_up_at_ehlo_is_tried_again(serve: Serve) -> None:
    transport = await serve({"EHLO": "421 busy"})

    assert await send(transport) == Result(Outcome.TRY_AGAIN, "smtp_connect_421")


@pytest.mark.parametrize("greeting", ["HTTP/1.1 400 Bad Request", "150 not yet"])
async def test_what_is_no_mail_server_is_tried_again(serve: Serve, greeting: str) -> None:
    transport = await serve({"greeting": greeting})

    assert await send(transport) == Result(Outcome.TRY_AGAIN, "smtp_connect_malformed")


async def test_an_answer_to_the_mail_that_is_no_answer_is_unknown(serve: Serve) -> None:
    transport = await serve({".": "what?"})

    assert await send(transport) == Result(Outcome.UNKNOWN, "smtp_message_malformed")


async def test_another_yes_than_354_to_data_hands_nothing_over(serve: Serve) -> None:
    transport = await serve({"DATA": "250 fine"})

    result = await send(transport)

    assert result == Result(Outcome.TRY_AGAIN, "smtp_data_malformed")


async def test_a_server_that_will_not_forget_an_envelope_is_not_kept(serve: Serve) -> None:
    transport = await serve({"RCPT": "451 later", "RSET": "500 no"})

    assert await send(transport) == Result(Outcome.TRY_AGAIN, "smtp_rcpt_451")
    assert transport._pool.take_kept() is None


def test_a_mail_without_a_last_line_end_is_given_one() -> None:
    mail = EmailMessage()
    mail.set_payload("no end")

    assert as_data(mail, eight_bit=True) == b"\r\nno end\r\n.\r\n"
