"""What is said to an SMTP server of a mail, and the mail as it is then written. No I/O."""

import re
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

import aiosmtplib

from dunning.addresses.ascii import ascii_address

_LINE_STARTS_WITH_DOT = re.compile(rb"(?m)^\.")


class NeedsSmtpUtf8Error(aiosmtplib.SMTPException):
    """The recipient's address needs SMTPUTF8, and the server doesn't offer it."""

    def __init__(self) -> None:
        super().__init__("SMTPUTF8")


def as_data(mail: EmailMessage, *, eight_bit: bool, smtputf8: bool = False) -> bytes:
    """Write the mail as it follows DATA: with CRLF, doubled dots and the end mark.

    It is in 7 bits unless `eight_bit`; with `smtputf8` its headers aren't either.
    """
    policy = SMTPUTF8 if smtputf8 else SMTP
    written = mail.as_bytes(policy=policy if eight_bit else policy.clone(cte_type="7bit"))
    if not written.endswith(b"\r\n"):
        written += b"\r\n"
    return _LINE_STARTS_WITH_DOT.sub(b"..", written) + b".\r\n"


def sender_of(mail: EmailMessage) -> str | None:
    """Return the sender that the mail names, in ASCII; None if it names none."""
    header = mail["From"]
    return ascii_address(header.addresses[0].addr_spec) if header is not None else None


def mail_options(client: aiosmtplib.SMTP, *, smtputf8: bool) -> list[str]:
    """Return what is said of the mail.

    Raises:
        NeedsSmtpUtf8Error: its recipient needs SMTPUTF8, and the server doesn't offer it.
    """
    options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
    if not smtputf8:
        return options
    # A server that offers SMTPUTF8 has to offer 8BITMIME too: https://www.rfc-editor.org/rfc/rfc6531#section-3.1
    if not options or not client.supports_extension("smtputf8"):
        raise NeedsSmtpUtf8Error
    return [*options, "SMTPUTF8"]
