"""Chooses the way to send mail: one setting names it."""

from pathlib import Path

from dunning.addresses.mail_server import MailUrl
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import NO_BRANDS, Brands
from worker.mail import postmark, resend
from worker.mail.console import ConsoleTransport
from worker.mail.file import FileTransport
from worker.mail.smtp import Encryption, SmtpTransport
from worker.mail.transport import Transport


def create_transport(mail: MailUrl, mail_from: Mailbox, brands: Brands = NO_BRANDS) -> Transport:
    """Make the transport that `DUNNING_MAIL_URL` names. It connects to nothing yet.

    Mail comes from `mail_from`, or from a sender of one of the brands.
    """
    password = mail.password.get_secret_value() if mail.password is not None else ""
    match mail.kind:
        case "smtp" | "smtps":
            return SmtpTransport(
                mail.host,
                mail.port,
                sender=mail_from.address,
                tls=_tls(mail),
                username=mail.username,
                password=password,
                other_senders=[brand.sender.address for brand in brands.all if brand.sender is not None],
            )
        case "resend":
            return resend.ResendTransport(password, api_url=mail.api_url or resend.API_URL)
        case "postmark":
            return postmark.PostmarkTransport(password, api_url=mail.api_url or postmark.API_URL)
        case "file":
            return FileTransport(mail.path or Path())
        case "console":
            return ConsoleTransport()


def _tls(mail: MailUrl) -> Encryption:
    if mail.kind == "smtps":
        return Encryption.IMPLICIT
    return Encryption.STARTTLS if mail.tls == "required" else Encryption.OFF
