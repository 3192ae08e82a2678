"""The twin's entities against Paddle's own SDK, which raises on a field that is missing or of another kind."""

import json
from types import SimpleNamespace

from paddle_billing.Entities.Customer import Customer
from paddle_billing.Entities.CustomerPortalSession import CustomerPortalSession
from paddle_billing.Entities.Notifications import NotificationEvent
from paddle_billing.Entities.Subscription import Subscription
from paddle_billing.Entities.Transaction import Transaction
from paddle_billing.Notifications import Secret, Verifier

from dunning.paddle.event_types import KNOWN
from paddle_twin import Twin
from paddle_twin.event_types import EVENT_TYPES
from paddle_twin.notifications import sign


def eventful_twin() -> Twin:
    """A twin in whose world everything has happened once."""
    twin = Twin()
    world = twin.world
    customer = world.add_customer(name=None, email="rosa@lamplight.example", country="PT", locale="pt")
    paid, canceled, paused, manual = (
        world.add_subscription(customer),
        world.add_subscription(customer, card_last4=None, interval="year"),
        world.add_subscription(customer, price=2980, currency="JPY"),
        world.add_subscription(customer, collection_mode="manual"),
    )
    debt = world.decline(paid, "not_enough_balance")
    world.retry(debt, "expired_card")
    world.pay(debt)
    world.decline(canceled)
    world.schedule(canceled, "cancel")
    world.cancel(canceled)
    world.decline(paused, settles=False)
    world.pause(paused)
    world.schedule(manual, "pause")
    world.update_customer(customer, name="Rosa Lume")
    return twin


def test_every_entity_is_as_complete_as_paddles_sdk_demands() -> None:
    twin = eventful_twin()

    for transaction in twin.world.transactions.values():
        assert Transaction.from_dict(transaction).id == transaction["id"]
    for subscription in twin.world.subscriptions.values():
        urls = twin.links.management_urls(subscription, signed_in=True)
        assert Subscription.from_dict(subscription | {"management_urls": urls}).id == subscription["id"]
    for customer in twin.world.customers.values():
        assert Customer.from_dict(customer).id == customer["id"]


def test_a_portal_session_is_as_complete_as_paddles_sdk_demands() -> None:
    twin = eventful_twin()
    (customer_id,) = twin.world.customers

    session = CustomerPortalSession.from_dict(twin.links.session(customer_id, list(twin.world.subscriptions)))

    assert len(session.urls.subscriptions) == 4


def test_every_notification_is_as_complete_as_paddles_sdk_demands() -> None:
    twin = eventful_twin()

    for notification in twin.sent:
        event = NotificationEvent.from_dict(json.loads(notification.body))
        assert type(event.data).__name__ != "UndefinedEntity"
        assert event.event_type == notification.event_type


def test_a_signature_is_one_that_paddles_sdk_accepts() -> None:
    (first, *_) = eventful_twin().sent
    secret = "pdl_ntfset_01jq3w0a1b2c3d4e5f6g7h8j9k_aBcD"
    request = SimpleNamespace(body=first.body, headers={"Paddle-Signature": sign(first.body, secret, 1772443800)})

    assert Verifier().verify(request, Secret(secret), verify_time_drift=False)
    assert not Verifier().verify(request, Secret("another"), verify_time_drift=False)


def test_the_twin_lists_the_event_types_that_we_count_by_name() -> None:
    assert set(EVENT_TYPES) == KNOWN
