import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import encode_basic_auth
from structlog.testing import capture_logs

from dunning.store import Store
from dunning.suppression import address_key
from tests.integration.edge import LINK_SECRET, Edge, running, settings

PASSWORD = "a webhook's password"
ADA = address_key("ada@example.com", LINK_SECRET)
GOOD_LOGIN = encode_basic_auth("postmark", PASSWORD)


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    mail_url = "postmark://token@default?webhook_password=a%20webhook's%20password"
    async with running(settings(redis_url, MAIL_URL=mail_url)) as edge:
        yield edge


def event(record_type: str = "Bounce", bounce_type: str = "HardBounce", **changes: object) -> bytes:
    """Give an event as Postmark sends it: https://postmarkapp.com/developer/webhooks/bounce-webhook."""
    whole = {
        "RecordType": record_type,
        "ID": 42,
        "Type": bounce_type,
        "TypeCode": 1,
        "MessageStream": "outbound",
        "Email": "Ada@Example.com",
        "BouncedAt": "2026-05-04T12:00:00.0000000Z",
        "Inactive": True,
    }
    return json.dumps(whole | changes).encode()


async def post(edge: Edge, body: bytes, login: str | None = GOOD_LOGIN) -> tuple[int, bytes]:
    headers = {} if login is None else {"Authorization": login}
    async with edge.http.post(edge.url / "mail/postmark", data=body, headers=headers) as response:
        return response.status, await response.read()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event(), "bounce"),
        (event(bounce_type="BadEmailAddress"), "bounce"),
        (event("SpamComplaint", "SpamComplaint"), "complaint"),
        (event("Bounce", "SpamComplaint"), "complaint"),
    ],
)
async def test_a_hard_bounce_or_a_complaint_suppresses_the_address(
    edge: Edge, store: Store, body: bytes, reason: str
) -> None:
    with capture_logs() as logs:
        answer = await post(edge, body)

    assert answer == (200, b"")
    assert await store.suppressions.has([ADA])
    assert f'dunning_mail_events_total{{outcome="{reason}",provider="postmark"}} 1.0' in await edge.metrics()
    assert "example.com" not in str(logs).lower()


@pytest.mark.parametrize(
    "body",
    [
        event(bounce_type="SoftBounce"),
        event(bounce_type="Transient"),
        event(bounce_type="BrandNew"),
        event("Delivery"),
        b'{"RecordType": "Open", "Recipient": "ada@example.com"}',
    ],
)
async def test_what_passes_by_itself_is_counted_and_ignored(edge: Edge, store: Store, body: bytes) -> None:
    answer = await post(edge, body)

    assert answer == (200, b"")
    assert not await store.suppressions.has([ADA])


async def test_the_user_name_is_the_operator_s_to_choose(edge: Edge) -> None:
    assert (await post(edge, event(), encode_basic_auth("anybody", PASSWORD)))[0] == 200


@pytest.mark.parametrize(
    "login",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic %%%",
        "Basic \u00e9",
        "Basic /w==",
        "Bearer " + PASSWORD,
        encode_basic_auth("postmark", ""),
        encode_basic_auth("postmark", PASSWORD + "!"),
        encode_basic_auth("postmark", "pässwörd"),
        encode_basic_auth(PASSWORD, "postmark"),
        "Basic " + "A" * 5000,
    ],
)
async def test_who_has_not_the_password_is_refused(edge: Edge, store: Store, login: str | None) -> None:
    status, _ = await post(edge, event(), login)

    assert status == 401
    assert not await store.suppressions.has([ADA])


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"RecordType": "Bounce"}', event(Email=None), event(Type=1), event()[:-1]],
)
async def test_a_body_that_is_no_event_is_refused(edge: Edge, body: bytes) -> None:
    assert (await post(edge, body))[0] == 400
