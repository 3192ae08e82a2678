"""Mail by Postmark's API.

https://postmarkapp.com/developer/api/email-api
"""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage

from dunning import time_limits
from dunning.addresses.ascii import ascii_address
from dunning.reasons import HoldWord, MailCode
from worker.mail.holds import LOGIN, POLICY, QUOTA, SENDER
from worker.mail.http_api import HEADERS_TO_GIVE, HttpAnswer, HttpApi, parts_of
from worker.mail.transport import Outcome, Result

API_URL = "https://api.postmarkapp.com"

# Statuses and error codes, by what they mean to us: https://postmarkapp.com/developer/api/overview#error-codes
_SUCCESS = 200
_OUR_FAULT = 4
_TOKEN_REFUSED = frozenset({401, 403})
_NO_SUCH_WAY = frozenset({404, 405})  # whatever `api_url` leads to, it takes no mail
_NOT_NOW = frozenset({429, 503})
_MAINTENANCE = 100
_INVALID = 300  # an address, or something else of the mail. The text says which
_INACTIVE = 406  # the recipient has bounced or complained before
_HOLDS = {
    10: LOGIN,  # bad or missing token
    400: SENDER,  # no such sender signature
    401: SENDER,  # it isn't confirmed
    405: QUOTA,  # no credits left
    412: SENDER,  # the account is pending: mail goes to its own domain only
    413: POLICY,  # the account may not send
}
_ABOUT_TO = re.compile(r"\binvalid '?to'? address", re.IGNORECASE)
_ABOUT_FROM = re.compile(r"\binvalid '?from'? address", re.IGNORECASE)


class PostmarkTransport:
    """Sends by Postmark, which can't recognise a repeat."""

    idempotent = False

    def __init__(
        self,
        token: str,
        *,
        api_url: str = API_URL,
        connect_within: timedelta = time_limits.UP_TO_RCPT,
        answer_within: timedelta = time_limits.DATA,
    ) -> None:
        self._server_url = f"{api_url}/server"
        self._api = HttpApi(
            "postmark",
            f"{api_url}/email",
            {"X-Postmark-Server-Token": token, "Accept": "application/json"},
            connect_within=connect_within,
            answer_within=answer_within,
        )

    async def send(
        self,
        mail: EmailMessage,
        *,
        recipient: str,
        key: str,  # noqa: ARG002 - Postmark knows no keys; Message-ID is the nearest thing
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Send one mail; see `Transport.send`."""
        address = ascii_address(recipient)
        if address is None:
            return Result(Outcome.REFUSED, MailCode.ADDRESS_MALFORMED, about_recipient=True)
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        text, html = parts_of(mail)
        payload: dict[str, object] = {
            "From": str(mail["From"]),
            "To": address,
            "Subject": str(mail["Subject"]),
            "TextBody": text,
            "HtmlBody": html,
            "MessageStream": "outbound",
            # The link opens a payment: nobody else's server is to see it, nor who clicked it when.
            "TrackOpens": False,
            "TrackLinks": "None",
            "Headers": [
                {"Name": "Message-ID", "Value": str(mail["Message-ID"])},
                {"Name": "X-PM-KeepID", "Value": "true"},  # else Postmark writes its own Message-ID
                *({"Name": name, "Value": str(mail[name])} for name in HEADERS_TO_GIVE if mail[name] is not None),
            ],
        }
        if mail["Reply-To"] is not None:
            payload["ReplyTo"] = str(mail["Reply-To"])
        answer = await self._api.post(payload, {})
        return answer if isinstance(answer, Result) else _explain(answer)

    async def probe(self) -> frozenset[str]:
        """Read what the token is of; see `Transport.probe`.

        https://postmarkapp.com/developer/api/server-api#get-server
        """
        answer = await self._api.get(self._server_url)
        return frozenset({LOGIN} if answer is not None and answer.status == _SUCCESS else ())

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _explain(answer: HttpAnswer) -> Result:
    given = answer.body.get("ErrorCode")
    error = given if isinstance(given, int) else 0
    message = str(answer.body.get("Message", ""))
    code = f"postmark_{answer.status}" + (f"_{error}" if error else "")
    if answer.status == _SUCCESS and not error:
        return Result(Outcome.SENT, code)
    if hold := _hold_for(answer.status, error, message):
        return Result(Outcome.HELD, code, hold=hold)
    if answer.status in _NOT_NOW or error == _MAINTENANCE:
        return Result(Outcome.TRY_AGAIN, code)
    if answer.status // 100 != _OUR_FAULT:
        return Result(Outcome.UNKNOWN, code)
    about_recipient = error == _INACTIVE or (error == _INVALID and _ABOUT_TO.search(message) is not None)
    return Result(Outcome.REFUSED, code, about_recipient=about_recipient)


def _hold_for(status: int, error: int, message: str) -> HoldWord | None:
    if error in _HOLDS:
        return _HOLDS[error]
    if error == _INVALID and _ABOUT_FROM.search(message):
        return SENDER
    if status in _NO_SUCH_WAY:
        return POLICY
    return LOGIN if status in _TOKEN_REFUSED else None
