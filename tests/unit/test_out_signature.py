from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from worker.tell.signature import signed_headers

NOW = datetime.now(UTC)
NEW, OLD = b"n" * 32, b"o" * 24
BODY = '{"type":"case.opened","data":{"campaign":"überfällig"}}'.encode()


@pytest.mark.parametrize("key", [NEW, OLD])
def test_the_standards_own_library_verifies_it_with_either_secret(key: bytes) -> None:
    headers = signed_headers("msg_1", BODY, NOW, [NEW, OLD])

    assert Webhook(key).verify(BODY, headers)["type"] == "case.opened"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", str(int(NOW.timestamp())))


@pytest.mark.parametrize(
    ("key", "body", "changes"),
    [
        (b"x" * 32, BODY, {}),
        (NEW, BODY + b" ", {}),
        (NEW, BODY, {"webhook-id": "msg_2"}),
        (NEW, BODY, {"webhook-timestamp": str(int((NOW - timedelta(seconds=9)).timestamp()))}),
    ],
)
def test_nothing_else_is_verified(key: bytes, body: bytes, changes: dict[str, str]) -> None:
    headers = signed_headers("msg_1", BODY, NOW, [NEW]) | changes

    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(body, headers)


def test_the_specifications_own_example_is_signed_alike() -> None:
    key = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    body = '{"test": 2432232314}'

    ours = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body.encode(), at, [key._whsecret])

    assert ours["webhook-signature"] == key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert ours["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
