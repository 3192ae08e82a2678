"""Whatever Paddle says, or somebody else, one decision comes of it."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.paddle import event_types
from dunning.paddle.events import USED
from dunning.paddle.intake import (
    Accept,
    Bury,
    Decision,
    NewsOfKey,
    Refusal,
    Refused,
    Simulated,
    Unused,
    decide_listed,
    decide_notification,
)
from tests.unit.mutated_json import mutated
from tests.unit.notifications import notification, paddle_id, transaction

SECRETS = ("pdl_ntfset_new", "pdl_ntfset_old")
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FAILURE = notification("transaction.past_due", transaction())
KINDS = (Accept, Bury, NewsOfKey, Simulated, Unused, Refused)


def sign(body: bytes, secret: str = SECRETS[0], at: datetime = NOW) -> str:
    ts = int(at.timestamp())
    return f"ts={ts};h1={hmac.new(secret.encode(), f'{ts}:'.encode() + body, sha256).hexdigest()}"


def decide(body: bytes, signature: str | None = None) -> Decision | Refused:
    return decide_notification(body, signature or sign(body), secrets=SECRETS, now=NOW, tolerance=timedelta(seconds=60))


def test_an_event_that_changes_a_case_is_accepted() -> None:
    decision = decide(FAILURE)

    assert isinstance(decision, Accept)
    assert decision.event.id == paddle_id("evt")
    assert decision.event.facts.id == paddle_id("txn")
    assert (decision.label, decision.occurred_at) == ("transaction.past_due", decision.event.occurred_at)


@pytest.mark.parametrize("secret", [0, 1])
@pytest.mark.parametrize(
    "body",
    [
        FAILURE,
        notification("transaction.past_due", {}),
        notification("api_key.expiring", {}),
        notification("customer.updated", {}),
        notification("customer.updated", {}, event_id="ntfsimevt_1"),
        b"no event",
    ],
)
def test_whatever_is_decided_tells_which_secret_signed_it(body: bytes, secret: int) -> None:
    assert decide(body, sign(body, SECRETS[secret])).secret == secret


def test_what_is_malformed_is_buried_with_its_reason() -> None:
    decision = decide(notification("transaction.past_due", {}))

    assert isinstance(decision, Bury)
    assert "data.id (missing)" in decision.reason
    assert (decision.event_id, decision.notification_id) == (paddle_id("evt"), paddle_id("ntf"))


@pytest.mark.parametrize(
    ("data", "about"),
    [
        ({"id": paddle_id("txn"), "subscription_id": paddle_id("sub"), "customer_id": 7}, ("txn", "sub")),
        ({"id": "txn_short", "transaction_id": paddle_id("txn"), "customer_id": paddle_id("ctm")}, ("txn", "ctm")),
        ({"id": "ada@example.com"}, ()),
        ("text", ()),
    ],
)
def test_what_is_malformed_is_buried_with_the_ids_that_can_be_read(data: object, about: tuple[str, ...]) -> None:
    decision = decide(notification("transaction.past_due", data))

    assert isinstance(decision, Bury)
    assert decision.about == tuple(map(paddle_id, about))


def test_what_has_no_offset_is_buried_as_of_utc() -> None:
    decision = decide(notification("transaction.past_due", transaction(), occurred_at="2026-11-22T10:00:03"))

    assert isinstance(decision, Bury)
    assert decision.occurred_at == datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize("given_id", [None, "", "ada@example.com", "ntf_é", "_", "ntf_" + "a" * 61])
def test_what_is_buried_keeps_no_notification_id_that_is_none(given_id: str | None) -> None:
    decision = decide(notification("transaction.past_due", {}, notification_id=given_id))

    assert isinstance(decision, Bury)
    assert decision.notification_id is None


def test_an_id_of_no_shape_is_buried_under_a_stand_in() -> None:
    decision = decide(notification("transaction.past_due", {}, event_id="ada@example.com", notification_id="a" * 64))

    assert isinstance(decision, Bury)
    assert decision.event_id.startswith("malformed_")
    assert decision.notification_id == "a" * 64


@pytest.mark.parametrize(
    ("event_type", "word"),
    [
        ("api_key.expiring", "paddle.api_key.expiring"),
        ("api_key_exposure.created", "paddle.api_key.exposed"),
        ("api_key_exposure.brand_new", "paddle.api_key.changed"),
        ("api_key_rotation.created", "paddle.api_key.rotation_created"),
        ("api_key.ada@example.com", "paddle.api_key.changed"),
    ],
)
def test_news_of_a_key_alerts_in_one_of_few_words(event_type: str, word: str) -> None:
    decision = decide(notification(event_type, {"name": "my key"}))

    assert isinstance(decision, NewsOfKey)
    assert decision.alert == word


@pytest.mark.parametrize(
    ("event_type", "label"), [("customer.updated", "customer.updated"), ("brand.new", "other"), ("api_key", "other")]
)
def test_what_changes_no_case_is_unused_under_one_of_few_labels(event_type: str, label: str) -> None:
    decision = decide(notification(event_type, "anything"))

    assert isinstance(decision, Unused)
    assert decision.label == label


@pytest.mark.parametrize("event_type", ["transaction.past_due", "api_key.expiring", "customer.updated"])
def test_what_is_simulated_is_nothing_else_whatever_its_type(event_type: str) -> None:
    decision = decide(notification(event_type, {}, event_id="ntfsimevt_" + "a" * 26))

    assert isinstance(decision, Simulated)
    assert decision.envelope.event_id == "ntfsimevt_" + "a" * 26


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        (None, "There is no Paddle-Signature header"),
        ("nonsense", "0 ts"),
        (sign(FAILURE, "pdl_ntfset_other"), "No signature"),
        (sign(FAILURE, at=NOW - timedelta(seconds=61)), "made 61 s ago"),
    ],
)
def test_what_paddle_did_not_sign_just_now_is_refused(signature: str | None, sentence: str) -> None:
    decision = decide_notification(FAILURE, signature, secrets=SECRETS, now=NOW, tolerance=timedelta(seconds=60))

    assert isinstance(decision, Refused)
    assert (decision.kind, decision.secret) == (Refusal.BAD_SIGNATURE, None)
    assert sentence in decision.reason


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, notification("x", {}, occurred_at="soon")])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    decision = decide(body)

    assert isinstance(decision, Refused)
    assert decision.kind is Refusal.NOT_AN_EVENT
    assert decision.reason.startswith("The body is not a Paddle event")


def test_every_type_that_is_used_has_a_label_of_its_own() -> None:
    assert {event_types.label(event_type) for event_type in USED} == set(USED)


@pytest.mark.parametrize("event_type", ["transaction.past_due", "api_key.expiring", "customer.updated", "nonsense"])
def test_an_event_of_the_list_is_decided_as_its_notification_is(event_type: str) -> None:
    body = notification(event_type, transaction())
    listed, notified = decide_listed(body), decide(body)

    assert (type(listed), listed.secret, notified.secret) == (type(notified), None, 0)


EVENT = {
    "data": transaction(),
    "event_id": paddle_id("evt"),
    "event_type": "transaction.past_due",
    "occurred_at": "2026-11-22T10:00:03.000000Z",
    "notification_id": paddle_id("ntf"),
}


@given(body=st.one_of(st.binary(max_size=500), mutated(EVENT)))
@example(b'{"data":' + b'{"items":[' * 20_000)
@example(notification("transaction.past_due", transaction(), occurred_at="0001-01-01T00:00:00+23:59"))
@example(notification("transaction.past_due", transaction(), occurred_at="9999-12-31T23:59:59-23:59"))
def test_of_any_bytes_comes_a_decision_and_never_an_exception(body: bytes) -> None:
    for decision in (decide(body), decide_listed(body)):
        assert isinstance(decision, KINDS)
        match decision:
            case Refused():
                assert decision.kind is Refusal.NOT_AN_EVENT
                assert decision.reason.isprintable()
            case Bury():
                assert len(decision.event_id) <= 75
                assert decision.notification_id is None or len(decision.notification_id) <= 64
            case Accept():
                assert decision.event.type in USED
            case NewsOfKey():
                assert decision.alert.startswith("paddle.api_key.")
        if not isinstance(decision, Refused):
            assert decision.label in {*event_types.KNOWN, event_types.OTHER}
            assert min(decision.occurred_at, NOW) <= NOW


@given(body=st.binary(max_size=300), signature=st.none() | st.text(max_size=300))
def test_of_any_header_comes_a_refusal_and_never_an_exception(body: bytes, signature: str | None) -> None:
    decision = decide_notification(body, signature, secrets=SECRETS, now=NOW, tolerance=timedelta(seconds=60))

    assert isinstance(decision, Refused)
    assert decision.kind is Refusal.BAD_SIGNATURE
