"""`POST /mail/{provider}`: the mail provider tells of bounces and complaints, and the address is mailed no more.

Resend signs with Svix's scheme, Postmark logs in with the user name and password that are in the webhook's URL.
https://resend.com/docs/webhooks/emails/bounced, https://postmarkapp.com/developer/webhooks/bounce-webhook
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dunning.errors import InvalidSignatureError
from dunning.suppression import address_key
from webhooks.body import read_body
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import CLOCK, DEADLINES, METRICS, SETTINGS, SPARING_LOG, STORE
from webhooks.svix import verify_svix

log = structlog.get_logger()

# The types that mean that the address is dead or its owner wants no mail. Others (a full mailbox, a slow server)
# pass by themselves. https://postmarkapp.com/developer/api/bounce-api#bounce-types
POSTMARK_BOUNCES = {"HardBounce": "bounce", "BadEmailAddress": "bounce", "SpamComplaint": "complaint"}

RETRY_AFTER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Suppress:
    """Addresses that are not to be mailed again, and why: `bounce` or `complaint`."""

    addresses: tuple[str, ...]
    reason: str


async def receive_mail_event(request: web.Request) -> web.Response:
    """Take in an event of the provider in use. Answer 404 to any other provider."""
    app = request.app
    mail = app[SETTINGS].mail
    provider = request.match_info["provider"]
    read = _READERS.get(provider)
    if read is None or provider != mail.kind or mail.webhook_secret is None:
        raise web.HTTPNotFound
    body = await read_body(request, app[DEADLINES].body)
    secret = mail.webhook_secret.get_secret_value()
    now = app[CLOCK]()
    try:
        if provider == "resend":
            verify_svix(body, request.headers, secret=secret, now=now)
        else:
            _verify_login(request.headers.get(hdrs.AUTHORIZATION), secret)
        suppress = read(body)
    except InvalidSignatureError as error:
        app[SPARING_LOG].warning("mail_event.refused", provider=provider, reason=str(error))
        app[METRICS].count_mail_event(provider, "refused")
        return web.Response(status=401, text=str(error))
    except ValidationError:
        app[METRICS].count_mail_event(provider, "malformed")
        app[SPARING_LOG].warning("mail_event.malformed", provider=provider)
        return web.Response(status=400, text=f"This is not an event of {provider}.")
    if suppress is None:
        app[METRICS].count_mail_event(provider, "ignored")
        return web.Response()
    # The first secret signs links and keys the hashes of addresses. Whoever looks an address up tries all secrets.
    key_secret = app[SETTINGS].link_secrets[0].get_secret_value()
    try:
        async with redis_within(app[DEADLINES].redis):
            for address in suppress.addresses:
                await app[STORE].suppressions.add(address_key(address, key_secret), suppress.reason, now)
    except RedisAwayError as error:
        app[SPARING_LOG].warning("mail_event.not_recorded", provider=provider, reason=str(error))
        app[METRICS].count_mail_event(provider, "redis_away")
        return web.Response(
            status=503,
            text="It can't be recorded now: try again.",
            headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_SECONDS)},
        )
    log.info("mail_event.suppressed", provider=provider, reason=suppress.reason, addresses=len(suppress.addresses))
    app[METRICS].count_mail_event(provider, suppress.reason)
    return web.Response()


def _verify_login(header: str | None, secret: str) -> None:
    """Check the password; the user name is the operator's to choose."""
    scheme, _, encoded = (header or "").partition(" ")
    try:
        login = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        login = b""
    _, _, password = login.partition(b":")
    if not hmac.compare_digest(password, secret.encode()):
        raise InvalidSignatureError("The request has no login with the right password.")


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _ResendKind(_Read):
    type: str


class _ResendBounce(_Read):
    type: str


class _ResendData(_Read):
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    bounce: _ResendBounce | None = None


class _ResendEvent(_Read):
    type: str
    data: _ResendData


class _PostmarkKind(_Read):
    record_type: str = Field(alias="RecordType")


class _PostmarkEvent(_Read):
    type: str = Field(alias="Type")
    email: str = Field(alias="Email")


def _read_resend(body: bytes) -> Suppress | None:
    kind = _ResendKind.model_validate_json(body).type
    if kind not in {"email.bounced", "email.complained"}:
        return None
    data = _ResendEvent.model_validate_json(body).data
    if kind == "email.complained":
        return Suppress(data.to, "complaint")
    # `email.bounced` means permanently rejected. If it names a type, the type decides.
    if data.bounce is not None and data.bounce.type != "Permanent":
        return None
    return Suppress(data.to, "bounce")


def _read_postmark(body: bytes) -> Suppress | None:
    if _PostmarkKind.model_validate_json(body).record_type not in {"Bounce", "SpamComplaint"}:
        return None
    event = _PostmarkEvent.model_validate_json(body)
    reason = POSTMARK_BOUNCES.get(event.type)
    return Suppress((event.email,), reason) if reason else None


_READERS: dict[str, Callable[[bytes], Suppress | None]] = {"resend": _read_resend, "postmark": _read_postmark}
