from typing import Any

import pytest
from aioresponses import aioresponses
from structlog.testing import capture_logs
from yarl import URL

from dunning.errors import (
    DunningError,
    GrantRefusedError,
    PermanentError,
    TransientError,
)
from dunning.paddle.live import LiveSubscription
from dunning.paddle_api.grants import Grant
from tests.paddle_client import API_KEY, GRANT, RecordingLimiter, paddle_client
from tests.unit import paddle_bodies as bodies

API = "https://api.paddle.com"
TRANSACTIONS = f"{API}/transactions?id={bodies.TRANSACTION}&include=customer,address&per_page=30"
SUBSCRIPTIONS = f"{API}/subscriptions?id={bodies.SUBSCRIPTION}&per_page=200"
ALL_SUBSCRIPTIONS = f"{API}/subscriptions?customer_id={bodies.CUSTOMER}&per_page=200"
SECOND_PAGE = f"{API}/subscriptions?after={bodies.SUBSCRIPTION}&customer_id={bodies.CUSTOMER}&per_page=200"
SESSIONS = f"{API}/customers/{bodies.CUSTOMER}/portal-sessions"


def only_call(paddle_api: aioresponses) -> tuple[str, URL, dict[str, Any]]:
    (((method, url), (call,)),) = paddle_api.requests.items()
    return method, url, call.kwargs


async def all_subscriptions(limiter: RecordingLimiter) -> list[LiveSubscription]:
    async with paddle_client(API, limiter) as paddle:
        return [subscription async for subscription in paddle.customer_subscriptions(bodies.CUSTOMER)]


async def test_thirty_transactions_are_read_in_one_call_with_their_customers(paddle_api: aioresponses) -> None:
    wanted = [bodies.TRANSACTION, bodies.OTHER_TRANSACTION]
    url = f"{API}/transactions?id={','.join(wanted)}&include=customer,address&per_page=30"
    paddle_api.get(url, payload=bodies.page(*(bodies.transaction(id=wanted_id) for wanted_id in reversed(wanted))))

    async with paddle_client(API) as paddle:
        found = await paddle.read_transactions(wanted, GRANT)

    assert {transaction_id: transaction.balance for transaction_id, transaction in found.items()} == {
        bodies.TRANSACTION: 2400,
        bodies.OTHER_TRANSACTION: 2400,
    }


async def test_every_call_names_its_key_and_its_version_and_follows_no_redirect(paddle_api: aioresponses) -> None:
    paddle_api.get(TRANSACTIONS, payload=bodies.page())

    async with paddle_client(API) as paddle:
        await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    _, _, request = only_call(paddle_api)
    assert request["headers"]["Authorization"] == f"Bearer {API_KEY}"
    assert request["headers"]["Paddle-Version"] == "1"
    assert request["allow_redirects"] is False


@pytest.mark.parametrize("count", [0, 31])
async def test_only_1_to_30_entities_are_read_at_once(count: int) -> None:
    async with paddle_client(API) as paddle:
        with pytest.raises(ValueError, match="1 to 30"):
            await paddle.read_transactions([bodies.TRANSACTION] * count, GRANT)


async def test_what_paddle_does_not_know_is_left_out(paddle_api: aioresponses) -> None:
    paddle_api.get(TRANSACTIONS, payload=bodies.page())

    async with paddle_client(API) as paddle:
        assert await paddle.read_transactions([bodies.TRANSACTION], GRANT) == {}


async def test_a_malformed_entity_is_left_out_and_reported_by_its_id_alone(paddle_api: aioresponses) -> None:
    bad = bodies.transaction(id=bodies.OTHER_TRANSACTION, details={"totals": {"balance": bodies.EMAIL}})
    paddle_api.get(TRANSACTIONS, payload=bodies.page(bad, bodies.transaction()))

    with capture_logs() as logs:
        async with paddle_client(API) as paddle:
            found = await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    assert list(found) == [bodies.TRANSACTION]
    assert logs == [
        {
            "event": "paddle.answer.malformed",
            "log_level": "warning",
            "id": bodies.OTHER_TRANSACTION,
            "problem": "details.totals.balance int_parsing",
        }
    ]


async def test_subscriptions_are_read_in_one_call(paddle_api: aioresponses) -> None:
    paddle_api.get(SUBSCRIPTIONS, payload=bodies.page(bodies.subscription()))

    async with paddle_client(API) as paddle:
        found = await paddle.read_subscriptions([bodies.SUBSCRIPTION], GRANT)

    assert found[bodies.SUBSCRIPTION].status == "past_due"


async def test_all_pages_of_a_customers_subscriptions_are_read_each_with_its_own_grant(
    paddle_api: aioresponses,
) -> None:
    limiter = RecordingLimiter()
    paddle_api.get(ALL_SUBSCRIPTIONS, payload=bodies.page(bodies.subscription(), next_url=SECOND_PAGE))
    paddle_api.get(SECOND_PAGE, payload=bodies.page(bodies.subscription(id=bodies.OTHER_SUBSCRIPTION)))

    found = await all_subscriptions(limiter)

    assert [subscription.id for subscription in found] == [bodies.SUBSCRIPTION, bodies.OTHER_SUBSCRIPTION]
    assert limiter.asked == [(1, False), (1, False)]
    assert limiter.begun == limiter.ended == [Grant("asked-1"), Grant("asked-2")]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://api.paddle.dev/subscriptions?after=sub_x",
        "http://api.paddle.com/subscriptions?after=sub_x",
        "https://api.paddle.com:444/subscriptions?after=sub_x",
        "/subscriptions?after=sub_x",
        "https://[",
        "",
    ],
)
async def test_the_key_is_not_carried_to_a_next_page_on_another_host(paddle_api: aioresponses, elsewhere: str) -> None:
    body = bodies.page(bodies.subscription())
    body["meta"]["pagination"] |= {"has_more": True, "next": elsewhere}
    paddle_api.get(ALL_SUBSCRIPTIONS, payload=body)

    with pytest.raises(TransientError, match="not on the API's own host"):
        await all_subscriptions(RecordingLimiter())

    assert len(paddle_api.requests) == 1


async def test_pages_that_go_round_in_a_circle_are_not_read_for_ever(paddle_api: aioresponses) -> None:
    paddle_api.get(ALL_SUBSCRIPTIONS, payload=bodies.page(next_url=SECOND_PAGE))
    paddle_api.get(SECOND_PAGE, payload=bodies.page(next_url=ALL_SUBSCRIPTIONS))

    with pytest.raises(TransientError, match="lead back"):
        await all_subscriptions(RecordingLimiter())


async def test_without_room_for_a_page_paddle_is_not_asked(paddle_api: aioresponses) -> None:
    with pytest.raises(GrantRefusedError):
        await all_subscriptions(RecordingLimiter(has_room=False))

    assert not paddle_api.requests


async def test_a_portal_session_is_made_for_the_subscriptions_named(paddle_api: aioresponses) -> None:
    paddle_api.post(SESSIONS, status=201, payload=bodies.portal_session(bodies.SUBSCRIPTION))

    async with paddle_client(API) as paddle:
        session = await paddle.create_portal_session(bodies.CUSTOMER, [bodies.SUBSCRIPTION], GRANT)

    assert session.update_link(bodies.SUBSCRIPTION, {"https://customer-portal.paddle.com"}) == bodies.deep_link(
        "update_subscription_payment_method", bodies.SUBSCRIPTION
    )
    _, _, request = only_call(paddle_api)
    assert request["json"] == {"subscription_ids": [bodies.SUBSCRIPTION]}


async def test_a_portal_session_may_be_made_for_the_overview_alone(paddle_api: aioresponses) -> None:
    paddle_api.post(SESSIONS, status=201, payload=bodies.portal_session())

    async with paddle_client(API) as paddle:
        session = await paddle.create_portal_session(bodies.CUSTOMER, [], GRANT)

    assert session.subscriptions == ()
    _, _, request = only_call(paddle_api)
    assert request["json"] == {}


async def test_a_portal_session_takes_no_more_than_25_subscriptions() -> None:
    async with paddle_client(API) as paddle:
        with pytest.raises(ValueError, match="at most 25"):
            await paddle.create_portal_session(bodies.CUSTOMER, [bodies.SUBSCRIPTION] * 26, GRANT)


@pytest.mark.parametrize("customer_id", ["", "ctm_x", "../subscriptions", bodies.SUBSCRIPTION, bodies.EMAIL])
async def test_what_is_no_customers_id_never_becomes_part_of_a_path(paddle_api: aioresponses, customer_id: str) -> None:
    async with paddle_client(API) as paddle:
        with pytest.raises(PermanentError, match="ctm_") as caught:
            await paddle.create_portal_session(customer_id, [], GRANT)

    assert bodies.EMAIL not in str(caught.value)
    assert not paddle_api.requests


async def test_a_lapsed_grant_asks_nothing_of_paddle(paddle_api: aioresponses) -> None:
    limiter = RecordingLimiter(grants_last=False)

    async with paddle_client(API, limiter) as paddle:
        with pytest.raises(GrantRefusedError):
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    assert not paddle_api.requests
    assert limiter.ended == []


@pytest.mark.parametrize("status", [200, 403, 404, 429, 500])
async def test_a_grant_ends_however_the_call_went(paddle_api: aioresponses, status: int) -> None:
    limiter = RecordingLimiter()
    paddle_api.get(TRANSACTIONS, status=status, payload=bodies.page())

    async with paddle_client(API, limiter) as paddle:
        try:
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)
        except DunningError:
            assert status != 200

    assert limiter.begun == limiter.ended == [GRANT]
