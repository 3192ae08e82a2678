"""Links: the tokens in `PUBLIC_URL/pay/{token}` and `PUBLIC_URL/pay/stop/{token}`, signed by us, each of one case.

A token is the case's id, the second from which it is expired, the language and the brand of the mail that it stands
in, and a signature, joined by dots. It holds nothing that opens anything at Paddle, and the same case, expiry and mail
always give the same token, so a mail sent again is the same mail.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from itsdangerous import Signer

from dunning import time_limits
from dunning.errors import ExpiredLinkError, InvalidLinkError

# From the failure on: Paddle collects for 30 days and cancels; a late mail is still opened two weeks after that.
LINK_LIFETIME = time_limits.LINK_LIFETIME


class Purpose(Enum):
    """What a link is for. It keeps its tokens apart from everything else that is made with the same secrets."""

    PAY = b"dunning.pay"
    STOP_REMINDERS = b"dunning.stop"


_CASE_ID = r"[A-Za-z0-9_]{1,64}"
# 256 bits fill 42 characters and two thirds of a 43rd. Only these spell it without stray bits, which a base64
# decoder would pass over: so no second spelling of a token is good.
_SIGNATURE = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_LANGUAGE = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}"
_BRAND = r"[A-Za-z0-9_-]{1,64}"
# Before there were languages, and brands, tokens had neither.
_TOKEN = re.compile(rf"({_CASE_ID})\.([0-9]{{1,12}})(?:\.({_LANGUAGE})(?:~({_BRAND}))?)?\.{_SIGNATURE}")


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a token says."""

    case_id: str
    language: str = ""
    """A tag, such as `de`, or nothing: that of the mail, for the pages that it leads to."""
    brand: str = ""
    """The brand's name in the campaign file, or nothing if it has none."""


class Links:
    """Makes and checks links."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Sign with the first of the secrets, and accept what any of them signed."""
        # Of its keys itsdangerous signs with the last; an operator puts the new secret first.
        newest_last = list(reversed(secrets))
        self._signers = {
            purpose: Signer(newest_last, salt=purpose.value, key_derivation="hmac", digest_method=sha256)
            for purpose in Purpose
        }

    def sign(
        self,
        case_id: str,
        expires_at: datetime,
        purpose: Purpose = Purpose.PAY,
        *,
        language: str = "",
        brand: str = "",
    ) -> str:
        """Make the token for a case: some 90 characters that need no escaping in a URL.

        Raises:
            ValueError: The id, the language or the brand's name is none that a token can hold.
        """
        said = f"{case_id}.{int(expires_at.timestamp())}{language and f'.{language}'}{brand and f'~{brand}'}"
        token = self._signers[purpose].sign(said).decode()
        match = _TOKEN.fullmatch(token)
        if match is None or _claim(match) != LinkClaim(case_id, language, brand):
            raise ValueError(
                "a case's id should be at most 64 letters, digits and underscores; a brand's name may have dashes too, "
                "and takes a language"
            )
        return token

    def verify(self, token: str, now: datetime, purpose: Purpose = Purpose.PAY) -> LinkClaim:
        """Return what the token says.

        Raises:
            InvalidLinkError: The token isn't ours, or not for this purpose, whatever text it is.
            ExpiredLinkError: The token is ours, and too old.
        """
        match = _TOKEN.fullmatch(token)
        if match is None or not self._signers[purpose].validate(token):
            raise InvalidLinkError("The payment link was not made with any of our link secrets.")
        claim = _claim(match)
        if now.timestamp() >= int(match[2]):
            raise ExpiredLinkError(
                f"The payment link of case {claim.case_id} has expired.", language=claim.language, brand=claim.brand
            )
        return claim


def _claim(token: re.Match[str]) -> LinkClaim:
    return LinkClaim(token[1], token[3] or "", token[4] or "")
