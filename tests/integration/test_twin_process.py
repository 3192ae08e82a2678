import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from paddle_twin import Twin


class Remote:
    """A twin in another process, as a test or a demo sees it."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def ask(self, method: str, path: str, **body: object) -> tuple[int, Any]:
        async with self._http.request(method, f"{self._url}/_twin{path}", json=body or None) as response:
            return response.status, await response.json()

    async def made(self, path: str, **body: object) -> str:
        status, answer = await self.ask("POST", path, **body)
        assert status == 200, answer
        return str(answer["id"])


@pytest.fixture
async def remote(twin: Twin) -> AsyncIterator[Remote]:
    async with ClientSession() as http:
        yield Remote(http, twin.url)


async def subscribed(remote: Remote) -> str:
    customer = await remote.made("/customers", name="Rosa Lume", email="rosa@lamplight.example", country="PT")
    return await remote.made("/subscriptions", customer_id=customer, price=2980, currency="JPY")


async def test_a_debt_is_made_retried_and_paid_from_another_process(twin: Twin, remote: Remote) -> None:
    subscription = await subscribed(remote)

    debt = await remote.made(
        f"/subscriptions/{subscription}/decline", code="expired_card", at="2026-03-02T10:00:00Z", settles=False
    )
    await remote.made(f"/transactions/{debt}/past-due")
    await remote.made(f"/transactions/{debt}/retry", code="declined")
    _, owed = await remote.ask("GET", f"/transactions/{debt}")
    await remote.made(f"/transactions/{debt}/pay")

    assert owed["status"] == "past_due"
    assert [payment["error_code"] for payment in owed["payments"]] == ["declined", "expired_card"]
    assert twin.world.transactions[debt]["status"] == "completed"


async def test_subscriptions_and_customers_are_changed_from_another_process(twin: Twin, remote: Remote) -> None:
    paused, canceled = await subscribed(remote), await subscribed(remote)
    customer = twin.world.subscriptions[paused]["customer_id"]

    await remote.made(f"/subscriptions/{paused}/schedule", action="pause")
    scheduled = twin.world.subscriptions[paused]["scheduled_change"]["action"]
    await remote.made(f"/subscriptions/{paused}/pause")
    await remote.made(f"/subscriptions/{canceled}/cancel")
    await remote.ask("PATCH", f"/customers/{customer}", status="archived")

    assert scheduled == "pause"
    assert twin.world.subscriptions[paused]["status"] == "paused"
    assert twin.world.subscriptions[canceled]["status"] == "canceled"
    assert twin.world.customers[customer]["status"] == "archived"
    assert twin.world.customers[customer]["name"] == "Rosa Lume"


async def test_events_are_sent_replayed_and_listed_from_another_process(remote: Remote) -> None:
    _, sent = await remote.ask("POST", "/events", event_type="api_key.revoked", data={"id": "apikey_1"})
    _, again = await remote.ask("POST", f"/events/{sent['event_id']}/replay")
    _, listed = await remote.ask("GET", "/notifications")

    assert sent["body"]["data"] == {"id": "apikey_1"}
    assert again["event_id"] == sent["event_id"]
    assert listed == [sent, again]


async def test_faults_are_planned_and_taken_back_and_calls_counted_from_another_process(
    twin: Twin, remote: Remote
) -> None:
    await remote.ask("POST", "/faults", route="GET /", what=503, times=5)
    await remote.ask("POST", "/faults", route="*", what="reset")

    async with ClientSession() as http, http.get(twin.url) as response:
        assert response.status == 503
    await remote.ask("DELETE", "/faults")
    async with ClientSession() as http, http.get(twin.url) as response:
        assert response.status == 403
    _, calls = await remote.ask("GET", "/calls")

    assert calls["counts"] == {"GET /": 2}
    assert [call["status"] for call in calls["calls"]] == [503, 403]


async def test_settings_are_changed_one_by_one_from_another_process(twin: Twin, remote: Remote) -> None:
    key = twin.api_key

    await remote.ask("PATCH", "/settings", webhook_url="http://127.0.0.1:1/", links_with_token=False)
    await remote.ask("PATCH", "/settings", webhook_secret="new", permissions=["transaction.read"])
    await remote.ask("PATCH", "/settings", portal_url="https://elsewhere.example")

    assert twin.notifications.url == "http://127.0.0.1:1/"
    assert twin.webhook_secret == "new"
    assert twin.api.permissions == {"transaction.read"}
    assert twin.links.portal_url == "https://elsewhere.example"
    assert twin.links.with_token is False
    assert twin.api_key == key


async def test_what_is_not_there_or_not_known_is_told(remote: Remote) -> None:
    assert (await remote.ask("POST", "/transactions/txn_x/pay"))[0] == 404
    assert (await remote.ask("POST", "/events/evt_x/replay"))[0] == 404
    assert (await remote.ask("POST", "/customers", email="rosa@lamplight.example", nane="Rosa"))[0] == 400


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_as_a_process_it_says_where_it_is_and_ends_when_told(ending: signal.Signals) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - one line is read from it, and nothing else runs meanwhile
        [sys.executable, "-m", "paddle_twin", "--api-key", "pdl_sdbx_apikey_x"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        async with ClientSession() as http, http.get(told["portal_login_url"]) as page:
            status = page.status
        process.send_signal(ending)
        assert process.wait(timeout=30) == 0

    assert status == 200
    assert told["url"].startswith("http://127.0.0.1:")
    assert told["api_key"] == "pdl_sdbx_apikey_x"
    assert told["webhook_secret"].startswith("pdl_ntfset_")


async def test_a_port_that_is_taken_ends_the_start_with_one_line(twin: Twin) -> None:
    port = twin.url.rpartition(":")[2]
    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "paddle_twin", "--port", port, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, error = await ended.communicate()

    assert (ended.returncode, out) == (1, b"")
    assert error.decode() == f"Error: Can't listen on port {port}: Address already in use.\n"
