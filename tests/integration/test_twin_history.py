"""The twin's history of a subscription: what is asked for wrongly, and what writes into it."""

import pytest
from aiohttp import ClientSession

from paddle_twin import Twin
from tests.integration.test_twin_api import declined, get


@pytest.mark.parametrize("moment", ["yesterday", "2026-07-04T12:00:00"])
async def test_a_history_since_no_moment_is_refused(http: ClientSession, twin: Twin, moment: str) -> None:
    _, subscription, _ = declined(twin)

    status, answer = await get(http, twin, f"/subscriptions/{subscription}/history?occurred_at[GTE]={moment}")

    assert (status, answer["error"]["code"]) == (400, "invalid_field")


async def test_a_bill_is_paid_from_where_the_control_says_or_charged_again(http: ClientSession, twin: Twin) -> None:
    _, subscription, bill = declined(twin)
    _, other, charged = declined(twin)

    for paid, source in ((bill, "retain"), (charged, None)):
        async with http.post(f"{twin.url}/_twin/transactions/{paid}/pay", json={"source": source}) as response:
            assert response.status == 200

    _, found = await get(http, twin, f"/subscriptions/{subscription}/history")
    _, none = await get(http, twin, f"/subscriptions/{other}/history")
    assert [entry["source"] for entry in found["data"]] == ["retain", "system"]
    assert [entry["detail"]["action"] for entry in none["data"]] == ["subscription_past_due"]
    methods = {one["payment_method_id"] for one in twin.world.transactions[charged]["payments"]}
    assert (len(methods), twin.world.transactions[charged]["status"]) == (1, "completed")
