"""What an SMTP server's answer, or its silence, means for the mail. Pure: no I/O, and no text of the server goes on."""

import ssl
from enum import StrEnum

import aiosmtplib

from worker.mail.transport import Outcome, Result

# https://www.rfc-editor.org/rfc/rfc4954#section-6 and what servers send where a login is needed and missing.
_LOGIN_CODES = frozenset({530, 534, 535})


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


# A refusal here is about us, not about a mail: the server does not let us in.
_BEFORE_ANY_MAIL = frozenset({Stage.CONNECT, Stage.TLS, Stage.LOGIN})


def explain_answer(stage: Stage, code: int) -> Result:
    """Say what the answer `code` means at `stage`. Only the answer to the whole message can mean SENT."""
    shown = f"smtp_{stage}_{code}"
    match code // 100:
        case 2 if stage is Stage.MESSAGE:
            return Result(Outcome.SENT, f"smtp_{code}")
        case 4:
            return Result(Outcome.TRY_AGAIN, shown)
        case 5:
            hold = _hold_for_refusal(stage, code)
            return Result(Outcome.HELD, shown, hold) if hold else Result(Outcome.REFUSED, shown)
        case _:  # no SMTP at all, or an answer to another question
            outcome = Outcome.UNKNOWN if stage is Stage.MESSAGE else Outcome.TRY_AGAIN
            return Result(outcome, f"smtp_{stage}_malformed")


def explain_failure(stage: Stage, error: Exception) -> Result:
    """Say what an exception of aiosmtplib, of a socket or of a timeout means at `stage`."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return explain_answer(stage, error.code)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        # A wrong certificate, or no TLS on that port: no mail and no password goes there.
        return Result(Outcome.HELD, "tls_refused", hold="mail_login")
    if isinstance(error, aiosmtplib.SMTPNotSupported) and stage is Stage.TLS:
        return Result(Outcome.HELD, "tls_not_offered", hold="mail_login")
    if stage is Stage.LOGIN and not isinstance(error, OSError):
        # The server offers no way to log in that we know, although we were told to.
        return Result(Outcome.HELD, "login_not_offered", hold="mail_login")
    what = "timeout" if isinstance(error, TimeoutError) else "eof"
    if stage is Stage.MESSAGE:
        return Result(Outcome.UNKNOWN, f"{what}_after_data")
    return Result(Outcome.TRY_AGAIN, f"{stage}_{what}")


def _hold_for_refusal(stage: Stage, code: int) -> str | None:
    if stage in _BEFORE_ANY_MAIL or code in _LOGIN_CODES:
        return "mail_login"
    return "mail_sender" if stage is Stage.MAIL else None
