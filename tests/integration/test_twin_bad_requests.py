"""The twin refuses what makes no sense as Paddle does, and never with a traceback."""

from typing import Any

import pytest
from aiohttp import ClientSession

from paddle_twin import Twin

SETTING = {"description": "x", "destination": "http://127.0.0.1:9/", "type": "url", "subscribed_events": []}


async def ask(
    http: ClientSession, twin: Twin, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    sent = {"Authorization": f"Bearer {twin.api_key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    content = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with http.request(method, f"{twin.url}{path}", headers=sent, **content) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("field", ["type", "traffic_source", "description", "subscribed_events"])
@pytest.mark.parametrize("value", [["url"], {}, None, 1])
async def test_a_field_of_the_wrong_kind_is_refused(http: ClientSession, twin: Twin, field: str, value: object) -> None:
    status, body = await ask(http, twin, "POST", "/notification-settings", SETTING | {field: value})

    assert (status, body["error"]["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("destination", ["", "not an address", "//x", "ftp://x/", "http://a b/"])
async def test_a_destination_is_an_address_in_the_web(http: ClientSession, twin: Twin, destination: str) -> None:
    status, body = await ask(http, twin, "POST", "/notification-settings", SETTING | {"destination": destination})

    assert (status, body["error"]["errors"][0]["field"]) == (400, "destination")
    assert (await ask(http, twin, "GET", "/notification-settings"))[1]["data"] == []


@pytest.mark.parametrize("field", ["notification_setting_id", "name", "type", "payload"])
async def test_a_simulations_field_of_the_wrong_kind_is_refused(http: ClientSession, twin: Twin, field: str) -> None:
    _, made = await ask(http, twin, "POST", "/notification-settings", SETTING)
    right = {"notification_setting_id": made["data"]["id"], "name": "x", "type": "transaction.paid"}

    status, body = await ask(http, twin, "POST", "/simulations", right | {field: ["x"]})

    assert (status, body["error"]["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("wanted", [5, "sub", {"a": 1}, [1], [["a"]]])
async def test_subscription_ids_that_are_none_are_an_invalid_field(
    http: ClientSession, twin: Twin, wanted: object
) -> None:
    path = f"/customers/{twin.world.add_customer(name=None, email='ada@customer.example')}/portal-sessions"

    status, body = await ask(http, twin, "POST", path, {"subscription_ids": wanted})

    assert (status, body["error"]["code"]) == (400, "invalid_field")


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b"[]", b"not json"])
async def test_a_body_that_is_no_json_object_is_refused(http: ClientSession, twin: Twin, content: bytes) -> None:
    status, body = await ask(http, twin, "POST", "/notification-settings", content)

    assert (status, body["error"]["code"]) == (400, "invalid_json")


async def test_a_body_is_read_whatever_encoding_it_claims(http: ClientSession, twin: Twin) -> None:
    status, body = await ask(
        http, twin, "POST", "/notification-settings", b"{}", Content_Type="application/json; charset=nonsense"
    )

    assert (status, body["error"]["code"]) == (400, "invalid_field")


async def test_a_page_of_an_absurd_size_is_refused(http: ClientSession, twin: Twin) -> None:
    status, body = await ask(http, twin, "GET", f"/events?per_page={'9' * 5000}")

    assert (status, body["error"]["errors"][0]["field"]) == (400, "per_page")


async def test_a_fault_may_have_a_status_that_has_no_name(http: ClientSession, twin: Twin) -> None:
    twin.fail_next("*", 520)

    assert (await ask(http, twin, "GET", "/"))[0] == 520


async def test_an_interval_that_does_not_exist_is_not_a_missing_id(http: ClientSession, twin: Twin) -> None:
    customer_id = twin.world.add_customer(name=None, email="ada@customer.example")

    status, _ = await ask(
        http, twin, "POST", "/_twin/subscriptions", {"customer_id": customer_id, "interval": "fortnight"}
    )

    assert status == 400


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("DELETE", "/customers/ctm_x", (405, "method_not_allowed")),
        ("GET", "/customers/ctm_x/portal-sessions", (405, "method_not_allowed")),
        ("POST", "/", (405, "method_not_allowed")),
        ("PUT", "/notification-settings/ntfset_x", (405, "method_not_allowed")),
        ("GET", "/invoices", (404, "invalid_url")),
        ("GET", "/customers/ctm_x", (404, "not_found")),
    ],
)
async def test_a_wrong_method_is_told_from_a_wrong_path(
    http: ClientSession, twin: Twin, method: str, path: str, answer: tuple[int, str]
) -> None:
    status, body = await ask(http, twin, method, path)

    assert (status, body["error"]["code"]) == answer
