import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from structlog.testing import capture_logs

from dunning.store import Store
from dunning.suppression import address_key
from tests.integration.edge import LINK_SECRET, NOW, Edge, running, settings

KEY = b"a key of Svix's making"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ADA = address_key("ada@example.com", LINK_SECRET)


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    async with running(settings(redis_url, MAIL_URL=f"resend://re_key@default?webhook_secret={SECRET}")) as edge:
        yield edge


def event(event_type: str = "email.bounced", **data: object) -> bytes:
    """Give an event as Resend sends it: https://resend.com/docs/webhooks/emails/bounced."""
    whole = {"email_id": "1", "from": "billing@example.com", "to": ["Ada@Example.com"], "subject": "Your payment"}
    return json.dumps({"type": event_type, "created_at": "2026-05-04T12:00:00Z", "data": whole | data}).encode()


BOUNCE = {"message": "No such user", "subType": "General", "type": "Permanent"}


def signed(body: bytes, *, key: bytes = KEY, at: datetime = NOW) -> dict[str, str]:
    timestamp = int(at.timestamp())
    digest = hmac.new(key, b"msg_1." + str(timestamp).encode() + b"." + body, sha256).digest()
    return {
        "svix-id": "msg_1",
        "svix-timestamp": str(timestamp),
        "svix-signature": "v1," + base64.b64encode(digest).decode(),
    }


async def post(edge: Edge, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    async with edge.http.post(edge.url / "mail/resend", data=BytesIO(body), headers=headers) as response:
        return response.status, await response.read()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event(bounce=BOUNCE), "bounce"),
        (event(), "bounce"),
        (event("email.complained"), "complaint"),
    ],
)
async def test_a_hard_bounce_or_a_complaint_suppresses_the_address(
    edge: Edge, store: Store, body: bytes, reason: str
) -> None:
    with capture_logs() as logs:
        answer = await post(edge, body, signed(body))

    assert answer == (200, b"")
    assert await store.suppressions.has([ADA])
    assert f'dunning_mail_events_total{{outcome="{reason}",provider="resend"}} 1.0' in await edge.metrics()
    assert "example.com" not in str(logs)


@pytest.mark.parametrize(
    "body",
    [
        event(bounce=BOUNCE | {"type": "Transient"}),
        event(bounce=BOUNCE | {"type": "Undetermined"}),
        event("email.delivered"),
        event("email.opened"),
        b'{"type": "contact.created", "data": {"id": "1"}}',
    ],
)
async def test_what_passes_by_itself_is_counted_and_ignored(edge: Edge, store: Store, body: bytes) -> None:
    answer = await post(edge, body, signed(body))

    assert answer == (200, b"")
    assert not await store.suppressions.has([ADA])
    assert 'dunning_mail_events_total{outcome="ignored",provider="resend"} 1.0' in await edge.metrics()


async def test_any_of_several_signatures_may_match(edge: Edge, store: Store) -> None:
    body = event()
    headers = signed(body)
    headers["svix-signature"] = f"v1,AAAA v2,BBBB v1a,CC  {headers['svix-signature']}"

    assert await post(edge, body, headers) == (200, b"")
    assert await store.suppressions.has([ADA])


def changed(**headers: str) -> dict[str, str]:
    return signed(event()) | {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        changed(svix_signature=""),
        changed(svix_signature="v1,"),
        changed(svix_signature="v1,AAAA"),
        changed(svix_signature="v1,\u00e9"),
        changed(svix_signature="x" * 5000),
        changed(svix_id="msg_2"),
        changed(svix_id="\u00e9"),
        changed(svix_timestamp=""),
        changed(svix_timestamp="9" * 400),
        changed(svix_timestamp="-1"),
        changed(svix_timestamp="\u0663"),
        signed(event(), key=b"another key"),
        signed(event(), at=NOW - timedelta(minutes=5, seconds=1)),
        signed(event(), at=NOW + timedelta(minutes=5, seconds=1)),
        signed(event() + b" "),
    ],
)
async def test_what_resend_did_not_sign_is_refused(edge: Edge, store: Store, headers: dict[str, str]) -> None:
    status, _ = await post(edge, event(), headers)

    assert status == 401
    assert not await store.suppressions.has([ADA])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"type": "email.bounced"}',
        event(to=[]),
        event(to="ada@example.com"),
        event(to=[1]),
        event(bounce="Permanent"),
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused(edge: Edge, body: bytes) -> None:
    status, _ = await post(edge, body, signed(body))

    assert status == 400


async def test_a_packed_or_large_body_is_refused(edge: Edge) -> None:
    packed, _ = await post(edge, event(), signed(event()) | {"Content-Encoding": "gzip"})
    large, _ = await post(edge, b" " * (1024 * 1024 + 1), {})

    assert (packed, large) == (415, 413)


async def test_without_redis_the_event_stays_the_provider_s() -> None:
    without = settings("redis://127.0.0.1:1/0", MAIL_URL=f"resend://re_key@default?webhook_secret={SECRET}")
    body = event()

    async with (
        running(without) as edge,
        edge.http.post(edge.url / "mail/resend", data=body, headers=signed(body)) as response,
    ):
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("mail_url", "provider"),
    [
        ("console:", "resend"),
        ("resend://re_key@default", "resend"),
        (f"resend://re_key@default?webhook_secret={SECRET}", "postmark"),
        (f"resend://re_key@default?webhook_secret={SECRET}", "console"),
        (f"resend://re_key@default?webhook_secret={SECRET}", "..."),
        (f"resend://re_key@default?webhook_secret={SECRET}", "x" * 4000),
    ],
)
async def test_another_provider_or_one_without_a_secret_is_not_found(
    redis_url: str, mail_url: str, provider: str
) -> None:
    body = event()

    async with (
        running(settings(redis_url, MAIL_URL=mail_url)) as edge,
        edge.http.post(f"{edge.url}/mail/{provider}", data=body, headers=signed(body)) as response,
    ):
        assert response.status == 404


async def test_another_method_is_not_allowed(edge: Edge) -> None:
    async with edge.http.get(edge.url / "mail/resend") as response:
        assert response.status == 405
