"""A mail server that keeps what it is sent in memory: the demo's mailbox, and a real server for tests.

It misbehaves on request, stage by stage, as real servers do. As a process of its own it prints one
line of JSON with its two addresses: `python -m cli.lab.mailbox.server --port 0 --http-port 0`.
"""

import asyncio
import json
import signal
import ssl
from collections import deque
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Self

import click
from aiohttp import web
from aiosmtpd.smtp import Envelope, LoginPassword

from cli.lab.mailbox.smtp import Conversation, House, MishapStage, Silence, Words
from cli.run.ends_with_stdin import end_with_stdin, until_stdin_closes
from paddle_twin.own_origin import own_origin_only

USERNAME = "mailer"
# Far more than a mail takes, also on a machine that has little time for it.
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as it came over the wire."""

    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, EmailMessage, policy=default)

    @property
    def text(self) -> str:
        """The text part, decoded."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part, decoded."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        content = part.get_content() if part is not None else ""
        return content.replace("\r\n", "\n") if isinstance(content, str) else ""


class MailServer:
    """An SMTP server on loopback.

    Misbehaviour is planned with `answer`, `drop` and `stall`: the next time a conversation reaches the stage, the
    oldest plan for it is carried out.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str | None = None,
        password: str = "",
        tls_context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        eight_bit: bool = True,
        smtputf8: bool = False,
    ) -> None:
        self.mails: list[ReceivedMail] = []
        self._unread: deque[ReceivedMail] = deque()
        self._arrived = asyncio.Condition()
        self._host, self._port = host, port
        self._implicit_tls = tls_context if implicit_tls else None
        self._house = House(
            self._keep,
            credentials=None if username is None else LoginPassword(username.encode(), password.encode()),
            tls_context=None if implicit_tls else tls_context,
            eight_bit=eight_bit,
            smtputf8=smtputf8,
        )
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stop."""
        await self.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def url(self) -> str:
        """What to give `DUNNING_MAIL_URL`, where no login is asked for."""
        return f"{'smtps' if self._implicit_tls else 'smtp'}://{self._host}:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._house.open)

    @property
    def connections_ever(self) -> int:
        """How many connections were made since the start."""
        return self._house.greeted

    async def start(self) -> None:
        """Listen. A port once chosen is kept for the next start."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Conversation(self._house), self._host, self._port, ssl=self._implicit_tls
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and hang up on everyone; the mails stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close all open connections, as servers do to idle ones."""
        for conversation in tuple(self._house.open):
            conversation.hang_up()
        await asyncio.sleep(0)  # let them notice

    async def emptied(self) -> None:
        """Wait until nobody is connected."""
        if self._house.open:
            await self._house.empty.wait()

    def answer(self, stage: str, code: int, times: int = 1, *, text: str | None = None) -> None:
        """Answer with `code`, and with `text` where that matters, the next times `stage` is reached."""
        self._house.faults[MishapStage(stage)].extend([code if text is None else Words(code, text)] * times)

    def drop(self, stage: str, times: int = 1) -> None:
        """Hang up the next times `stage` is reached."""
        self._house.faults[MishapStage(stage)].extend([Silence.DROP] * times)

    def drop_before_data(self, times: int = 1) -> None:
        """Hang up at DATA, before anything of the mail has come."""
        self.drop(MishapStage.DATA, times)

    def drop_after_data(self, times: int = 1) -> None:
        """Take the mail, keep it, and hang up without an answer."""
        self.drop(MishapStage.MESSAGE, times)

    def stall(self, stage: str, times: int = 1) -> None:
        """Never answer the next times `stage` is reached."""
        self._house.faults[MishapStage(stage)].extend([Silence.STALL] * times)

    def plan(self, stage: str, what: int | str) -> None:
        """Answer with the code `what`, or `drop` or `stall`, the next time `stage` is reached."""
        self._house.faults[MishapStage(stage)].append(what if isinstance(what, int) else Silence(what))

    @property
    def planned(self) -> dict[str, list[int | str]]:
        """What is planned and not yet carried out, by stage."""
        return {
            str(stage): [fault.code if isinstance(fault, Words) else fault for fault in faults]
            for stage, faults in self._house.faults.items()
            if faults
        }

    async def wait_for(self, count: int, *, within_seconds: float = PATIENCE_SECONDS) -> list[ReceivedMail]:
        """Wait until `count` mails have come since the start, and give all there are."""
        async with asyncio.timeout(within_seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.mails) >= count)
        return list(self.mails)

    async def next(self, *, within_seconds: float = PATIENCE_SECONDS) -> ReceivedMail:
        """Wait for the oldest mail not given yet."""
        async with asyncio.timeout(within_seconds), self._arrived:
            await self._arrived.wait_for(lambda: bool(self._unread))
            return self._unread.popleft()

    async def _keep(self, envelope: Envelope) -> None:
        mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b"")
        async with self._arrived:
            self.mails.append(mail)
            self._unread.append(mail)
            self._arrived.notify_all()


def listing(server: MailServer) -> web.Application:
    """Show what came as JSON at `GET /mails?since=N`, and what is planned at `/faults`, where a POST plans more.

    `since` leaves out so many of the oldest.

    For loopback only, since it shows everything to everyone.
    """

    async def mails(request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise web.HTTPBadRequest(text="since is how many mails to leave out\n")
        return web.json_response([_shown(mail) for mail in server.mails[int(since) :]])

    async def faults(_request: web.Request) -> web.Response:
        return web.json_response(server.planned)

    async def plan(request: web.Request) -> web.Response:
        asked = await request.json()
        server.plan(asked["stage"], asked["what"])
        return web.json_response(server.planned)

    app = web.Application(middlewares=[own_origin_only])
    app.add_routes([web.get("/mails", mails), web.get("/faults", faults), web.post("/faults", plan)])
    return app


def _shown(mail: ReceivedMail) -> dict[str, object]:
    message = mail.message
    return {
        "envelope_from": mail.envelope_from,
        "recipients": mail.recipients,
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": mail.text,
        "html": mail.html,
    }


async def _serve(port: int, http_port: int, password: str | None) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with MailServer(port=port, username=password and USERNAME, password=password or "") as server:
        runner = web.AppRunner(listing(server), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", http_port)
        await site.start()
        host, chosen = runner.addresses[0][:2]
        smtp = server.url if password is None else server.url.replace("//", f"//{USERNAME}:{password}@")
        click.echo(json.dumps({"smtp": smtp, "http": f"http://{host}:{chosen}"}))
        await stop.wait()
        await runner.cleanup()


@click.command()
@click.option("--port", default=0, help="SMTP port; 0 takes a free one.")
@click.option("--http-port", default=0, help="Port of the JSON listing; 0 takes a free one.")
@click.option("--password", help=f"Take mail only after a login as `{USERNAME}` with this, of letters and digits.")
@until_stdin_closes
def main(*, port: int, http_port: int, password: str | None, until_stdin_closes: bool) -> None:
    """Run the mailbox until SIGTERM."""
    if until_stdin_closes:
        end_with_stdin()
    asyncio.run(_serve(port, http_port, password))


if __name__ == "__main__":
    main()
