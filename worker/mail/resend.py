"""Mail by Resend's API.

https://resend.com/docs/api-reference/emails/send-email
"""

import re
from datetime import timedelta
from email.message import EmailMessage

from dunning.reasons import HoldWord
from worker.mail.holds import LOGIN, POLICY, QUOTA, SENDER
from worker.mail.http_api import AnswerMeaning, HttpAnswer, ProviderTransport, headers_to_give, parts_of

API_URL = "https://api.resend.com"

# Statuses and names of errors, by what they mean to us: https://resend.com/docs/api-reference/errors
_SUCCESS = 2
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
# Resend uses this name for many errors, and only the text tells which: `The acme.example domain is not verified`, `You
# can only send testing emails to your own email address`, `API key is invalid`, ``Invalid `to` field``.
_VALIDATION = "validation_error"
_ABOUT_KEY = re.compile(r"\bAPI key\b", re.IGNORECASE)
_ABOUT_SENDER = re.compile(r"verif|testing emails|`from`", re.IGNORECASE)
_ABOUT_TO = re.compile(r"`to`")


class ResendTransport(ProviderTransport):
    """Sends by Resend, which recognises a repeat by its key for 24 hours.

    https://resend.com/docs/dashboard/emails/idempotency-keys
    """

    idempotent = True

    def __init__(self, api_key: str, *, api_url: str = API_URL, **patience: timedelta) -> None:
        super().__init__(
            "resend",
            mail_url=f"{api_url}/emails",
            probe_url=f"{api_url}/domains",
            headers={"Authorization": f"Bearer {api_key}"},
            **patience,
        )

    def payload(self, mail: EmailMessage, address: str) -> dict[str, object]:
        """See `ProviderTransport.payload`."""
        text, html = parts_of(mail)
        return {
            "from": str(mail["From"]),
            "to": [address],
            **({"reply_to": str(mail["Reply-To"])} if mail["Reply-To"] is not None else {}),
            "subject": str(mail["Subject"]),
            "text": text,
            "html": html,
            # Resend writes Date and Message-ID itself. The idempotency key does what ours are for.
            "headers": headers_to_give(mail),
        }

    def headers_of(self, key: str) -> dict[str, str]:
        """See `ProviderTransport.headers_of`."""
        return {"Idempotency-Key": key}

    def explain(self, answer: HttpAnswer) -> AnswerMeaning:
        """See `ProviderTransport.explain`."""
        name, message = str(answer.body.get("name", "")), str(answer.body.get("message", ""))
        return AnswerMeaning(
            code=f"resend_{answer.status}",
            is_taken=answer.status // 100 == _SUCCESS or name == _ARRIVED_BEFORE,
            hold=_hold_for(answer.status, name, message),
            is_for_later=answer.status in _NOT_NOW,
            about_recipient=name == _VALIDATION and _ABOUT_TO.search(message) is not None,
        )

    def shows_key_good(self, answer: HttpAnswer) -> bool:
        """Say whether the key is valid. A key that may only send is: Resend answers the probe that it is restricted.

        https://resend.com/docs/api-reference/errors
        """
        return answer.status // 100 == _SUCCESS or answer.body.get("name") == "restricted_api_key"


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
