"""Send mails by the SMTP transport to a mailbox in the test's own loop."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import Protocol

from cli.lab.mailbox.server import MailServer
from worker.mail.smtp import Encryption, SmtpPatience, SmtpTransport
from worker.mail.transport import Result

SENDER = "billing@acme.example"
CUSTOMER = "eve@customer.example"
PATIENT = SmtpPatience()
HURRIED = SmtpPatience(up_to_rcpt=timedelta(seconds=1), data=timedelta(seconds=0.5), kept=timedelta(seconds=0.2))


class OpenTransport(Protocol):
    def __call__(
        self,
        server: MailServer,
        *,
        tls: Encryption = Encryption.OFF,
        username: str | None = None,
        password: str | None = None,
        tls_context: ssl.SSLContext | None = None,
        connections: int = 8,
        patience: SmtpPatience = PATIENT,
    ) -> SmtpTransport: ...


@asynccontextmanager
async def opening_transports() -> AsyncIterator[OpenTransport]:
    """Give a way to open transports, and close them in the end."""
    opened: list[SmtpTransport] = []

    def open_transport(
        server: MailServer,
        *,
        tls: Encryption = Encryption.OFF,
        username: str | None = None,
        password: str | None = None,
        tls_context: ssl.SSLContext | None = None,
        connections: int = 8,
        patience: SmtpPatience = PATIENT,
    ) -> SmtpTransport:
        transport = SmtpTransport(
            "127.0.0.1",
            server.port,
            sender=SENDER,
            tls=tls,
            username=username,
            password=password,
            tls_context=tls_context,
            connections=connections,
            patience=patience,
        )
        opened.append(transport)
        return transport

    yield open_transport
    for transport in opened:
        await transport.close()


def a_mail(text: str = "Hello\n", subject: str = "A subject") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = SENDER
    mail["To"] = CUSTOMER
    mail["Subject"] = subject
    mail.set_content(text, cte="7bit" if text.isascii() else "8bit")
    return mail


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def send(
    transport: SmtpTransport,
    mail: EmailMessage | None = None,
    *,
    recipient: str = CUSTOMER,
    before_data: Callable[[], Awaitable[bool]] = yes,
) -> Result:
    return await transport.send(mail or a_mail(), recipient=recipient, key="txn_1.first", before_data=before_data)
