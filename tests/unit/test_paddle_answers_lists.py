import json

import pytest

from dunning.errors import TransientError
from dunning.paddle import answers
from dunning.paddle.live import LiveSubscription
from tests.unit import paddle_bodies as bodies


def test_a_subscription_is_read_without_its_management_urls() -> None:
    page = answers.read_subscriptions(json.dumps(bodies.page(bodies.subscription())).encode())

    assert page.entities == (
        LiveSubscription(
            id=bodies.SUBSCRIPTION,
            customer_id=bodies.CUSTOMER,
            status="past_due",
            collection_mode="automatic",
            scheduled_action=None,
        ),
    )
    assert "pga_" not in repr(page)


def test_what_a_subscription_will_do_by_itself_is_told() -> None:
    change = {"action": "cancel", "effective_at": "2026-04-02T09:30:00Z", "resume_at": None}

    page = answers.read_subscriptions(json.dumps(bodies.page(bodies.subscription(scheduled_change=change))).encode())

    assert page.entities[0].scheduled_action == "cancel"


def test_the_last_page_names_a_next_one_that_is_not_there() -> None:
    assert answers.read_subscriptions(json.dumps(bodies.page()).encode()).next_url is None


def test_a_page_with_more_to_come_says_where() -> None:
    body = bodies.page(next_url="https://api.paddle.com/subscriptions?after=sub_x")

    assert answers.read_subscriptions(json.dumps(body).encode()).next_url == (
        "https://api.paddle.com/subscriptions?after=sub_x"
    )


def test_a_page_with_more_to_come_that_does_not_say_where_is_refused() -> None:
    body = b'{"data": [], "meta": {"pagination": {"has_more": true}}}'

    with pytest.raises(TransientError, match="another page"):
        answers.read_subscriptions(body)


def test_of_a_list_the_ids_alone_are_read() -> None:
    body = bodies.page(bodies.subscription(), {"name": "No id."}, next_url="https://api.paddle.com/products?after=x")

    page = answers.read_ids(json.dumps(body).encode())

    assert (page.entities, page.next_url) == ((bodies.SUBSCRIPTION,), "https://api.paddle.com/products?after=x")
    assert [one.id for one in page.malformed] == [None]


def test_a_list_without_pagination_is_a_list() -> None:
    assert answers.read_subscriptions(b'{"data": []}') == answers.ListPage((), (), None)


NO_JSON_OF_OURS = [
    b"",
    b"<!doctype html><title>502 Bad Gateway</title>",
    b"null",
    b"[]",
    b"{}",
    b'{"data": null}',
    b'{"data": {}',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NO_JSON_OF_OURS)
def test_what_is_no_list_may_be_one_later(body: bytes) -> None:
    with pytest.raises(TransientError, match="no list"):
        answers.read_transactions(body)


@pytest.mark.parametrize("body", [*NO_JSON_OF_OURS, b'{"data": {"id": "cpls_x"}}', b'{"data": []}'])
def test_what_is_no_portal_session_may_be_one_later(body: bytes) -> None:
    with pytest.raises(TransientError, match="no portal session"):
        answers.read_portal_session(body)


def test_a_portal_session_is_read_with_all_its_links() -> None:
    body = json.dumps(bodies.portal_session(bodies.SUBSCRIPTION)).encode()

    session = answers.read_portal_session(body)

    links = session.links(bodies.SUBSCRIPTION)
    assert session.id == bodies.SESSION
    assert session.customer_id == bodies.CUSTOMER
    assert session.created_at == bodies.CREATED_AT
    assert session.overview == bodies.deep_link("overview")
    assert links.update_payment_method == bodies.deep_link("update_subscription_payment_method", bodies.SUBSCRIPTION)
    assert links.cancel == bodies.deep_link("cancel_subscription", bodies.SUBSCRIPTION)
    assert links.view == bodies.deep_link("view_subscription", bodies.SUBSCRIPTION)


def test_a_portal_session_from_before_the_view_link_is_read_without_it() -> None:
    body = bodies.portal_session(bodies.SUBSCRIPTION)
    del body["data"]["urls"]["subscriptions"][0]["view_subscription"]

    session = answers.read_portal_session(json.dumps(body).encode())

    assert session.links(bodies.SUBSCRIPTION).view is None


@pytest.mark.parametrize("subscriptions", [[], None])
def test_a_portal_session_may_be_for_no_subscription(subscriptions: list[object] | None) -> None:
    urls = {"general": {"overview": bodies.deep_link("overview")}, "subscriptions": subscriptions}

    session = answers.read_portal_session(json.dumps(bodies.portal_session(urls=urls)).encode())

    assert session.subscriptions == ()


def test_a_malformed_portal_session_is_not_quoted_in_the_error() -> None:
    body = bodies.portal_session(bodies.SUBSCRIPTION, created_at=f"{bodies.EMAIL} {bodies.TOKEN}")

    with pytest.raises(TransientError) as caught:
        answers.read_portal_session(json.dumps(body).encode())

    assert "data.created_at" in str(caught.value)
    assert bodies.EMAIL not in repr(caught.value)
    assert "pga_" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_an_error_tells_its_code_and_its_request() -> None:
    assert answers.read_error(json.dumps(bodies.error("forbidden")).encode()) == answers.ErrorAnswer(
        code="forbidden", request_id=bodies.REQUEST_ID
    )


@pytest.mark.parametrize(
    "body", [*NO_JSON_OF_OURS, json.dumps({"error": {"code": bodies.EMAIL}, "meta": {"request_id": "a b"}}).encode()]
)
def test_an_error_that_cannot_be_read_or_is_no_plain_word_says_nothing(body: bytes) -> None:
    assert answers.read_error(body) == answers.ErrorAnswer(code=None, request_id=None)
