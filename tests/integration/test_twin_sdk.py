"""Paddle's own Python client reads all that the twin serves."""

from paddle_billing import Client
from paddle_billing.Entities.Shared import ActionSource
from paddle_billing.Entities.Subscriptions.History import (
    SubscriptionHistoryAction,
    SubscriptionHistoryDetailSubscriptionPastDue,
    SubscriptionHistoryDetailSubscriptionPaymentMethodUpdated,
)
from paddle_billing.Resources.CustomerPortalSessions.Operations import CreateCustomerPortalSession
from paddle_billing.Resources.Events.Operations import ListEvents
from paddle_billing.Resources.Shared.Operations import DateComparison, Pager
from paddle_billing.Resources.Shared.Operations.List.Comparator import Comparator
from paddle_billing.Resources.Shared.Operations.List.OrderBy import OrderBy
from paddle_billing.Resources.Subscriptions.Operations import ListSubscriptionHistory, ListSubscriptions
from paddle_billing.Resources.Transactions.Operations import ListTransactions

from paddle_twin.in_thread import TwinInThread
from tests.integration.sdk import client, twin

__all__ = ["client", "twin"]  # fixtures

NEWEST_FIRST = Pager(per_page=2, order_by=OrderBy("id", "desc"))


def test_it_reads_one_of_each(twin: TwinInThread, client: Client) -> None:
    customer_id = twin.add_customer("ada@customer.example", name="Ada Example")
    subscription_id = twin.add_subscription(customer_id)
    bill_id = twin.decline(subscription_id)
    assert client.customers.get(customer_id).email == "ada@customer.example"
    assert client.subscriptions.get(subscription_id).status == "past_due"
    assert client.transactions.get(bill_id).status == "past_due"
    session = client.customer_portal_sessions.create(customer_id, CreateCustomerPortalSession([subscription_id]))
    assert session.urls.general.overview.startswith(twin.url)
    assert session.urls.subscriptions[0].id == subscription_id


def test_it_turns_the_pages(twin: TwinInThread, client: Client) -> None:
    customer_id = twin.add_customer("ada@customer.example")
    subscription_ids = [twin.add_subscription(customer_id) for _ in range(3)]
    bill_ids = [twin.decline(subscription_id) for subscription_id in subscription_ids]
    subscriptions = client.subscriptions.list(ListSubscriptions(pager=Pager(per_page=2)))
    assert sorted(found.id for found in subscriptions) == sorted(subscription_ids)
    transactions = client.transactions.list(ListTransactions(pager=Pager(per_page=2)))
    assert sorted(found.id for found in transactions) == sorted(bill_ids)
    events = client.events.list(ListEvents(pager=Pager(per_page=2)))
    assert sorted(found.event_id for found in events) == sorted(sent.event_id for sent in twin.sent)


def test_it_reads_the_history_of_a_subscription(twin: TwinInThread, client: Client) -> None:
    subscription_id = twin.add_subscription(customer_id := twin.add_customer("ada@customer.example"))
    bill_ids = [twin.decline(subscription_id), twin.decline(subscription_id)]
    for bill_id in bill_ids:
        twin.pay(bill_id)

    listed = [*client.subscriptions.list_history(subscription_id, ListSubscriptionHistory(NEWEST_FIRST))]

    assert [(one.source, one.actor.type, one.actor.id) for one in listed] == [
        ("customer_portal", "customer", customer_id),
        ("customer_portal", "customer", customer_id),
        ("system", "system", None),
    ]
    method, _, past_due = listed
    assert isinstance(method.detail, SubscriptionHistoryDetailSubscriptionPaymentMethodUpdated)
    assert isinstance(past_due.detail, SubscriptionHistoryDetailSubscriptionPastDue)
    assert past_due.detail.transaction_id == bill_ids[0]
    wanted = ListSubscriptionHistory(
        actions=[SubscriptionHistoryAction.SubscriptionPastDue],
        sources=[ActionSource.System, ActionSource.Api],
        occurred_at=DateComparison(past_due.occurred_at, Comparator.GTE),
    )
    assert [one.id for one in client.subscriptions.list_history(subscription_id, wanted)] == [past_due.id]
    later = ListSubscriptionHistory(occurred_at=DateComparison(method.occurred_at, Comparator.GT))
    assert [*client.subscriptions.list_history(subscription_id, later)] == []


def test_it_reads_where_webhooks_come_from(client: Client) -> None:
    found = client.ip_addresses.get_ip_addresses()
    assert "34.194.127.46/32" in found.ipv4_cidrs
    assert len(found.ipv4_cidrs) == 6
