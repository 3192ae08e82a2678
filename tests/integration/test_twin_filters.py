"""The twin's lists are filtered and sorted as Paddle's are, asked by Paddle's own Python client."""

from datetime import UTC, datetime, timedelta

import pytest
from paddle_billing import Client
from paddle_billing.Entities.DateTime import DateTime
from paddle_billing.Entities.Events import EventTypeName
from paddle_billing.Entities.Notifications import NotificationStatus
from paddle_billing.Entities.NotificationSettings import NotificationSettingTrafficSource, NotificationSettingType
from paddle_billing.Entities.Simulations import SimulationStatus
from paddle_billing.Exceptions.ApiError import ApiError
from paddle_billing.Resources.Customers.Operations import ListCustomers
from paddle_billing.Resources.Events.Operations import ListEvents
from paddle_billing.Resources.Notifications.Operations import ListNotifications
from paddle_billing.Resources.NotificationSettings.Operations import CreateNotificationSetting, ListNotificationSettings
from paddle_billing.Resources.Shared.Operations import DateComparison, Pager
from paddle_billing.Resources.Shared.Operations.List.Comparator import Comparator
from paddle_billing.Resources.Shared.Operations.List.OrderBy import OrderBy
from paddle_billing.Resources.Simulations.Operations import CreateSimulation, ListSimulations
from paddle_billing.Resources.Subscriptions.Operations import ListSubscriptions
from paddle_billing.Resources.Subscriptions.Operations.Get.Includes import Includes
from paddle_billing.Resources.Transactions.Operations import ListTransactions

from paddle_twin.in_thread import TwinInThread
from tests.integration.sdk import client, twin

__all__ = ["client", "twin"]  # fixtures

SOON = datetime.now(UTC) + timedelta(days=365)


@pytest.fixture
def subscription_ids(twin: TwinInThread) -> list[str]:
    customer_id = twin.add_customer("ada@customer.example", name="Ada Example")
    return [twin.add_subscription(customer_id) for _ in range(2)]


def test_transactions_are_filtered_by_time_and_sorted_by_it(
    twin: TwinInThread, client: Client, subscription_ids: list[str]
) -> None:
    first, second = (twin.decline(subscription_id) for subscription_id in subscription_ids)
    twin.pay(first)

    def listed(wanted: ListTransactions) -> list[str]:
        return [found.id for found in client.transactions.list(wanted)]

    assert listed(ListTransactions(created_at=DateComparison(SOON, Comparator.GT))) == []
    assert listed(ListTransactions(billed_at=DateComparison(SOON, Comparator.LT))) == [second, first]
    assert listed(ListTransactions(Pager(per_page=1, order_by=OrderBy("updated_at", "desc")))) == [first, second]
    assert listed(ListTransactions(Pager(per_page=1, order_by=OrderBy("updated_at", "asc")))) == [second, first]
    number = client.transactions.get(first).invoice_number
    assert number is not None
    assert listed(ListTransactions(invoice_numbers=[number])) == [first]


def test_subscriptions_are_filtered(client: Client, subscription_ids: list[str]) -> None:
    first, second = subscription_ids
    price_id = client.subscriptions.get(first).items[0].price.id

    def listed(wanted: ListSubscriptions) -> list[str]:
        return [found.id for found in client.subscriptions.list(wanted)]

    assert listed(ListSubscriptions(next_billed_at=DateComparison(SOON, Comparator.GT))) == []
    assert listed(ListSubscriptions(price_ids=[price_id])) == [first]
    assert listed(ListSubscriptions(address_ids=[client.subscriptions.get(first).address_id])) == [second, first]
    with pytest.raises(ApiError):
        client.subscriptions.get(first, [Includes.NextTransaction])


@pytest.mark.usefixtures("subscription_ids")
def test_customers_are_searched(client: Client) -> None:
    assert [found.name for found in client.customers.list(ListCustomers(search="ADA"))] == ["Ada Example"]
    assert [*client.customers.list(ListCustomers(search="rosa"))] == []


def test_events_are_those_of_a_debt_or_a_time(twin: TwinInThread, client: Client, subscription_ids: list[str]) -> None:
    first, second = (twin.decline(subscription_id) for subscription_id in subscription_ids)

    def listed(wanted: ListEvents) -> set[str]:
        return {found.data.id for found in client.events.list(wanted)}

    assert listed(ListEvents(filter=first)) == {first}
    assert listed(ListEvents(filter=subscription_ids[1])) == {second, subscription_ids[1]}
    assert listed(ListEvents(start=DateTime(SOON.isoformat()))) == set()
    assert listed(ListEvents(end=DateTime(SOON.isoformat()))) == {first, second, *subscription_ids}


def test_notifications_destinations_and_simulations_are_read_and_filtered(
    twin: TwinInThread, client: Client, subscription_ids: list[str]
) -> None:
    setting = client.notification_settings.create(
        CreateNotificationSetting(
            "ours",
            "http://127.0.0.1:1/",
            [EventTypeName.TransactionPastDue],
            NotificationSettingType.Url,
            include_sensitive_fields=False,
            traffic_source=NotificationSettingTrafficSource.All,
        )
    )
    bill = twin.decline(subscription_ids[0])
    twin.decline(subscription_ids[1])

    [found] = client.notifications.list(ListNotifications(filter=bill, search="past_due"))
    assert (found.payload.data.id, found.origin, found.notification_setting_id) == (bill, "event", setting.id)
    assert [*client.notifications.list(ListNotifications(statuses=[NotificationStatus.Delivered]))] == []
    assert [*client.notifications.list(ListNotifications(end=DateTime("2020-01-01T00:00:00Z")))] == []
    settings = client.notification_settings
    assert [one.id for one in settings.list(ListNotificationSettings(active=True))] == [setting.id]
    assert [*settings.list(ListNotificationSettings(active=False))] == []
    simulation = client.simulations.create(CreateSimulation(setting.id, EventTypeName.TransactionPaid, "paid"))
    assert [one.id for one in client.simulations.list(ListSimulations(ids=[simulation.id]))] == [simulation.id]
    assert [*client.simulations.list(ListSimulations(statuses=[SimulationStatus.Archived]))] == []
    run = client.simulation_runs.create(simulation.id)
    assert [one.id for one in client.simulation_runs.list(simulation.id)] == [run.id]
    [event] = client.simulation_run_events.list(simulation.id, run.id)
    assert event.event_type == "transaction.paid"
    assert client.simulation_run_events.get(simulation.id, run.id, event.id).id == event.id
    assert client.simulation_run_events.replay(simulation.id, run.id, event.id).id == event.id
    with pytest.raises(ApiError):
        client.simulation_run_events.replay(simulation.id, run.id, "ntfsimevt_none")
    assert len([*client.simulation_types.list()]) == len([*client.event_types.list()]) > 30
