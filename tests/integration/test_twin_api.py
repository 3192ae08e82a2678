import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from dunning.errors import OperatorMustActError, PermanentError, TransientError
from dunning.paddle_api.client import CallRefusedError, PaddleClient
from dunning.paddle_api.grants import Unlimited
from paddle_twin import Twin
from paddle_twin.faults import Fault
from tests.paddle_client import GRANT

PATIENCE = timedelta(seconds=10)


def client(
    http: ClientSession, twin: Twin, *, api_key: str | None = None, timeout: timedelta = PATIENCE
) -> PaddleClient:
    return PaddleClient(http, api_url=twin.url, api_key=api_key or twin.api_key, limiter=Unlimited(), timeout=timeout)


@pytest.fixture
def paddle(http: ClientSession, twin: Twin) -> PaddleClient:
    return client(http, twin)


def declined(twin: Twin) -> tuple[str, str, str]:
    customer = twin.world.add_customer(name="Rosa Lume", email="rosa@lamplight.example", country="PT", locale="pt")
    subscription = twin.world.add_subscription(customer, product="Lantern Team", price=990, currency="EUR")
    return customer, subscription, twin.world.decline(subscription, "expired_card")


async def get(http: ClientSession, twin: Twin, path: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {twin.api_key}"}
    async with http.get(f"{twin.url}{path}", headers=headers) as response:
        return response.status, await response.json()


async def test_our_client_reads_a_debt_with_its_customer(twin: Twin, paddle: PaddleClient) -> None:
    customer, subscription, transaction = declined(twin)

    found = (await paddle.read_transactions([transaction], GRANT))[transaction]

    assert (found.status, found.subscription_id, found.balance, found.currency_code) == (
        "past_due",
        subscription,
        990,
        "EUR",
    )
    assert found.product_names == ("Lantern Team",)
    assert found.failure is not None
    assert found.failure.card_last4 == "4242"
    assert [(attempt.status, attempt.code) for attempt in found.attempts] == [("error", "expired_card")]
    assert found.customer is not None
    assert (found.customer.id, found.customer.email) == (customer, "rosa@lamplight.example")
    assert (found.customer.name, found.customer.locale, found.customer.country_code) == ("Rosa Lume", "pt", "PT")


async def test_our_client_reads_all_pages_of_a_customers_subscriptions(twin: Twin, paddle: PaddleClient) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    other = twin.world.add_customer(name=None, email="omar@lamplight.example")
    twin.world.add_subscription(other)
    made = [twin.world.add_subscription(customer) for _ in range(201)]

    found = [subscription.id async for subscription in paddle.customer_subscriptions(customer)]

    assert found == made[::-1]
    assert twin.counts["GET /subscriptions"] == 2


async def test_transactions_come_thirty_a_page_however_many_are_asked_for(twin: Twin, http: ClientSession) -> None:
    subscription = twin.world.add_subscription(twin.world.add_customer(name=None, email="rosa@lamplight.example"))
    for _ in range(31):
        twin.world.decline(subscription)

    _, first = await get(http, twin, f"/transactions?subscription_id={subscription}&status=past_due&per_page=200")
    pagination = first["meta"]["pagination"]
    _, last = await get(http, twin, pagination["next"].removeprefix(twin.url))

    assert (len(first["data"]), pagination["per_page"], pagination["has_more"]) == (30, 30, True)
    assert pagination["estimated_total"] == 31
    assert (len(last["data"]), last["meta"]["pagination"]["has_more"]) == (1, False)
    assert last["meta"]["pagination"]["next"].startswith(f"{twin.url}/transactions?")


async def test_single_entities_are_found_by_their_ids(twin: Twin, http: ClientSession) -> None:
    customer, subscription, transaction = declined(twin)

    found = [
        await get(http, twin, path)
        for path in (
            f"/customers/{customer}",
            f"/subscriptions/{subscription}",
            f"/transactions/{transaction}?include=customer",
        )
    ]

    assert [(status, body["data"]["id"]) for status, body in found] == [
        (200, customer),
        (200, subscription),
        (200, transaction),
    ]
    assert found[2][1]["data"]["customer"]["id"] == customer
    assert "address" not in found[2][1]["data"]


async def test_a_subscription_comes_with_links_that_sign_in_unless_the_key_may_not_make_any(
    twin: Twin, http: ClientSession
) -> None:
    _, subscription, _ = declined(twin)

    _, signed_in = await get(http, twin, f"/subscriptions/{subscription}")
    twin.api.permissions.discard("customer_portal_session.write")
    _, bare = await get(http, twin, f"/subscriptions/{subscription}")

    assert "token=pga_" in signed_in["data"]["management_urls"]["cancel"]
    assert "token" not in bare["data"]["management_urls"]["update_payment_method"]


async def test_a_manually_collected_subscription_has_no_link_to_update_a_card(twin: Twin, http: ClientSession) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    subscription = twin.world.add_subscription(customer, collection_mode="manual")

    _, found = await get(http, twin, f"/subscriptions/{subscription}")

    assert found["data"]["management_urls"]["update_payment_method"] is None


async def test_the_root_tells_what_the_key_may_do_and_whose_it_is(twin: Twin, http: ClientSession) -> None:
    _, body = await get(http, twin, "/")

    assert body["data"]["api"]["environment"] == "sandbox"
    assert body["data"]["caller"]["account"]["id"].startswith("acc_")
    assert "transaction.read" in body["data"]["caller"]["permissions"]


async def test_transactions_are_found_by_subscriptions_and_by_how_they_are_collected(
    twin: Twin, http: ClientSession
) -> None:
    _, first, debt = declined(twin)
    _, second, other_debt = declined(twin)
    declined(twin)
    twin.world.pay(twin.world.decline(first))
    twin.world.transactions[twin.world.decline(second)]["origin"] = "subscription_charge"

    _, found = await get(
        http,
        twin,
        f"/transactions?subscription_id={first},{second}&status=past_due&origin=subscription_recurring"
        "&collection_mode=automatic&order_by=id[ASC]",
    )

    assert [transaction["id"] for transaction in found["data"]] == [debt, other_debt]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/transactions?id=txn_x", 400, "invalid_field"),
        ("/transactions?order_by=name[ASC]", 400, "invalid_field"),
        ("/transactions?include=everything", 400, "invalid_field"),
        ("/subscriptions?per_page=none", 400, "invalid_field"),
        ("/subscriptions?per_page=0", 400, "invalid_field"),
        ("/transactions/txn_01jq3vcx8a4b7d9e2f5g6h0j1k", 404, "not_found"),
        ("/nothing/here", 404, "invalid_url"),
    ],
)
async def test_a_wrong_question_is_answered_with_its_code(
    twin: Twin, http: ClientSession, path: str, status: int, code: str
) -> None:
    answered, body = await get(http, twin, path)

    assert (answered, body["error"]["code"]) == (status, code)
    assert body["meta"]["request_id"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "authentication_missing"),
        ({"Authorization": "Basic abc"}, "authentication_malformed"),
        ({"Authorization": "Bearer"}, "authentication_malformed"),
        ({"Authorization": "Bearer pdl_sdbx_apikey_wrong"}, "invalid_token"),
    ],
)
async def test_a_wrong_key_is_refused_with_403(
    twin: Twin, http: ClientSession, header: dict[str, str], code: str
) -> None:
    async with http.get(f"{twin.url}/subscriptions", headers=header) as response:
        assert response.status == 403
        assert (await response.json())["error"]["code"] == code


async def test_a_missing_permission_is_the_operators_to_give(twin: Twin, paddle: PaddleClient) -> None:
    _, _, transaction = declined(twin)
    twin.api.permissions.discard("address.read")

    with pytest.raises(OperatorMustActError) as caught:
        await paddle.read_transactions([transaction], GRANT)

    assert caught.value.hold == "paddle_permission"


async def test_a_revoked_key_is_the_operators_to_mend(twin: Twin, paddle: PaddleClient) -> None:
    _, _, transaction = declined(twin)
    twin.api.api_key = "pdl_sdbx_apikey_another"

    with pytest.raises(OperatorMustActError) as caught:
        await paddle.read_transactions([transaction], GRANT)

    assert caught.value.hold == "paddle_key"


async def test_a_portal_session_leads_to_the_twins_own_portal(twin: Twin, paddle: PaddleClient) -> None:
    customer, subscription, _ = declined(twin)

    session = await paddle.create_portal_session(customer, [subscription], GRANT)

    assert session.update_link(subscription, {twin.url}).startswith(f"{twin.url}/cpl_")
    assert session.links(subscription).view is not None
    assert session.expires_at - session.created_at < timedelta(hours=24, seconds=1)


async def test_a_portal_session_is_refused_for_strangers(twin: Twin, paddle: PaddleClient) -> None:
    customer, subscription, _ = declined(twin)
    _, foreign, _ = declined(twin)

    for subscriptions in ([foreign], [subscription, subscription]):
        with pytest.raises(PermanentError, match="invalid_field"):
            await paddle.create_portal_session(customer, subscriptions, GRANT)
    with pytest.raises(CallRefusedError) as caught:
        await paddle.create_portal_session("ctm_01jq3v9m5t8xw2c7h4k6n0p1rs", [], GRANT)

    assert (caught.value.status, caught.value.code) == (404, "not_found")


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"subscription_ids": 7}'])
async def test_a_portal_session_needs_a_body_that_can_be_read(twin: Twin, http: ClientSession, body: bytes) -> None:
    customer, _, _ = declined(twin)
    url = f"{twin.url}/customers/{customer}/portal-sessions"

    async with http.post(url, data=body, headers={"Authorization": f"Bearer {twin.api_key}"}) as response:
        assert response.status == 400


async def test_past_the_limit_an_address_is_shut_out_for_a_minute(http: ClientSession) -> None:
    async with Twin(rate_limit=2) as twin:
        answers = [await get(http, twin, "/subscriptions") for _ in range(4)]
        async with http.get(f"{twin.url}/", headers={"Authorization": f"Bearer {twin.api_key}"}) as refused:
            retry_after = refused.headers["Retry-After"]

    assert [status for status, _ in answers] == [200, 200, 429, 429]
    assert answers[3][1]["error"]["code"] == "too_many_requests"
    assert 50 < int(retry_after) <= 60
    assert [call.status for call in twin.calls] == [200, 200, 429, 429, 429]


@pytest.mark.parametrize("what", [500, 429, 503, "reset", "stall", "not_json"])
async def test_a_planned_fault_is_met_once_and_then_all_is_well(twin: Twin, http: ClientSession, what: Fault) -> None:
    _, _, transaction = declined(twin)
    paddle = client(http, twin, timeout=timedelta(seconds=0.3) if what == "stall" else PATIENCE)
    twin.fail_next("GET /transactions", what, retry_after="3")

    with pytest.raises(TransientError):
        await paddle.read_transactions([transaction], GRANT)

    assert transaction in await paddle.read_transactions([transaction], GRANT)


async def test_a_fault_for_any_route_meets_each_call_until_it_is_used_up(twin: Twin, http: ClientSession) -> None:
    twin.fail_next("*", 403, times=2, code="forbidden")

    statuses = [(await get(http, twin, path))[0] for path in ("/", "/subscriptions", "/")]

    assert statuses == [403, 403, 200]


async def test_a_fault_leaves_other_routes_alone(twin: Twin, http: ClientSession) -> None:
    twin.fail_next("GET /transactions", 500)

    assert (await get(http, twin, "/subscriptions"))[0] == 200


async def test_a_stalled_call_ends_when_the_twin_does(http: ClientSession) -> None:
    async with Twin() as twin:
        twin.fail_next("GET /", "stall")
        stalled = asyncio.create_task(get(http, twin, "/"))
        while not twin.calls:  # noqa: ASYNC110 - the twin notes calls, and wakes nobody
            await asyncio.sleep(0.005)

    with pytest.raises(ClientError):
        await stalled


async def test_customers_are_found_by_their_exact_address_and_archived_ones_only_if_asked_for(
    twin: Twin, http: ClientSession, paddle: PaddleClient
) -> None:
    active, archived = (twin.world.add_customer(name="Ada", email="ada@customer.example") for _ in range(2))
    twin.world.add_customer(name="Eve", email="eve@customer.example")
    twin.world.update_customer(archived, status="archived")

    async def listed(**query: str) -> set[str]:
        headers = {"Authorization": f"Bearer {twin.api_key}"}
        async with http.get(f"{twin.url}/customers", params=query, headers=headers) as response:
            assert response.status == 200
            return {one["id"] for one in (await response.json())["data"]}

    assert await listed(email="ada@customer.example") == {active}
    assert await listed(email="ada@customer.example", status="archived") == {archived}
    assert await listed(email="Ada@customer.example") == set()
    assert set(await paddle.customers_of("Ada@customer.example", GRANT)) == {active, archived}
