"""Destinations and simulated events, as Paddle's own Python client makes them, and as they arrive."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from paddle_billing import Client
from paddle_billing.Entities.Events import EventTypeName
from paddle_billing.Entities.NotificationSetting import NotificationSetting
from paddle_billing.Entities.NotificationSettings import NotificationSettingTrafficSource, NotificationSettingType
from paddle_billing.Exceptions.ApiError import ApiError
from paddle_billing.Resources.NotificationSettings.Operations import (
    CreateNotificationSetting,
    UpdateNotificationSetting,
)
from paddle_billing.Resources.SimulationRuns.Operations import GetSimulationRun
from paddle_billing.Resources.SimulationRuns.Operations.SimulationRunInclude import SimulationRunInclude
from paddle_billing.Resources.Simulations.Operations import CreateSimulation, UpdateSimulation

from dunning.paddle.intake import Accept, Simulated, decide_notification
from paddle_twin.in_thread import TwinInThread
from tests.integration.sdk import client, twin

__all__ = ["client", "twin"]  # fixtures


@dataclass
class Receiver:
    """A destination that answers 200 and keeps what comes."""

    url: str
    got: list[tuple[bytes, str]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((body, self.headers["Paddle-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def made_destination(client: Client, url: str, source: str = "platform", *types: str) -> NotificationSetting:
    return client.notification_settings.create(
        CreateNotificationSetting(
            description="Ours",
            destination=url,
            subscribed_events=[EventTypeName(name) for name in types or ("transaction.past_due",)],
            type=NotificationSettingType("url"),
            include_sensitive_fields=False,
            traffic_source=NotificationSettingTrafficSource(source),
        )
    )


def decided(receiver: Receiver, secret: str) -> list[object]:
    given: dict[str, Any] = {"secrets": [secret], "now": datetime.now(UTC), "tolerance": timedelta(minutes=1)}
    return [decide_notification(body, header, **given) for body, header in receiver.got]


def test_a_destination_is_made_read_changed_and_deleted(client: Client, receiver: Receiver) -> None:
    made = made_destination(client, receiver.url)

    assert client.notification_settings.get(made.id) == made
    assert [one.id for one in client.notification_settings.list()] == [made.id]
    changed = client.notification_settings.update(made.id, UpdateNotificationSetting(active=False))
    assert (changed.active, changed.endpoint_secret_key) == (False, made.endpoint_secret_key)
    client.notification_settings.delete(made.id)
    assert list(client.notification_settings.list()) == []


def test_a_destination_gets_what_it_subscribed_to_signed_with_its_own_secret(
    twin: TwinInThread, client: Client, receiver: Receiver
) -> None:
    made = made_destination(client, receiver.url)
    made_destination(client, receiver.url, "simulation")

    bill = twin.decline(twin.add_subscription(twin.add_customer("ada@customer.example")))
    twin.settled()

    (event,) = decided(receiver, made.endpoint_secret_key)
    assert isinstance(event, Accept)
    assert event.event.facts.id == bill
    assert made.endpoint_secret_key != twin.webhook_secret


def test_no_more_than_ten_may_be_active(client: Client, receiver: Receiver) -> None:
    for _ in range(10):
        made_destination(client, receiver.url)

    with pytest.raises(ApiError) as refused:
        made_destination(client, receiver.url)
    assert refused.value.error_code == "notification_maximum_active_settings_reached"


def test_all_event_types_are_listed(client: Client) -> None:
    assert {"transaction.past_due", "api_key_exposure.created"} <= {str(one.name) for one in client.event_types.list()}
    assert "transaction.past_due" in {str(one.name) for one in client.simulation_types.list()}


def test_a_simulation_is_sent_marked_and_told(twin: TwinInThread, client: Client, receiver: Receiver) -> None:
    made = made_destination(client, receiver.url, "simulation")
    past_due = EventTypeName("transaction.past_due")
    simulation = client.simulations.create(CreateSimulation(made.id, past_due, "A declined renewal"))
    assert client.simulations.get(simulation.id).name == "A declined renewal"
    assert [one.id for one in client.simulations.list()] == [simulation.id]

    run = client.simulation_runs.create(simulation.id)
    twin.settled()

    (event,) = decided(receiver, made.endpoint_secret_key)
    assert isinstance(event, Simulated)
    told = client.simulation_runs.get(
        simulation.id, run.id, GetSimulationRun(includes=[SimulationRunInclude("events")])
    )
    assert (str(told.status), [str(one.status) for one in told.events]) == ("completed", ["success"])
    assert [one.id for one in client.simulation_runs.list(simulation.id)] == [run.id]
    assert [str(one.event_type) for one in client.simulation_run_events.list(simulation.id, run.id)] == [past_due.value]
    assert client.simulations.get(simulation.id).last_run_at is not None


def test_only_a_destination_for_simulations_takes_them(client: Client, receiver: Receiver) -> None:
    made = made_destination(client, receiver.url)
    simulation = client.simulations.create(
        CreateSimulation(made.id, EventTypeName("subscription.past_due"), "Not to be sent")
    )
    with pytest.raises(ApiError):
        client.simulation_runs.create(simulation.id)

    renamed = client.simulations.update(simulation.id, UpdateSimulation(name="Renamed"))
    assert renamed.name == "Renamed"
    assert receiver.got == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/notification-settings", {}, "description"),
        (
            "/notification-settings",
            {"description": "", "destination": "", "type": "fax", "subscribed_events": []},
            "type",
        ),
        (
            "/notification-settings",
            {"description": "", "destination": "", "type": "email", "subscribed_events": ["no.event"]},
            "subscribed_events",
        ),
        ("/simulations", {"name": "", "type": "transaction.paid"}, "notification_setting_id"),
    ],
)
def test_what_is_wrong_is_named(client: Client, path: str, body: dict[str, object], field: str) -> None:
    with pytest.raises(ApiError) as refused:
        client.post_raw(path, body)
    assert [one.field for one in refused.value.field_errors] == [field]


def test_an_event_without_an_example_needs_a_payload(client: Client, receiver: Receiver) -> None:
    made = made_destination(client, receiver.url, "all")
    simulation = client.simulations.create(CreateSimulation(made.id, EventTypeName("report.created"), "A report"))
    with pytest.raises(ApiError) as refused:
        client.simulation_runs.create(simulation.id)
    assert [one.field for one in refused.value.field_errors] == ["payload"]
