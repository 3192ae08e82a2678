"""Mail by Postmark's API.

https://postmarkapp.com/developer/api/email-api
"""

import re
from datetime import timedelta
from email.message import EmailMessage

from dunning.reasons import HoldWord
from worker.mail.holds import LOGIN, POLICY, QUOTA, SENDER
from worker.mail.http_api import AnswerMeaning, HttpAnswer, ProviderTransport, headers_to_give, parts_of

API_URL = "https://api.postmarkapp.com"

# Statuses and error codes, by what they mean to us: https://postmarkapp.com/developer/api/overview#error-codes
_SUCCESS = 200
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


class PostmarkTransport(ProviderTransport):
    """Sends by Postmark, which can't recognise a repeat."""

    idempotent = False

    def __init__(self, token: str, *, api_url: str = API_URL, **patience: timedelta) -> None:
        super().__init__(
            "postmark",
            mail_url=f"{api_url}/email",
            # The server that the token belongs to: https://postmarkapp.com/developer/api/server-api#get-server
            probe_url=f"{api_url}/server",
            headers={"X-Postmark-Server-Token": token, "Accept": "application/json"},
            **patience,
        )

    def payload(self, mail: EmailMessage, address: str) -> dict[str, object]:
        """See `ProviderTransport.payload`."""
        text, html = parts_of(mail)
        headers = {
            "Message-ID": str(mail["Message-ID"]),
            "X-PM-KeepID": "true",  # else Postmark writes its own Message-ID
            **headers_to_give(mail),
        }
        return {
            "From": str(mail["From"]),
            "To": address,
            **({"ReplyTo": str(mail["Reply-To"])} if mail["Reply-To"] is not None else {}),
            "Subject": str(mail["Subject"]),
            "TextBody": text,
            "HtmlBody": html,
            "MessageStream": "outbound",
            # The link opens a payment: no other server may see it, or learn who clicked it and when.
            "TrackOpens": False,
            "TrackLinks": "None",
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
        }

    def headers_of(self, key: str) -> dict[str, str]:  # noqa: ARG002 - Message-ID is the nearest thing
        """Return none: Postmark knows no keys."""
        return {}

    def explain(self, answer: HttpAnswer) -> AnswerMeaning:
        """See `ProviderTransport.explain`."""
        given = answer.body.get("ErrorCode")
        error = given if isinstance(given, int) else 0
        message = str(answer.body.get("Message", ""))
        return AnswerMeaning(
            code=f"postmark_{answer.status}" + (f"_{error}" if error else ""),
            is_taken=answer.status == _SUCCESS and not error,
            hold=_hold_for(answer.status, error, message),
            is_for_later=answer.status in _NOT_NOW or error == _MAINTENANCE,
            about_recipient=error == _INACTIVE or (error == _INVALID and _ABOUT_TO.search(message) is not None),
        )

    def shows_key_good(self, answer: HttpAnswer) -> bool:
        """See `ProviderTransport.shows_key_good`."""
        return answer.status == _SUCCESS


def _hold_for(status: int, error: int, message: str) -> HoldWord | None:
    if error in _HOLDS:
        return _HOLDS[error]
    if error == _INVALID and _ABOUT_FROM.search(message):
        return SENDER
    if status in _NO_SUCH_WAY:
        return POLICY
    return LOGIN if status in _TOKEN_REFUSED else None
