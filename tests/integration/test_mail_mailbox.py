"""The mailbox that demo and tests receive mail in."""

import asyncio
import json
import smtplib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiohttp
import pytest

from cli.lab.mailbox.server import MailServer


def a_mail(subject: str = "Hello") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "billing@acme.example"
    mail["To"] = "eve@customer.example"
    mail["Subject"] = subject
    mail.set_content("12,00 €\n")
    mail.add_alternative("<p>12,00 €</p>\n", subtype="html")
    return mail


async def post(port: int, mail: EmailMessage) -> None:
    """Send with another client than our own."""

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.send_message(mail)

    await asyncio.to_thread(deliver)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


async def test_mails_are_given_one_by_one_and_all_together(server: MailServer) -> None:
    await post(server.port, a_mail("one"))
    await post(server.port, a_mail("two"))

    assert (await server.next()).message["Subject"] == "one"
    assert (await server.next()).message["Subject"] == "two"
    assert len(await server.wait_for(2)) == 2


async def test_a_mail_shows_its_envelope_and_both_parts(server: MailServer) -> None:
    await post(server.port, a_mail())

    mail = await server.next()
    assert (mail.envelope_from, mail.recipients) == ("billing@acme.example", ("eve@customer.example",))
    assert (mail.text, mail.html) == ("12,00 €\n", "<p>12,00 €</p>\n")


async def test_waiting_for_a_mail_that_does_not_come_ends(server: MailServer) -> None:
    with pytest.raises(TimeoutError):
        await server.next(within_seconds=0.01)
    with pytest.raises(TimeoutError):
        await server.wait_for(1, within_seconds=0.01)


async def test_it_starts_again_where_it_was_with_its_mails(server: MailServer) -> None:
    url = server.url
    await post(server.port, a_mail())

    await server.stop()
    await server.start()

    assert server.url == url
    assert len(server.mails) == 1


def test_a_stage_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match="helo"):
        MailServer().answer("helo", 550)


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "cli.lab.mailbox.server", stdout=PIPE)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_as_a_process_it_tells_where_it_is_lists_its_mails_and_ends_on_sigterm(process: Process) -> None:
    assert process.stdout is not None
    where = json.loads(await process.stdout.readline())

    await post(int(where["smtp"].rpartition(":")[2]), a_mail())
    async with aiohttp.ClientSession() as http, http.get(f"{where['http']}/mails") as answer:
        [mail] = await answer.json()
    process.terminate()

    assert await process.wait() == 0
    assert mail["recipients"] == ["eve@customer.example"]
    assert mail["headers"]["subject"] == "Hello"
    assert mail["text"] == "12,00 €\n"
    assert mail["html"] == "<p>12,00 €</p>\n"
