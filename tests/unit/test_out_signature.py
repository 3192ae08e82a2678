from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from worker.tell.signature import signed_headers

NEW, OLD = b"n" * 32, b"o" * 24
BODY = '{"type":"case.opened","data":{"campaign":"überfällig"}}'.encode()


@pytest.fixture
def now() -> datetime:
    """Give the time, which the standard's library goes by."""
    return datetime.now(UTC)


@pytest.mark.parametrize("key", [NEW, OLD])
def test_the_standards_own_library_verifies_it_with_either_secret(key: bytes, now: datetime) -> None:
    headers = signed_headers("msg_1", BODY, now, [NEW, OLD])

    assert Webhook(key).verify(BODY, headers)["type"] == "case.opened"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", str(int(now.timestamp())))


@pytest.mark.parametrize(
    ("key", "body", "seconds_later", "changes"),
    [
        (b"x" * 32, BODY, 0, {}),
        (NEW, BODY + b" ", 0, {}),
        (NEW, BODY, 0, {"webhook-id": "msg_2"}),
        (NEW, BODY, 9, {}),
    ],
)
def test_nothing_else_is_verified(
    key: bytes, body: bytes, seconds_later: int, changes: dict[str, str], now: datetime
) -> None:
    signed = signed_headers("msg_1", BODY, now - timedelta(seconds=seconds_later), [NEW])
    headers = signed | {"webhook-timestamp": str(int(now.timestamp()))} | changes

    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(key).verify(body, headers)


def test_the_specifications_own_example_is_signed_alike() -> None:
    key = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    body = '{"test": 2432232314}'

    ours = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body.encode(), at, [key._whsecret])

    assert ours["webhook-signature"] == key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert ours["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
