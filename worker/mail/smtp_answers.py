"""What an SMTP server's answer, or its silence, means for the mail. Pure: no I/O. The server's text stays here."""

import ssl
from enum import StrEnum

import aiosmtplib

from dunning.reasons import HoldWord, MailCode
from worker.mail.holds import LOGIN, SENDER
from worker.mail.smtp_refusals import RECIPIENT, RefusalMeaning, read_refusal
from worker.mail.transport import Outcome, Result

# https://www.rfc-editor.org/rfc/rfc4954#section-6, https://www.rfc-editor.org/rfc/rfc5248 (525), and what servers send
# if a login is needed and missing.
_LOGIN_CODES = frozenset({525, 530, 534, 535, 538})


class Stage(StrEnum):
    """How far the conversation has come; it names the codes."""

    POOL = "pool"  # waiting for one of our own connections
    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # asked to begin; nothing of the mail handed over yet
    MESSAGE = "message"  # the mail is on its way: from here on, silence is uncertainty


# A refusal at these stages is always about the login.
_LOGGING_IN = frozenset({Stage.TLS, Stage.LOGIN})
# At these stages no recipient was named yet, so a refusal is about us. If it doesn't say more, it means this.
_BEFORE_ANY_RECIPIENT = {Stage.CONNECT: LOGIN, Stage.MAIL: SENDER}


def explain_answer(stage: Stage, code: int, text: str) -> Result:
    """Say what the answer `code` and its text mean at `stage`. Only the answer to the whole message can mean SENT."""
    shown = f"smtp_{stage}_{code}"
    match code // 100:
        case 2 if stage is Stage.MESSAGE:
            return Result(Outcome.SENT, f"smtp_{code}")
        case 4:
            return Result(Outcome.TRY_AGAIN, shown)
        case 5:
            meaning = _explain_refusal(stage, code, text)
            if isinstance(meaning, HoldWord):
                return Result(Outcome.HELD, shown, meaning)
            return Result(Outcome.REFUSED, shown, about_recipient=meaning == RECIPIENT)
        case _:  # no SMTP at all, or an answer to another question
            outcome = Outcome.UNKNOWN if stage is Stage.MESSAGE else Outcome.TRY_AGAIN
            return Result(outcome, f"smtp_{stage}_malformed")


def explain_failure(stage: Stage, error: Exception) -> Result:
    """Say what an exception of aiosmtplib, of a socket or of a timeout means at `stage`."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return explain_answer(stage, error.code, error.message)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        # A wrong certificate, or no TLS on that port: no mail and no password goes there.
        return Result(Outcome.HELD, MailCode.TLS_REFUSED, hold=LOGIN)
    if isinstance(error, aiosmtplib.SMTPNotSupported) and stage is Stage.TLS:
        return Result(Outcome.HELD, MailCode.TLS_NOT_OFFERED, hold=LOGIN)
    if stage is Stage.LOGIN and not isinstance(error, OSError):
        # The server offers no way to log in that we know, although we were told to.
        return Result(Outcome.HELD, MailCode.LOGIN_NOT_OFFERED, hold=LOGIN)
    timed_out = isinstance(error, TimeoutError)
    if stage is Stage.MESSAGE:
        return Result(Outcome.UNKNOWN, MailCode.TIMEOUT_AFTER_DATA if timed_out else MailCode.EOF_AFTER_DATA)
    what = "timeout" if timed_out else "eof"
    return Result(Outcome.TRY_AGAIN, f"{stage}_{what}")


def _explain_refusal(stage: Stage, code: int, text: str) -> RefusalMeaning | None:
    """Give the word of a hold, `RECIPIENT`, or None if the refusal doesn't tell whom it is about.

    With None there is no hold. Even after DATA the refusal may be about this one mail, and a hold would stop all mail.
    If it is about us, the next recipients are refused as well, and several refusals in a row become a hold.
    """
    if code in _LOGIN_CODES or stage in _LOGGING_IN:
        return LOGIN
    meaning = read_refusal(code, text, recipient_accepted=stage in {Stage.DATA, Stage.MESSAGE})
    if stage in _BEFORE_ANY_RECIPIENT and meaning in {None, RECIPIENT}:
        return _BEFORE_ANY_RECIPIENT[stage]
    return meaning
