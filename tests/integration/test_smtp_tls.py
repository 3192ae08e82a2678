"""SMTP over TLS, with a certificate made for the test."""

import shutil
import ssl
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from cli.lab.mailbox.server import MailServer
from dunning.reasons import HoldWord
from worker.mail.smtp import Encryption, SmtpTransport
from worker.mail.transport import Outcome, Result

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl here to make a certificate with")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture
def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


async def yes() -> bool:
    return True


async def send(server: MailServer, tls: Encryption, tls_context: ssl.SSLContext | None) -> Result:
    transport = SmtpTransport(
        "localhost",
        server.port,
        sender="billing@acme.example",
        tls=tls,
        username="acme",
        password="right",
        tls_context=tls_context,
    )
    mail = EmailMessage()
    mail.set_content("Hello\n")
    result = await transport.send(mail, recipient="eve@customer.example", key="k", before_data=yes)
    await transport.close()
    return result


@pytest.mark.parametrize("tls", [Encryption.STARTTLS, Encryption.IMPLICIT])
async def test_a_mail_goes_out_encrypted_and_logged_in(
    server_context: ssl.SSLContext, trusting: ssl.SSLContext, tls: Encryption
) -> None:
    async with MailServer(
        username="acme", password="right", tls_context=server_context, implicit_tls=tls is Encryption.IMPLICIT
    ) as server:
        result = await send(server, tls, trusting)

        assert result.outcome is Outcome.SENT
        assert len(server.mails) == 1


@pytest.mark.parametrize("tls", [Encryption.STARTTLS, Encryption.IMPLICIT])
async def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    server_context: ssl.SSLContext, tls: Encryption
) -> None:
    async with MailServer(
        username="acme", password="right", tls_context=server_context, implicit_tls=tls is Encryption.IMPLICIT
    ) as server:
        result = await send(server, tls, None)

        assert result == Result(Outcome.HELD, "tls_refused", hold=HoldWord.MAIL_LOGIN)
        assert server.mails == []
