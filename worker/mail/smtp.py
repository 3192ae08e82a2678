"""Mail by SMTP. It finds out what became of a mail as exactly as SMTP allows."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from enum import StrEnum

import aiosmtplib

from dunning import time_limits
from dunning.addresses.ascii import ascii_address
from dunning.addresses.mailable import mailable_address
from dunning.reasons import MailCode
from worker.mail.holds import LOGIN, SENDER
from worker.mail.smtp_answers import Stage, explain_answer, explain_failure
from worker.mail.smtp_envelope import NeedsSmtpUtf8Error, as_data, mail_options, sender_of
from worker.mail.smtp_pool import SmtpPool
from worker.mail.transport import Outcome, Result

_START_INPUT = 354
_CLOSING = 421
_NOT_NOW = 4


class Encryption(StrEnum):
    """How the connection is encrypted. There is no "if offered": whoever suppresses STARTTLS could read everything."""

    OFF = "off"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpPatience:
    """How long each part may take. Together they take less than the sending job may."""

    up_to_rcpt: timedelta = time_limits.UP_TO_RCPT  # waiting for a connection, connecting, and all up to RCPT
    data: timedelta = time_limits.DATA  # from DATA to the answer to the mail
    # A firewall may have silently dropped a kept connection. So its answer is awaited no longer than this, and what is
    # left of `up_to_rcpt` is enough for a new connection.
    kept: timedelta = timedelta(seconds=3)
    idle: timedelta = timedelta(seconds=30)  # many servers hang up after a minute or more


@dataclass(slots=True)
class _Talk:
    """One mail's conversation, and how far it has come."""

    stage: Stage = Stage.POOL
    client: aiosmtplib.SMTP | None = None

    def take(self) -> aiosmtplib.SMTP | None:
        client, self.client = self.client, None
        return client


class SmtpTransport:
    """Sends over a small pool of kept connections to one server.

    The server's text is read only to tell whom a refusal is about. It is never raised, logged or kept, since it may
    quote addresses.
    """

    idempotent = False

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        tls: Encryption,
        username: str | None = None,
        password: str | None = None,
        tls_context: ssl.SSLContext | None = None,
        connections: int = 8,
        patience: SmtpPatience = SmtpPatience(),
        other_senders: Sequence[str] = (),
    ) -> None:
        """Connect to nothing yet.

        A mail's envelope names the sender that its header does. `sender` and `other_senders` are all that may be, and
        what a probe names.
        """
        self._host, self._port = host, port
        self._sender = ascii_address(sender) or sender
        self._senders = [self._sender, *other_senders]
        self._username, self._password = username, password
        self._tls = tls
        self._tls_context = tls_context or (None if tls is Encryption.OFF else ssl.create_default_context())
        self._patience = patience
        self._pool = SmtpPool(
            self._new_client, size=connections, idle_for=patience.idle, reset_within=timedelta(seconds=1)
        )

    async def send(
        self,
        mail: EmailMessage,
        *,
        recipient: str,
        key: str,  # noqa: ARG002 - SMTP knows no keys; Message-ID is the nearest thing
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Send one mail; see `Transport.send`."""
        address = mailable_address(recipient)
        if address is None:
            return Result(Outcome.REFUSED, MailCode.ADDRESS_MALFORMED, about_recipient=True)
        talk = _Talk()
        deadline = asyncio.get_running_loop().time() + self._patience.up_to_rcpt.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                await self._pool.enter()
        except TimeoutError as error:
            return explain_failure(talk.stage, error)
        try:
            return await self._converse(talk, mail, address, deadline, before_data)
        finally:
            if talk.client is not None:  # something went wrong, and the state of this connection is unknown
                talk.client.close()
            self._pool.leave()

    async def probe(self) -> frozenset[str]:
        """Connect, log in and name the sender, on a connection of its own; see `Transport.probe`."""
        mended, _ = await self.look()
        return mended

    async def look(self) -> tuple[frozenset[str], Result | None]:
        """Do as `probe` does, and return besides what went wrong, None if nothing did. Never raises."""
        talk, mended, wrong = _Talk(), set[str](), None
        try:
            async with asyncio.timeout(self._patience.up_to_rcpt.total_seconds()):
                client = await self._connect(talk)
                mended.add(LOGIN)
                talk.stage = Stage.MAIL
                for sender in self._senders:
                    await client.mail(sender, options=mail_options(client, smtputf8=False))
                    await client.rset()
                mended.add(SENDER)
        except (aiosmtplib.SMTPException, OSError) as error:
            wrong = explain_failure(talk.stage, error)  # what it reached before that works
        finally:
            if talk.client is not None:
                talk.client.close()
        return frozenset(mended), wrong

    async def close(self) -> None:
        """Say good-bye on the kept connections."""
        await self._pool.close()

    async def _converse(
        self,
        talk: _Talk,
        mail: EmailMessage,
        address: str,
        deadline: float,
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        try:
            async with asyncio.timeout_at(deadline):
                client = await self._announce(talk, sender_of(mail) or self._sender, address)
        except (aiosmtplib.SMTPException, OSError) as error:
            if isinstance(error, aiosmtplib.SMTPResponseException | NeedsSmtpUtf8Error):
                await self._leave_unfinished(talk)
            if isinstance(error, NeedsSmtpUtf8Error):
                return Result(Outcome.UNFIT, MailCode.SMTPUTF8_NOT_OFFERED)
            return explain_failure(talk.stage, error)
        try:
            wanted = await before_data()
        except Exception:
            await self._leave_unfinished(talk)
            raise
        if not wanted:
            await self._leave_unfinished(talk)
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        try:
            async with asyncio.timeout(self._patience.data.total_seconds()):
                result = await self._hand_over(talk, client, mail, smtputf8=not address.isascii())
        except (aiosmtplib.SMTPException, OSError) as error:
            return explain_failure(talk.stage, error)
        if talk.stage is Stage.MESSAGE:
            talk.client = None
            self._pool.put_back(client)
        else:
            await self._leave_unfinished(talk)
        return result

    async def _announce(self, talk: _Talk, sender: str, address: str) -> aiosmtplib.SMTP:
        """Go as far as an accepted RCPT, over a kept connection if one still answers."""
        smtputf8 = not address.isascii()
        client = await self._open_on_kept(talk, sender, smtputf8=smtputf8)
        if client is None:
            client = await self._connect(talk)
            talk.stage = Stage.MAIL
            await client.mail(sender, options=mail_options(client, smtputf8=smtputf8))
        talk.stage = Stage.RCPT
        await client.rcpt(address, encoding="utf-8")
        return client

    async def _open_on_kept(self, talk: _Talk, sender: str, *, smtputf8: bool) -> aiosmtplib.SMTP | None:
        """Say MAIL on a kept connection; None if there is none, or the server hung up on it while it was idle."""
        client = talk.client = self._pool.take_kept()
        if client is None:
            return None
        talk.stage = Stage.MAIL
        try:
            options = mail_options(client, smtputf8=smtputf8)
            await client.mail(sender, options=options, timeout=self._patience.kept.total_seconds())
        except aiosmtplib.SMTPSenderRefused as refused:
            if refused.code // 100 != _NOT_NOW:  # a server may take so many mails over one connection, and say so
                raise
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
            pass
        else:
            return client
        client.close()
        talk.client = None
        return None

    async def _connect(self, talk: _Talk) -> aiosmtplib.SMTP:
        talk.stage = Stage.CONNECT
        client = talk.client = await self._pool.connect()
        await _greet(client)
        if self._tls is Encryption.STARTTLS:
            talk.stage = Stage.TLS
            if not client.supports_extension("starttls"):
                raise aiosmtplib.SMTPNotSupported("STARTTLS")
            await client.starttls()
            await _greet(client)
        if self._username is not None:
            talk.stage = Stage.LOGIN
            await client.login(self._username, self._password or "")
        return client

    async def _hand_over(self, talk: _Talk, client: aiosmtplib.SMTP, mail: EmailMessage, *, smtputf8: bool) -> Result:
        """Send DATA and the mail in two steps: aiosmtplib's own `data()` doesn't tell in which of them it failed."""
        data = as_data(mail, eight_bit=client.supports_extension("8bitmime"), smtputf8=smtputf8)
        talk.stage = Stage.DATA
        answer = await client.execute_command(b"DATA", timeout=None)
        if answer.code != _START_INPUT or client.protocol is None:
            return explain_answer(talk.stage, answer.code, answer.message)
        client.protocol.write(data)
        talk.stage = Stage.MESSAGE
        answer = await client.protocol.read_response()
        if answer.code == _CLOSING:
            client.close()
        return explain_answer(talk.stage, answer.code, answer.message)

    async def _leave_unfinished(self, talk: _Talk) -> None:
        """Put the connection back if the server will forget the envelope."""
        client = talk.take()
        if client is not None:
            await self._pool.put_back_unfinished(client)

    def _new_client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            # Our own host name would be looked up in DNS, which may take seconds. The sender's domain does resolve.
            local_hostname=self._sender.rpartition("@")[2],
            use_tls=self._tls is Encryption.IMPLICIT,
            start_tls=False,  # done by hand, to know what failed
            tls_context=self._tls_context,
            timeout=None,  # each conversation has its own deadlines
        )


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()
