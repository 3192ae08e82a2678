from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.errors import MalformedEventError, NotAnEventError
from dunning.paddle.events import (
    USED,
    AdjustmentFacts,
    Event,
    EventType,
    SubscriptionFacts,
    TransactionFacts,
    burial_id,
    is_simulated,
    parse_envelope,
    read_json,
    shows_failed_attempt,
)
from dunning.paddle.projection import project
from tests.unit.notifications import adjustment, notification, paddle_id, subscription, transaction


def read(body: bytes) -> Event:
    payload = read_json(body)
    return project(payload, parse_envelope(payload))


def test_a_transaction_is_cut_down_to_ids_states_and_times() -> None:
    event = read(notification("transaction.past_due", transaction()))

    assert event.id == paddle_id("evt")
    assert event.type is EventType.TRANSACTION_PAST_DUE
    assert event.occurred_at == datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC)
    assert isinstance(event.facts, TransactionFacts)
    assert event.facts.model_dump(mode="json") == {
        "kind": "transaction",
        "id": paddle_id("txn"),
        "status": "past_due",
        "origin": "subscription_recurring",
        "collection_mode": "automatic",
        "subscription_id": paddle_id("sub"),
        "customer_id": paddle_id("ctm"),
        "currency_code": "EUR",
        "billed_at": "2026-11-22T10:00:00Z",
        "product_ids": [paddle_id("pro")],
        "price_ids": [paddle_id("pri", "a"), paddle_id("pri", "b")],
        "attempts": [
            {"at": "2026-11-22T10:00:02.123456Z", "status": "error", "code": "expired_card", "method_id": None},
            {"at": "2026-10-22T10:00:02Z", "status": "captured", "code": None, "method_id": None},
        ],
        "total": 4200,
    }


@pytest.mark.parametrize(
    ("given", "kept"), [("paymtd_" + "1" * 26, "paymtd_" + "1" * 26), ("4242 4242", None), (7, None), (None, None)]
)
def test_a_payment_method_is_kept_by_its_id_and_no_other_thing_in_its_place(given: object, kept: str | None) -> None:
    body = transaction()
    body["payments"] = [{**body["payments"][0], "payment_method_id": given}]

    event = read(notification("transaction.past_due", body))

    assert isinstance(event.facts, TransactionFacts)
    assert event.facts.attempts[0].method_id == kept


def test_no_person_is_kept_and_no_amount_but_the_total_which_is_forgotten() -> None:
    event = read(notification("transaction.past_due", transaction()))
    kept = event.without_total().model_dump_json()

    for private in ("Ada", "4242", "4200", "Plan"):
        assert private not in kept


@pytest.mark.parametrize(
    "details",
    [
        None,
        {},
        {"totals": None},
        {"totals": {}},
        {"totals": {"grand_total": "much"}},
        {"totals": {"grand_total": "-1"}},
        [],
    ],
)
def test_an_event_whose_total_cant_be_read_is_taken_without_it(details: object) -> None:
    event = read(notification("transaction.past_due", transaction(details=details)))

    assert isinstance(event.facts, TransactionFacts)
    assert event.facts.total is None
    assert event.without_total() == event


def test_a_subscription_is_cut_down_too() -> None:
    event = read(notification("subscription.canceled", subscription()))

    assert event.facts == SubscriptionFacts(
        id=paddle_id("sub"), status="canceled", collection_mode="automatic", customer_id=paddle_id("ctm")
    )


def test_an_adjustment_is_cut_down_too() -> None:
    event = read(notification("adjustment.created", adjustment()))

    assert event.facts == AdjustmentFacts(
        id=paddle_id("adj"),
        action="chargeback",
        status="approved",
        transaction_id=paddle_id("txn"),
        subscription_id=paddle_id("sub"),
        customer_id=paddle_id("ctm"),
    )


def test_an_event_of_our_own_is_known_by_its_id() -> None:
    event = read(notification("transaction.past_due", transaction()))

    assert not event.is_reconciled
    assert event.model_copy(update={"id": "reconciled_01jq3v9m5t8xw2c7h4k6n0p1rs20261122"}).is_reconciled


def test_an_event_survives_being_written_and_read_again() -> None:
    event = read(notification("transaction.past_due", transaction()))

    assert Event.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("event_type", sorted(USED))
def test_every_used_type_can_be_read(event_type: str) -> None:
    data = {"subscription": subscription, "transaction": transaction, "adjustment": adjustment}[
        event_type.partition(".")[0]
    ]()

    assert read(notification(event_type, data)).type == event_type


def test_what_a_transaction_may_lack_may_be_lacking() -> None:
    data = transaction(
        items=None, payments=None, billed_at=None, subscription_id=None, customer_id=None, details="anything"
    )

    facts = read(notification("transaction.payment_failed", data)).facts

    assert isinstance(facts, TransactionFacts)
    assert (facts.product_ids, facts.attempts, facts.billed_at, facts.subscription_id) == ((), (), None, None)


def test_a_new_decline_code_costs_us_nothing() -> None:
    payments = [
        {"created_at": "2026-11-22T10:00:02Z", "status": "error", "error_code": "brand_new_code"},
        {"created_at": "2026-11-22T10:00:01Z", "status": "Odd Status", "error_code": "3DS failed!"},
        {"created_at": "2026-11-22T10:00:00Z", "status": "captured", "error_code": ""},
    ]

    facts = read(notification("transaction.payment_failed", transaction(payments=payments))).facts

    assert isinstance(facts, TransactionFacts)
    assert [(attempt.status, attempt.code) for attempt in facts.attempts] == [
        ("error", "brand_new_code"),
        ("unknown", "unknown"),
        ("captured", None),
    ]


def test_unknown_fields_are_passed_over() -> None:
    read(notification("subscription.paused", subscription(brand_new={"deep": [1, 2]}), api_version=2))


@pytest.mark.parametrize(
    ("event_type", "data", "field"),
    [
        ("transaction.past_due", None, "data (model_type)"),
        ("transaction.past_due", [], "data (model_type)"),
        ("transaction.past_due", {}, "data.id (missing)"),
        ("transaction.past_due", transaction(id="txn_short"), "data.id (string_pattern_mismatch)"),
        ("transaction.past_due", transaction(id=paddle_id("sub")), "data.id (string_pattern_mismatch)"),
        ("transaction.past_due", transaction(id=paddle_id("txn") + "\n"), "data.id (string_pattern_mismatch)"),
        ("transaction.past_due", transaction(id="txn_" + "٣" * 26), "data.id (string_pattern_mismatch)"),
        ("transaction.past_due", transaction(id=7), "data.id (string_type)"),
        ("transaction.past_due", transaction(subscription_id="x"), "data.subscription_id"),
        ("transaction.past_due", transaction(customer_id="x"), "data.customer_id"),
        ("transaction.past_due", transaction(currency_code="euros"), "data.currency_code"),
        ("transaction.past_due", transaction(billed_at="2026-11-22T10:00:00"), "data.billed_at (timezone_aware)"),
        ("transaction.past_due", transaction(items=[{"price": {"id": "pri_1"}}]), "data.items.0.price.id"),
        ("transaction.past_due", transaction(payments=[{"status": "error"}]), "data.payments.0.created_at (missing)"),
        ("subscription.canceled", subscription(id=paddle_id("txn")), "data.id (string_pattern_mismatch)"),
        ("subscription.canceled", transaction(), "data.id (string_pattern_mismatch)"),
    ],
)
def test_data_that_is_not_as_its_type_says_is_malformed(event_type: str, data: object, field: str) -> None:
    with pytest.raises(MalformedEventError) as caught:
        read(notification(event_type, data))

    assert field in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": ""},
        {"event_id": "1"},
        {"event_id": "evt_" + "a" * 5000},
        {"event_id": "evt_ü"},
        {"event_id": "dunning:inbox"},
        {"occurred_at": "2026-11-22T10:00:03"},
    ],
)
def test_an_outside_that_is_no_paddle_event_s_is_malformed(changes: dict[str, str]) -> None:
    with pytest.raises(MalformedEventError):
        read(notification("transaction.past_due", transaction(), **changes))


def test_the_sentence_about_a_malformed_event_names_fields_and_no_values() -> None:
    data = {"id": "ada@example.com", "status": "Ada Example", "customer_id": "4242"}

    with pytest.raises(MalformedEventError) as caught:
        read(notification("transaction.past_due", data))

    sentence = str(caught.value)
    assert sentence.startswith(
        "The event is not shaped as its type says: "
        "data.id (string_pattern_mismatch), data.status (string_pattern_mismatch), "
    )
    assert sentence.endswith(" and 3 more.")
    for private in ("ada@", "Ada", "4242"):
        assert private not in sentence


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"7",
        b'{"event_id": "evt_1", "event_type": "transaction.paid"}',
        b'{"event_id": 1, "event_type": "transaction.paid", "occurred_at": "2026-11-22T10:00:03Z"}',
        b'{"event_id": "evt_1", "event_type": "transaction.paid", "occurred_at": "yesterday"}',
        notification("transaction.past_due", transaction())[:-1],
        notification("transaction.past_due", transaction())[:40],
        notification("transaction.past_due", transaction()) + b"}",
        b"\xff\xfe" + notification("transaction.past_due", transaction()),
        notification("transaction.past_due", transaction()).replace(b"Plan", b"Pl\xe4n"),
        notification("transaction.past_due", transaction()).replace(b"Plan", b"\\ud800"),
        b"[" * 100_000,
        b'{"data":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\x00" * 1000,
    ],
)
def test_a_body_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnEventError, match=r"^The body is not a Paddle event: \w+ \(\w+\)(, \w+ \(\w+\))*\.$"):
        parse_envelope(read_json(body))


def test_a_sentence_names_as_many_fields_as_it_may_and_no_more() -> None:
    five = dict.fromkeys(("id", "status", "origin", "collection_mode", "currency_code"))

    with pytest.raises(MalformedEventError) as caught:
        read(notification("transaction.past_due", transaction(**five)))

    assert str(caught.value).endswith("data.currency_code (string_type).")
    with pytest.raises(NotAnEventError, match=r": body \(json_invalid\)\.$"):
        parse_envelope(read_json(b""))


@given(st.binary(max_size=500))
def test_every_body_is_an_envelope_or_none(body: bytes) -> None:
    with pytest.raises(NotAnEventError):
        parse_envelope(read_json(body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(transaction())), inner),
    max_leaves=12,
)


@given(event_type=st.sampled_from(sorted(USED)), data=json_values, field=st.sampled_from(sorted(transaction())))
def test_whatever_a_field_holds_the_event_is_read_or_malformed(event_type: str, data: object, field: str) -> None:
    for whole in (data, transaction(**{field: data}), subscription(**{field: data})):
        body = notification(event_type, whole).replace(b"NaN", b"1").replace(b"Infinity", b"1")
        payload = read_json(body)
        envelope = parse_envelope(payload)
        try:
            assert project(payload, envelope).type == event_type
        except MalformedEventError as error:
            assert str(error)  # noqa: PT017 - both ways are right; only what is raised matters


@pytest.mark.parametrize(
    ("event_id", "notification_id", "simulated"),
    [
        ("ntfsimevt_" + "a" * 26, "ntfsimntf_" + "a" * 26, True),
        ("ntfsimevt_" + "a" * 26, None, True),
        (paddle_id("evt"), "ntfsimntf_" + "a" * 26, True),
        (paddle_id("evt"), paddle_id("ntf"), False),
        (paddle_id("evt"), None, False),
    ],
)
def test_simulated_events_are_known_by_their_ids(
    event_id: str, notification_id: str | None, *, simulated: bool
) -> None:
    body = notification("transaction.past_due", transaction(), event_id=event_id, notification_id=notification_id)

    assert is_simulated(parse_envelope(read_json(body))) is simulated


@pytest.mark.parametrize(
    ("event_type", "data", "failed"),
    [
        ("transaction.completed", transaction(), True),
        ("transaction.completed", transaction(payments=[]), False),
        (
            "transaction.completed",
            transaction(payments=[{"status": "captured", "created_at": "2026-11-22T10:00:02Z"}]),
            False,
        ),
        ("subscription.canceled", subscription(), False),
    ],
)
def test_a_failed_attempt_is_seen_wherever_it_stands(event_type: str, data: object, *, failed: bool) -> None:
    assert shows_failed_attempt(read(notification(event_type, data)).facts) is failed


def test_a_malformed_event_is_buried_under_its_own_id_or_a_stand_in_of_bounded_length() -> None:
    def envelope(event_id: str) -> str:
        return burial_id(parse_envelope(read_json(notification("transaction.past_due", {}, event_id=event_id))))

    assert envelope(paddle_id("evt")) == paddle_id("evt")
    assert envelope("x" * 5000) == envelope("x" * 5000)
    assert envelope("x" * 5000) != envelope("x" * 5001)
    assert envelope("dunning:inbox").startswith("malformed_")
    assert len(envelope("")) == 36
