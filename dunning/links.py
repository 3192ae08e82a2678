"""Links: the tokens in `PUBLIC_URL/pay/{token}` and `PUBLIC_URL/pay/stop/{token}`, signed by us, each of one case.

A token is the case's id, the second from which it is expired, the language and the brand of the mail that it stands
in, and a signature, joined by dots. It holds nothing that opens anything at Paddle, and the same case, expiry and mail
always give the same token, so a mail sent again is the same mail.

Id and signature are written in capitals and digits. In small letters some ids and signatures hold several an e, and a
rule of SpamAssassin takes more than 20 of them among Cyrillic letters for a disguise.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from itsdangerous import Signer
from itsdangerous.encoding import base64_decode, base64_encode

from dunning import time_limits
from dunning.errors import ExpiredLinkError, InvalidLinkError

# From the failure on: Paddle collects for 30 days and cancels; a late mail is still opened two weeks after that.
LINK_LIFETIME = time_limits.LINK_LIFETIME


class Purpose(Enum):
    """What a link is for. It keeps its tokens apart from everything else that is made with the same secrets."""

    PAY = b"dunning.pay"
    STOP_REMINDERS = b"dunning.stop"


_EXPIRES_AT = r"[0-9]{1,12}"
_LANGUAGE = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}"
_BRAND = r"[A-Za-z0-9_-]{1,64}"
# Before there were languages, and brands, tokens had neither.
_MAIL = rf"(?:\.({_LANGUAGE})(?:~({_BRAND}))?)?"
# 256 bits fill 51 characters of base 32 and a bit of a 52nd, or 42 characters of base 64 and two thirds of a 43rd. Only
# these spell them without stray bits, which a decoder would pass over; and whether id and signature are in capitals
# goes together. So no second spelling of a token is good.
_TOKEN = re.compile(rf"([A-Z0-9_]{{1,64}})\.({_EXPIRES_AT}){_MAIL}\.([A-Z2-7]{{51}}[AQ])")
_EARLIER_TOKEN = re.compile(rf"([a-z0-9_]{{1,64}})\.({_EXPIRES_AT}){_MAIL}\.([A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048])")


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
        """Make the token for a case: some 95 characters that need no escaping in a URL.

        Raises:
            ValueError: The id, the language or the brand's name is none that a token can hold.
        """
        of_mail = f"{language and f'.{language}'}{brand and f'~{brand}'}"
        said = f"{case_id.upper()}.{int(expires_at.timestamp())}{of_mail}"
        signature = base64_decode(self._signers[purpose].get_signature(said))
        token = f"{said}.{base64.b32encode(signature).decode().rstrip('=')}"
        match = _TOKEN.fullmatch(token)
        if match is None or _claim(match) != LinkClaim(case_id, language, brand):
            raise ValueError(
                "a case's id should be at most 64 small letters, digits and underscores; a brand's name may have "
                "capitals and dashes too, and takes a language"
            )
        return token

    def verify(self, token: str, now: datetime, purpose: Purpose = Purpose.PAY) -> LinkClaim:
        """Return what the token says. Tokens as they were written before there were capitals are good, too.

        Raises:
            InvalidLinkError: The token isn't ours, or not for this purpose, whatever text it is.
            ExpiredLinkError: The token is ours, and too old.
        """
        match = _TOKEN.fullmatch(token) or _EARLIER_TOKEN.fullmatch(token)
        if match is None or not self._is_signed(match, purpose):
            raise InvalidLinkError("The payment link was not made with any of our link secrets.")
        claim = _claim(match)
        if now.timestamp() >= int(match[2]):
            raise ExpiredLinkError(
                f"The payment link of case {claim.case_id} has expired.", language=claim.language, brand=claim.brand
            )
        return claim

    def _is_signed(self, token: re.Match[str], purpose: Purpose) -> bool:
        said, signature = token.string[: token.start(5) - 1], token[5]
        if token.re is _TOKEN:
            signature = base64_encode(base64.b32decode(f"{signature}====")).decode()
        return self._signers[purpose].verify_signature(said, signature)


def _claim(token: re.Match[str]) -> LinkClaim:
    return LinkClaim(token[1].lower(), token[3] or "", token[4] or "")
