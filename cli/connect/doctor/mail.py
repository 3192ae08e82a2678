"""Looks at the way to send mail, without sending one."""

import asyncio
import os
from datetime import timedelta

from dunning.addresses.mail_server import MailUrl
from dunning.addresses.mailbox import Mailbox
from dunning.addresses.web import is_loopback
from dunning.brands.brand import NO_BRANDS, Brands
from dunning.findings import Finding, Level
from dunning.reasons import HoldWord, MailCode
from dunning.settings.load import Settings
from worker.mail.create import create_transport
from worker.mail.smtp import SmtpTransport
from worker.mail.transport import Result, Transport

ABOUT = "mail"
ANSWER_WITHIN = timedelta(seconds=6)

WHAT_TO_DO = {
    MailCode.TLS_REFUSED: "Use a port with TLS and a certificate for this host: smtps:// for TLS from the first byte.",
    MailCode.TLS_NOT_OFFERED: "Use a port that offers STARTTLS, or smtps://. Without TLS, anybody could read mails.",
    MailCode.LOGIN_NOT_OFFERED: "Use another port: this one takes no logins.",
}


async def look_at_mail(settings: Settings) -> list[Finding]:
    """Look at the mail server or provider."""
    return await look_at_way(settings.mail, settings.mail_from, settings.brands)


async def look_at_way(mail: MailUrl, sender: Mailbox, brands: Brands = NO_BRANDS) -> list[Finding]:
    """Look whether mails of this sender, and of those of the brands, can be sent in this way."""
    if mail.kind == "console":
        return [Finding(ABOUT, Level.NOTE, "Mails are printed on the terminal and reach nobody.")]
    if mail.kind == "file":
        return [_of_folder(mail)]
    transport = create_transport(mail, sender, brands)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            return await _ask(transport, mail)
    except TimeoutError:
        means = f"{_name(mail)} does not answer within {ANSWER_WITHIN.total_seconds():.0f} s."
        return [
            Finding(ABOUT, Level.FAILURE, means, "See whether a firewall is in between, and whether the port is right.")
        ]
    finally:
        await transport.close()


async def _ask(transport: Transport, mail: MailUrl) -> list[Finding]:
    if isinstance(transport, SmtpTransport):
        shown, wrong = await transport.look()
        return [*_of_encryption(mail), *_of_smtp(mail, shown, wrong)]
    if HoldWord.MAIL_LOGIN in (await transport.probe() or ()):
        return [Finding(ABOUT, Level.OK, f"{_name(mail)} takes the key.")]
    means = f"{_name(mail)} does not take the key in DUNNING_MAIL_URL, or can't be reached."
    return [Finding(ABOUT, Level.FAILURE, means, "Look at the key at the provider, and try again.")]


def _of_encryption(mail: MailUrl) -> list[Finding]:
    if mail.kind == "smtp" and mail.tls == "off" and not is_loopback(mail.host):
        means = "Mails and the password go to the mail server unencrypted, since DUNNING_MAIL_URL says tls=off."
        return [Finding("mail.tls", Level.WARNING, means, "Take tls=off away, or use smtps://.")]
    return []


def _of_smtp(mail: MailUrl, shown: frozenset[str], wrong: Result | None) -> list[Finding]:
    name = _name(mail)
    logged_in = "logs us in" if mail.username is not None else "answers, without a login"
    if wrong is None:
        return [Finding(ABOUT, Level.OK, f"{name} {logged_in} and takes DUNNING_MAIL_FROM as the sender.")]
    if HoldWord.MAIL_LOGIN in shown:
        means = f"{name} does not take DUNNING_MAIL_FROM as the sender ({wrong.code})."
        return [Finding("mail.sender", Level.FAILURE, means, "Send from an address that this login may use.")]
    if wrong.hold is HoldWord.MAIL_LOGIN:
        do = WHAT_TO_DO.get(MailCode(wrong.code)) if wrong.code in set(MailCode) else None
        means = f"{name} does not let us in ({wrong.code})."
        return [Finding(ABOUT, Level.FAILURE, means, do or "Mend user and password in DUNNING_MAIL_URL.")]
    means = f"{name} can't be reached ({wrong.code})."
    return [Finding(ABOUT, Level.FAILURE, means, "Mend host and port in DUNNING_MAIL_URL.")]


def _of_folder(mail: MailUrl) -> Finding:
    folder = mail.path
    if folder is not None and folder.is_dir() and os.access(folder, os.W_OK):
        return Finding(ABOUT, Level.NOTE, "Mails are written into a folder, and reach nobody.")
    means = "The folder in DUNNING_MAIL_URL is not there, or can't be written to."
    return Finding(ABOUT, Level.FAILURE, means, "Make the folder, writable for the user that the worker runs as.")


def _name(mail: MailUrl) -> str:
    return {"resend": "Resend", "postmark": "Postmark"}.get(mail.kind, f"The mail server {mail.host}:{mail.port}")
