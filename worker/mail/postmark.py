"""Mail by Postmark's API.

https://postmarkapp.com/developer/api/email-api
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage

from worker.mail.http_api import Answer, HttpApi, parts_of
from worker.mail.transport import Outcome, Result

API_URL = "https://api.postmarkapp.com"

# Statuses and error codes, by what they mean to us: https://postmarkapp.com/developer/api/overview#error-codes
_SUCCESS = 200
_OUR_FAULT = 4
_TOKEN_REFUSED = frozenset({401, 403})
_NOT_NOW = frozenset({429, 503})
_MAINTENANCE = 100
_ABOUT_THE_SENDER = frozenset({400, 401})  # no such sender signature, or not confirmed
_ABOUT_THE_ACCOUNT = frozenset({10, 405, 412, 413})  # wrong token, no credits, pending, may not send


class PostmarkTransport:
    """Sends by Postmark, which can't recognise a repeat."""

    idempotent = False

    def __init__(
        self,
        token: str,
        *,
        api_url: str = API_URL,
        connect_within: timedelta = timedelta(seconds=10),
        answer_within: timedelta = timedelta(seconds=20),
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
        if not await before_data():
            return Result(Outcome.ABANDONED, "abandoned_before_data")
        text, html = parts_of(mail)
        payload: dict[str, object] = {
            "From": str(mail["From"]),
            "To": recipient,
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
                {"Name": "Auto-Submitted", "Value": str(mail["Auto-Submitted"])},
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
        return frozenset({"mail_login"} if answer is not None and answer.status == _SUCCESS else ())

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _explain(answer: Answer) -> Result:
    given = answer.body.get("ErrorCode")
    error = given if isinstance(given, int) else 0
    code = f"postmark_{answer.status}" + (f"_{error}" if error else "")
    if answer.status == _SUCCESS and not error:
        return Result(Outcome.SENT, code)
    if answer.status in _TOKEN_REFUSED or error in _ABOUT_THE_ACCOUNT:
        return Result(Outcome.HELD, code, hold="mail_login")
    if error in _ABOUT_THE_SENDER:
        return Result(Outcome.HELD, code, hold="mail_sender")
    if answer.status in _NOT_NOW or error == _MAINTENANCE:
        return Result(Outcome.TRY_AGAIN, code)
    return Result(Outcome.REFUSED if answer.status // 100 == _OUR_FAULT else Outcome.UNKNOWN, code)
