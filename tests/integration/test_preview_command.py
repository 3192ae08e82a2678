"""`dunning preview` on the command line: a mail sent to somebody who is to look at it, and what is refused."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner, Result

from cli.lab.mailbox.server import MailServer
from cli.main import main
from dunning.settings.load import bare_environment

TO = "you@example.com"


async def run(*arguments: str, env: Mapping[str, str | None] | None = None) -> Result:
    """Run the command beside the loop that the mail server lives in."""
    return await asyncio.to_thread(CliRunner().invoke, main, ["preview", *arguments], env=dict(env or {}))


def way(url: str) -> dict[str, str]:
    return {"DUNNING_MAIL_URL": url, "DUNNING_MAIL_FROM": "Lantern <billing@lantern.example>"}


def mails_in(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(one.read_bytes(), EmailMessage, policy=policy.default) for one in folder.glob("*.eml")]


async def test_the_chosen_mail_is_sent_to_who_is_to_look_at_it() -> None:
    async with MailServer() as mailbox:
        result = await run("--send", TO, "--show", "template=reminder&method=paypal&width=320", env=way(mailbox.url))
        (received,) = await mailbox.wait_for(1)

    assert result.exit_code == 0, result.output
    assert result.stdout == "Sent to you@example.com: Still unpaid: Lantern Pro\n"
    assert received.message["To"] == TO
    assert "PayPal" in received.text


async def test_a_mail_of_a_brand_comes_from_it(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text('[brand.pro]\nwhen = { currency = "EUR" }\nfrom = "Acme Pro <pro@acme.example>"\n')
    async with MailServer() as mailbox:
        result = await run("--send", TO, "--campaign", str(file), "--show", "brand=pro", env=way(mailbox.url))
        (received,) = await mailbox.wait_for(1)

    assert result.exit_code == 0, result.output
    assert received.envelope_from == "pro@acme.example"
    assert "Kind regards,\nAcme Pro\n" in received.text.replace("\r\n", "\n")


async def test_a_mail_that_is_sent_twice_comes_under_two_names(tmp_path: Path) -> None:
    for _ in range(2):
        result = await run("--send", TO, env=way(f"file://{tmp_path}"))
        assert result.exit_code == 0, result.output

    assert len({mail["Message-ID"] for mail in mails_in(tmp_path)}) == 2


async def test_a_mail_that_is_refused_is_told() -> None:
    async with MailServer() as mailbox:
        mailbox.answer("rcpt", 550)
        result = await run("--send", TO, env=way(mailbox.url))

    assert result.exit_code == 1
    assert "The mail was not sent: refused (smtp_rcpt_550)." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "code", "told"),
    [
        (["--send", TO], {}, 2, "DUNNING_MAIL_URL: it is missing; --send needs it"),
        (["--send", TO], {}, 2, "DUNNING_MAIL_FROM: it is missing; --send needs it"),
        (["--send", TO, "--show", "template=none"], way("console:"), 1, "template: there is no 'none'"),
        (["--send", TO, "--show", "page=paid"], way("console:"), 1, "page: a page can't be sent, but a mail"),
        (["--send", TO, "--show", "templat=reminder"], way("console:"), 1, "templat: this is not known; it should be"),
        (["--send", "no address"], way("console:"), 1, "--send: 'no address' is no address that mail can be sent to"),
        (["--port", "65536"], {}, 2, "65536 is not in the range 0<=x<=65535"),
        (["--port", "0"], {"DUNNING_MAIL_FROM": "nobody"}, 2, "DUNNING_MAIL_FROM: "),
        (["--case", "txn_1"], {}, 2, "It is no case's id"),
        (["--case", f"txn_{'0' * 26}", "--send", TO], {}, 2, "--case goes with --port and --no-open alone."),
        (["--case", f"txn_{'0' * 26}"], {}, 2, "DUNNING_PADDLE_API_KEY: it is missing"),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], env: dict[str, str], code: int, told: str
) -> None:
    result = await run(*arguments, env=env)

    assert result.exit_code == code
    assert told in result.stderr
    assert "Traceback" not in result.output


async def test_a_broken_template_is_told_and_not_sent(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ nmae }}")

    result = await run("--send", TO, "--templates", str(tmp_path), env=way("console:"))

    assert result.exit_code == 2
    assert f"{tmp_path / 'reminder.txt'}:1: 'nmae' is undefined" in result.stderr


@asynccontextmanager
async def preview(*options: str, env: Mapping[str, str] | None = None) -> AsyncIterator[tuple[Process, str]]:
    """Start the command in a process of its own, and give the page's address too."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli.main", "preview", "--port", "0", *options),
        env=bare_environment() | {"COLUMNS": "60", "BROWSER": "echo opened %s", **(env or {})},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(rb"http://127\S+", line := await process.stdout.readline())):
                assert line or not process.stdout.at_eof(), "it ended before it served anything"
        yield process, found[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_needs_no_settings_serves_its_page_and_ends_when_told(number: signal.Signals) -> None:
    async with preview("--no-open", "--show", "template=reminder") as (process, address):
        async with ClientSession() as http, http.get(address) as response:
            assert response.status == 200
            assert "Dunning preview" in await response.text()
        process.send_signal(number)
        assert await process.wait() == 0

    assert address.endswith("/?template=reminder")


async def test_it_opens_the_browser_unless_told_otherwise() -> None:
    async with preview() as (process, address):
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"opened" not in (line := await process.stdout.readline()):
                assert line or not process.stdout.at_eof(), "it ended before it opened anything"

    assert line.decode().strip() == f"opened {address}"
