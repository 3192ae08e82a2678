import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.errors import TransientError
from dunning.paddle import answers
from dunning.paddle.live import LiveAttempt, LiveCustomer, LiveSubscription, LiveTransaction
from dunning.paddle.shapes import Customer
from tests.unit import paddle_bodies as bodies


def read_transaction(**changes: object) -> LiveTransaction:
    page = answers.read_transactions(json.dumps(bodies.page(bodies.transaction(**changes))).encode())
    assert page.malformed == ()
    (transaction,) = page.entities
    return transaction


def malformed_transaction(entity: object) -> answers.Malformed:
    page = answers.read_transactions(json.dumps(bodies.page(entity)).encode())
    assert page.entities == ()
    (malformed,) = page.malformed
    return malformed


def without(entity: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if name not in fields}


def test_a_past_due_transaction_is_read_with_what_a_mail_needs() -> None:
    assert read_transaction() == LiveTransaction(
        id=bodies.TRANSACTION,
        status="past_due",
        subscription_id=bodies.SUBSCRIPTION,
        collection_mode="automatic",
        balance=2400,
        currency_code="USD",
        product_names=("Nordlys Studio",),
        attempts=(
            LiveAttempt(
                at=datetime(2026, 3, 2, 9, 30, 4, 123456, tzinfo=UTC),
                status="error",
                code="not_enough_balance",
                method="card",
                card_last4="4242",
                card_brand="visa",
                method_id=bodies.METHOD,
            ),
        ),
        customer=LiveCustomer(
            id=bodies.CUSTOMER,
            status="active",
            email=bodies.EMAIL,
            name=bodies.NAME,
            locale="nb",
            country_code="NO",
        ),
        billed_at=datetime(2026, 3, 2, 9, 30, 0, 500000, tzinfo=UTC),
        total=2400,
    )


@pytest.mark.parametrize(
    "period", [None, "March", {"starts_at": "2026-03-02T00:00:00Z"}, {"starts_at": "no", "ends_at": "time"}]
)
@pytest.mark.parametrize("billed_at", [None, "yesterday", "2026-03-02T09:30:00", {}])
def test_a_debt_whose_bill_can_not_be_dated_is_owed_all_the_same(period: object, billed_at: object) -> None:
    read = read_transaction(billing_period=period, billed_at=billed_at)

    assert (read.billed_at, read.period, read.balance) == (None, None, 2400)


def test_what_was_sold_is_read_each_product_and_price_once() -> None:
    prices = [("pri_a", "pro_a"), ("pri_b", "pro_a"), ("pri_b", "pro_a"), ("pri_c", None)]

    read = read_transaction(items=[{"price": {"id": price, "product_id": product}} for price, product in prices])

    assert read.product_ids == ("pro_a",)
    assert read.price_ids == ("pri_a", "pri_b", "pri_c")


@pytest.mark.parametrize("items", [None, [], "none", [{"price": None}], [{"price": {}}], [3]])
def test_a_debt_of_which_nothing_says_what_was_sold_is_owed_all_the_same(items: object) -> None:
    read = read_transaction(items=items)

    assert (read.product_ids, read.price_ids, read.balance) == ((), (), 2400)


def test_what_a_bill_is_for_is_read() -> None:
    period = {"starts_at": "2026-03-02T09:30:00Z", "ends_at": "2026-04-02T09:30:00Z"}

    assert read_transaction(billing_period=period).period == (
        datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        datetime(2026, 4, 2, 9, 30, tzinfo=UTC),
    )


def test_the_balance_is_what_is_still_due_after_credits() -> None:
    details = {"totals": bodies.totals(grand_total="2400", balance="1500"), "line_items": []}

    assert read_transaction(details=details).balance == 1500


@pytest.mark.parametrize("balance", [{}, {"balance": None}])
def test_without_a_balance_the_grand_total_is_due(balance: dict[str, None]) -> None:
    totals = without(bodies.totals(grand_total="2400"), "balance") | balance

    assert read_transaction(details={"totals": totals, "line_items": []}).balance == 2400


def test_a_paid_transaction_has_nothing_due() -> None:
    assert read_transaction(details={"totals": bodies.totals(balance="0")}).balance == 0


def test_yen_have_no_minor_unit_and_are_read_as_they_are() -> None:
    details = {"totals": bodies.totals(balance="2980", grand_total="2980", currency_code="JPY"), "line_items": []}

    transaction = read_transaction(details=details, currency_code="JPY")

    assert (transaction.balance, transaction.currency_code) == (2980, "JPY")


def test_the_currency_is_the_transactions_where_the_totals_name_none() -> None:
    details = {"totals": without(bodies.totals(), "currency_code")}

    assert read_transaction(details=details, currency_code="GBP").currency_code == "GBP"


def test_products_are_named_once_in_the_invoices_order() -> None:
    names = ["Seats", "Support", "Seats", None, ""]
    lines = [bodies.line_item(name) for name in names] + [{"product": None}, {}]

    transaction = read_transaction(details={"totals": bodies.totals(), "line_items": lines})

    assert transaction.product_names == ("Seats", "Support")


@pytest.mark.parametrize("payments", [[], None])
def test_a_transaction_without_payments_has_no_attempts_and_no_card(payments: list[object] | None) -> None:
    transaction = read_transaction(payments=payments)

    assert transaction.attempts == ()
    assert transaction.newest_attempt is None
    assert transaction.failure is None


def test_a_transaction_may_leave_out_what_no_mail_needs() -> None:
    body = bodies.page(
        without(bodies.transaction(), "payments", "customer", "address", "subscription_id", "items", "origin")
    )

    (transaction,) = answers.read_transactions(json.dumps(body).encode()).entities

    assert transaction.attempts == ()
    assert transaction.customer is None
    assert transaction.subscription_id is None


CARD = {"type": "card", "card": {"last4": "1111"}}


@pytest.mark.parametrize(
    ("method", "read"),
    [
        (CARD, ("card", "1111")),
        ({"type": "card", "card": {"last4": ""}}, ("card", None)),
        ({"type": "card", "card": None}, ("card", None)),
        ({"type": "unknown", "card": {"last4": "1111"}}, (None, "1111")),
        ({"card": {"last4": "1111"}}, (None, "1111")),
        ({"type": "google_pay", "card": {"last4": "1111"}}, ("google_pay", "1111")),
        ({"type": "paypal", "card": None}, ("paypal", None)),
        ({"type": "paypal", "card": {"last4": "1111"}}, ("paypal", None)),
        (None, (None, None)),
    ],
)
def test_an_attempts_card_is_its_own(method: dict[str, object] | None, read: tuple[str | None, str | None]) -> None:
    (attempt,) = read_transaction(payments=[bodies.payment(method_details=method)]).attempts

    assert (attempt.method, attempt.card_last4) == read


@pytest.mark.parametrize(("brand", "read"), [("visa", "visa"), ("unknown", None), (None, None)])
def test_a_cards_brand_is_told_where_paddle_knows_it(brand: str | None, read: str | None) -> None:
    method = {"type": "card", "card": {"type": brand, "last4": "1111"}}

    assert read_transaction(payments=[bodies.payment(method_details=method)]).attempts[0].card_brand == read


def test_the_failure_is_the_newest_attempt_that_failed() -> None:
    confirming = bodies.payment(status="action_required", error_code=None, method_details=CARD)
    paypal = bodies.payment(error_code="declined", method_details={"type": "paypal", "card": None})
    expired = bodies.payment(error_code="expired_card", method_details=CARD)

    transaction = read_transaction(payments=[confirming, paypal, expired])

    assert transaction.newest_attempt is not None
    assert transaction.newest_attempt.status == "action_required"
    assert transaction.failure is not None
    assert (transaction.failure.code, transaction.failure.card_last4) == ("declined", None)


def test_attempts_are_sorted_by_when_they_were_made_where_all_of_them_say_so() -> None:
    old = bodies.payment(created_at="2026-03-02T09:30:00Z", error_code="expired_card")
    new = bodies.payment(created_at="2026-03-05T09:30:00Z", error_code="declined")
    again = bodies.payment(created_at="2026-03-05T09:30:00Z", error_code="fraud")

    assert [one.code for one in read_transaction(payments=[old, new, again]).attempts] == [
        "declined",
        "fraud",
        "expired_card",
    ]


def test_attempts_keep_paddles_order_where_one_says_no_time() -> None:
    payments = [
        bodies.payment(status="created", error_code=None, created_at=None),
        bodies.payment(created_at="2026-03-05T09:30:00.123456789Z"),
        bodies.payment(created_at="2026-03-02T09:30:00Z", error_code="expired_card"),
    ]

    attempts = read_transaction(payments=payments).attempts

    assert attempts == (
        LiveAttempt(None, "created", None, "card", "4242", "visa", bodies.METHOD),
        LiveAttempt(
            datetime(2026, 3, 5, 9, 30, 0, 123456, tzinfo=UTC),
            "error",
            "not_enough_balance",
            "card",
            "4242",
            "visa",
            bodies.METHOD,
        ),
        LiveAttempt(
            datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "error", "expired_card", "card", "4242", "visa", bodies.METHOD
        ),
    )


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_customer_may_have_no_name(name: str | None) -> None:
    found = read_transaction(customer=bodies.customer(name=name)).customer

    assert found is not None
    assert found.name is None


@pytest.mark.parametrize("address", [None, {"country_code": None}, {}])
def test_a_customer_may_have_no_country(address: dict[str, None] | None) -> None:
    found = read_transaction(address=address).customer

    assert found is not None
    assert found.country_code is None


def test_a_customer_with_nothing_but_an_id_is_not_taken_for_an_active_one() -> None:
    found = read_transaction(customer={"id": bodies.CUSTOMER}, address=None).customer

    assert found == LiveCustomer(
        id=bodies.CUSTOMER, status="unknown", email=None, name=None, locale="en", country_code=None
    )


def test_an_archived_customer_is_told_as_archived() -> None:
    found = read_transaction(customer=bodies.customer(status="archived")).customer

    assert found is not None
    assert found.status == "archived"


def test_unknown_fields_and_values_are_no_problem() -> None:
    found = read_transaction(status="on_hold", origin="moon", next_attempt={"at": "soon"}, payments=[{"new": True}])

    assert found.status == "on_hold"
    assert found.attempts == (LiveAttempt(at=None, status="unknown", code=None),)


@pytest.mark.parametrize(
    ("entity", "problem"),
    [
        (without(bodies.transaction(), "status"), "status missing"),
        (bodies.transaction(details={}), "details.totals missing"),
        (bodies.transaction(details={"totals": {"currency_code": "USD"}}), "details.totals.balance missing"),
        (bodies.transaction(details={"totals": {"balance": "1"}}, currency_code=None), "currency_code missing"),
        (bodies.transaction(details={"totals": bodies.totals(balance="12.5")}), "details.totals.balance int_parsing"),
        (bodies.transaction(payments=[bodies.payment(created_at=bodies.EMAIL)]), "payments.0.created_at datetime_"),
        (bodies.transaction(customer={"email": bodies.EMAIL}), "customer.id missing"),
    ],
)
def test_a_transaction_that_lacks_what_we_need_is_named_with_its_problem(entity: object, problem: str) -> None:
    malformed = malformed_transaction(entity)

    assert malformed.id == bodies.TRANSACTION
    assert problem in malformed.problem
    assert bodies.EMAIL not in malformed.problem


@pytest.mark.parametrize("entity", [None, 7, "txn", [], {"id": 7}, {"id": bodies.EMAIL}, {}])
def test_an_entity_that_is_no_entity_has_no_id_to_name(entity: object) -> None:
    assert malformed_transaction(entity).id is None


def test_every_field_that_is_wrong_is_named() -> None:
    malformed = malformed_transaction(bodies.transaction(status=None, collection_mode=7))

    assert malformed.problem == "status string_type, collection_mode string_type"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "Paddle's answer is no list: body json_invalid."),
        (
            b'{"data": [], "meta": {"pagination": {"has_more": true}}}',
            "Paddle's answer has another page, and does not say where.",
        ),
    ],
)
def test_an_answer_that_is_no_list_is_refused_with_its_reason(body: bytes, sentence: str) -> None:
    with pytest.raises(TransientError) as caught:
        answers.read_transactions(body)

    assert str(caught.value) == sentence


def test_an_id_in_other_digits_than_ours_is_not_named() -> None:
    assert malformed_transaction({"id": bodies.TRANSACTION.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}")}).id is None


def test_one_bad_entity_does_not_spoil_the_others() -> None:
    body = bodies.page(bodies.transaction(id=bodies.OTHER_TRANSACTION, details=None), bodies.transaction())

    page = answers.read_transactions(json.dumps(body).encode())

    assert [transaction.id for transaction in page.entities] == [bodies.TRANSACTION]
    assert [malformed.id for malformed in page.malformed] == [bodies.OTHER_TRANSACTION]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(bodies.transaction())), JSON_VALUES)
def test_a_field_of_any_value_leaves_the_transaction_read_or_named(field: str, value: object) -> None:
    page = answers.read_transactions(json.dumps(bodies.page(bodies.transaction(**{field: value}))).encode())

    assert len(page.entities) + len(page.malformed) == 1


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_list_or_a_transient_error(body: bytes) -> None:
    page: answers.ListPage[LiveSubscription] = answers.ListPage((), (), None)

    with contextlib.suppress(TransientError):
        page = answers.read_subscriptions(body)

    assert isinstance(page, answers.ListPage)


def test_an_answers_parts_show_none_of_their_fields() -> None:
    customer = Customer.model_validate(bodies.customer())

    assert bodies.EMAIL not in repr(customer) + str(customer)
    assert bodies.NAME not in repr(customer) + str(customer)


@pytest.mark.parametrize(
    ("caller", "account_id"),
    [
        ({"auth_type": "api_key", "account": {"id": "acc_1", "name": "Lantern Software"}}, "acc_1"),
        ({"account": {"id": 257347}}, "257347"),
        ({"account": {"id": "not a word"}}, None),
        ({"account": {"name": "Lantern Software"}}, None),
        ({"account": None, "permissions": []}, None),
        ({}, None),
        (None, None),
    ],
    ids=["an id", "a number", "no word", "no id", "no account", "an empty caller", "no caller"],
)
def test_the_root_tells_the_account_or_nothing(caller: object, account_id: str | None) -> None:
    assert answers.read_caller(json.dumps({"data": {"caller": caller}}).encode()).account_id == account_id


@pytest.mark.parametrize(
    ("said", "permissions"),
    [
        ({"permissions": ["customer.read", "address.read"]}, frozenset({"customer.read", "address.read"})),
        ({"permissions": []}, frozenset()),
        ({"permissions": None}, None),
        ({}, None),
    ],
)
def test_what_the_key_may_do_is_read_where_it_is_told(said: object, permissions: object) -> None:
    assert answers.read_caller(json.dumps({"data": {"caller": said}}).encode()).permissions == permissions


@given(st.binary())
def test_what_is_no_root_tells_no_account(body: bytes) -> None:
    assert answers.read_caller(body) == answers.Caller(account_id=None, permissions=None)
