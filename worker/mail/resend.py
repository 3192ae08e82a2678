"""Mail by Resend's API.

https://resend.com/docs/api-reference/emails/send-email
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

API_URL = "https://api.resend.com"

# Statuses and names of errors, by what they mean to us: https://resend.com/docs/api-reference/errors
_SUCCESS = 2
_OUR_FAULT = 4
_KEY_REFUSED = frozenset({401, 403})
_NOT_FOR_US = 403
_NO_SUCH_WAY = frozenset({404, 405})  # whatever `api_url` leads to, it takes no mail
_NOT_NOW = frozenset({409, 429, 503})  # 409: the first under this key is still on its way
_ARRIVED_BEFORE = "invalid_idempotent_request"  # another payload under this key: so a first one arrived
_HOLDS = {
    "missing_api_key": LOGIN,
    "invalid_api_key": LOGIN,
    "restricted_api_key": LOGIN,
    "invalid_access": LOGIN,
    "invalid_from_address": SENDER,
    "daily_quota_exceeded": QUOTA,
    "monthly_quota_exceeded": QUOTA,
    "security_error": POLICY,
}
# One name for many things, so the text has to tell: `The acme.example domain is not verified`, `You can only send
# testing emails to your own email address`, `API key is invalid`, ``Invalid `to` field``.
_VALIDATION = "validation_error"
_ABOUT_KEY = re.compile(r"\bAPI key\b", re.IGNORECASE)
_ABOUT_SENDER = re.compile(r"verif|testing emails|`from`", re.IGNORECASE)
_ABOUT_TO = re.compile(r"`to`")


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
        connect_within: timedelta = time_limits.UP_TO_RCPT,
        answer_within: timedelta = time_limits.DATA,
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
        address = ascii_address(recipient)
        if address is None:
            return Result(Outcome.REFUSED, MailCode.ADDRESS_MALFORMED, about_recipient=True)
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        text, html = parts_of(mail)
        payload: dict[str, object] = {
            "from": str(mail["From"]),
            "to": [address],
            "subject": str(mail["Subject"]),
            "text": text,
            "html": html,
            # Resend writes Date and Message-ID itself; what ours are for, the key does.
            "headers": {name: str(mail[name]) for name in HEADERS_TO_GIVE if mail[name] is not None},
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
        return frozenset({LOGIN} if valid else ())

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _explain(answer: HttpAnswer) -> Result:
    name = str(answer.body.get("name", ""))
    code = f"resend_{answer.status}"
    if answer.status // 100 == _SUCCESS or name == _ARRIVED_BEFORE:
        return Result(Outcome.SENT, code)
    message = str(answer.body.get("message", ""))
    if hold := _hold_for(answer.status, name, message):
        return Result(Outcome.HELD, code, hold=hold)
    if answer.status in _NOT_NOW:
        return Result(Outcome.TRY_AGAIN, code)
    if answer.status // 100 != _OUR_FAULT:
        return Result(Outcome.UNKNOWN, code)
    about_recipient = name == _VALIDATION and _ABOUT_TO.search(message) is not None
    return Result(Outcome.REFUSED, code, about_recipient=about_recipient)


def _hold_for(status: int, name: str, message: str) -> HoldWord | None:
    if name in _HOLDS:
        return _HOLDS[name]
    if name == _VALIDATION and _ABOUT_KEY.search(message):
        return LOGIN
    if name == _VALIDATION and (status == _NOT_FOR_US or _ABOUT_SENDER.search(message)):
        return SENDER
    if status in _NO_SUCH_WAY:
        return POLICY
    return LOGIN if status in _KEY_REFUSED else None
