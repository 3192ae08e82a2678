"""The SMTP side of the mailbox: aiosmtpd, made to misbehave where it is planned."""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, cast

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

# Servers quote addresses in what they answer; so does this one, for tests that none of it comes through.
_ANSWER: Final = "4.7.0 <{recipient}>: as planned by the test"


class MishapStage(StrEnum):
    """Where a conversation can be made to go wrong."""

    CONNECT = "connect"  # instead of the greeting
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # at DATA itself, before anything of the mail has come
    MESSAGE = "message"  # after the whole mail has come


class Silence(StrEnum):
    """How not to answer."""

    DROP = "drop"  # hang up
    STALL = "stall"  # say nothing


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal in a server's own words, in one or several lines."""

    code: int
    text: str


@dataclass(slots=True)
class House:
    """What all conversations of one server share."""

    keep: Callable[[Envelope], Awaitable[None]]
    credentials: LoginPassword | None = None
    tls_context: ssl.SSLContext | None = None
    eight_bit: bool = True
    smtputf8: bool = False
    faults: defaultdict[MishapStage, deque[int | Words | Silence]] = field(default_factory=lambda: defaultdict(deque))
    open: set["Conversation"] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)  # nobody is connected any more
    greeted: int = 0  # connections ever made


class Conversation(SMTP):
    """One client's connection."""

    def __init__(self, house: House) -> None:
        super().__init__(
            _Hooks(house, self),
            hostname="mailbox.localhost",
            loop=asyncio.get_running_loop(),
            tls_context=house.tls_context,
            enable_SMTPUTF8=house.smtputf8,
            auth_require_tls=False,  # what is tested is the client: it must not log in in clear by itself
            authenticator=_authenticator(house.credentials),
        )
        self._house = house

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection; after STARTTLS this is called once more."""
        if self not in self._house.open:
            self._house.open.add(self)
            self._house.empty.clear()
            self._house.greeted += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.leave()
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                cast("asyncio.Transport", transport).abort()  # uvloop's is no subclass of it
        # In the middle of a TLS handshake nobody else would tell it.
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        self.leave()

    def leave(self) -> None:
        """Be forgotten."""
        self._house.open.discard(self)
        if not self._house.open:
            self._house.empty.set()

    async def misbehave(self, stage: MishapStage, recipient: str = "") -> str | None:
        """Carry out what is planned for `stage`: give the answer to send, or never return."""
        if not self._house.faults[stage]:
            return None
        fault = self._house.faults[stage].popleft()
        if isinstance(fault, int):
            return f"{fault} {_ANSWER.format(recipient=recipient)}"
        if isinstance(fault, Words):
            *lines, last = fault.text.splitlines()
            return "\r\n".join([*(f"{fault.code}-{line}" for line in lines), f"{fault.code} {last}"])
        if fault is Silence.DROP:
            self.hang_up()
        await asyncio.Event().wait()  # cancelled as the connection goes
        raise AssertionError

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's naming
        """Take the mail, unless something is planned for DATA itself."""
        answer = await self.misbehave(MishapStage.DATA)
        if answer is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(answer)

    async def _handle_client(self) -> None:
        answer = await self.misbehave(MishapStage.CONNECT)
        if answer is not None:
            await self.push(answer)
            self.hang_up_politely()
            return
        await super()._handle_client()

    def hang_up_politely(self) -> None:
        """Close the connection once all is written."""
        if self.transport is not None:
            self.transport.close()


class _Hooks:
    """What aiosmtpd calls at each command, by these very names."""

    def __init__(self, house: House, conversation: Conversation) -> None:
        self._house = house
        self._conversation = conversation

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        hidden = [] if self._house.eight_bit else ["8BITMIME"]
        if self._house.credentials is None:
            hidden.append("AUTH")
        return [line for line in responses if not any(word in line for word in hidden)]

    async def handle_AUTH(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, _session: Session, _envelope: Envelope, _args: list[str]
    ) -> object:
        return await self._conversation.misbehave(MishapStage.AUTH) or MISSING

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._conversation.misbehave(MishapStage.MAIL, address)
        if answer is not None:
            return answer
        if self._house.credentials is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = await self._conversation.misbehave(MishapStage.RCPT, address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        planned = self._house.faults[MishapStage.MESSAGE]
        if not planned or isinstance(planned[0], Silence):  # a mail may have been taken though no answer came
            await self._house.keep(envelope)
        return await self._conversation.misbehave(MishapStage.MESSAGE, ", ".join(envelope.rcpt_tos)) or "250 OK"


def _authenticator(
    wanted: LoginPassword | None,
) -> Callable[[SMTP, Session, Envelope, str, LoginPassword], AuthResult]:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given == wanted, handled=False, auth_data=given)

    return check
