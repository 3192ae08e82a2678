"""Mail by Resend's API.

https://resend.com/docs/api-reference/emails/send-email
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage

from worker.mail.http_api import Answer, HttpApi, parts_of
from worker.mail.transport import Outcome, Result

API_URL = "https://api.resend.com"

# Statuses and names of errors, by what they mean to us: https://resend.com/docs/api-reference/errors
_SUCCESS = 2
_OUR_FAULT = 4
_KEY_REFUSED = frozenset({401, 403})
_NOT_NOW = frozenset({409, 429, 503})  # 409: the first under this key is still on its way
_ARRIVED_BEFORE = "invalid_idempotent_request"  # another payload under this key: so a first one arrived
_ABOUT_THE_SENDER = frozenset({"invalid_from_address", "validation_error"})  # with 403: its domain is not verified
_FOR_THE_OPERATOR = frozenset({"invalid_from_address", "daily_quota_exceeded", "monthly_quota_exceeded"})


class ResendTransport:
    """Sends by Resend, which recognises a repeat by its key for 24 hours.

    https://resend.com/docs/dashboard/emails/idempotency-keys
    """

    idempotent = True

    def __init__(
        self,
        api_key: str,
        *,
        api_url: str = API_URL,
        connect_within: timedelta = timedelta(seconds=10),
        answer_within: timedelta = timedelta(seconds=20),
    ) -> None:
        self._domains_url = f"{api_url}/domains"
        self._api = HttpApi(
            "resend",
            f"{api_url}/emails",
            {"Authorization": f"Bearer {api_key}"},
            connect_within=connect_within,
            answer_within=answer_within,
        )

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Send one mail; see `Transport.send`."""
        if not await before_data():
            return Result(Outcome.ABANDONED, "abandoned_before_data")
        text, html = parts_of(mail)
        payload: dict[str, object] = {
            "from": str(mail["From"]),
            "to": [recipient],
            "subject": str(mail["Subject"]),
            "text": text,
            "html": html,
            # Resend writes Date and Message-ID itself; what ours are for, the key does.
            "headers": {"Auto-Submitted": str(mail["Auto-Submitted"])},
        }
        if mail["Reply-To"] is not None:
            payload["reply_to"] = str(mail["Reply-To"])
        answer = await self._api.post(payload, {"Idempotency-Key": key})
        return answer if isinstance(answer, Result) else _explain(answer)

    async def probe(self) -> frozenset[str]:
        """List the domains; see `Transport.probe`. A key that may send and do nothing else is told so, and is valid.

        https://resend.com/docs/api-reference/errors
        """
        answer = await self._api.get(self._domains_url)
        valid = answer is not None and (
            answer.status // 100 == _SUCCESS or answer.body.get("name") == "restricted_api_key"
        )
        return frozenset({"mail_login"} if valid else ())

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _explain(answer: Answer) -> Result:
    name = str(answer.body.get("name", ""))
    code = f"resend_{answer.status}"
    if answer.status // 100 == _SUCCESS or name == _ARRIVED_BEFORE:
        return Result(Outcome.SENT, code)
    if answer.status in _KEY_REFUSED or name in _FOR_THE_OPERATOR:
        return Result(Outcome.HELD, code, hold="mail_sender" if name in _ABOUT_THE_SENDER else "mail_login")
    if answer.status in _NOT_NOW:
        return Result(Outcome.TRY_AGAIN, code)
    return Result(Outcome.REFUSED if answer.status // 100 == _OUR_FAULT else Outcome.UNKNOWN, code)
