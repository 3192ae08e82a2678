"""The lists that reconciling reads: asked for as Paddle documents them, page by page, with patience."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import TypeVar

import pytest
from aiohttp import ClientSession
from aioresponses import aioresponses
from paddle_billing.Entities.Events import EventTypeName
from paddle_billing.Entities.Shared import CollectionMode, TransactionStatus
from paddle_billing.Entities.Subscriptions import SubscriptionStatus
from paddle_billing.Resources.Events.Operations import ListEvents
from paddle_billing.Resources.Shared.Operations import Pager
from paddle_billing.Resources.Shared.Operations.List.OrderBy import OrderBy
from paddle_billing.Resources.Subscriptions.Operations import ListSubscriptions
from paddle_billing.Resources.Transactions.Operations import ListTransactions
from paddle_billing.Resources.Transactions.Operations.List.Origin import Origin
from yarl import URL

from dunning.errors import GrantRefusedError, TransientError
from dunning.paddle.events import USED
from dunning.paddle_api.client import CallRefusedError, PaddleClient
from dunning.paddle_api.grants import Grant, Limiter, Unlimited
from tests.paddle_client import API_KEY, RecordingLimiter
from tests.unit import paddle_bodies as bodies

API = "https://api.paddle.com"
PAST_DUE = f"{API}/subscriptions?status=past_due&collection_mode=automatic&per_page=200"
SECOND_PAGE = f"{PAST_DUE}&after={bodies.SUBSCRIPTION}"
EVENT = "evt_01jq3vcx8a4b7d9e2f5g6h0j1k"

Item = TypeVar("Item")


class NextGrant:
    """Gives grants, and counts them."""

    def __init__(self) -> None:
        self.given = 0

    async def __call__(self) -> Grant:
        self.given += 1
        return Grant(f"grant-{self.given}")


@pytest.fixture
def next_grant() -> NextGrant:
    return NextGrant()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def client(http: ClientSession, limiter: Limiter | None = None) -> PaddleClient:
    return PaddleClient(http, api_url=API, api_key=API_KEY, limiter=limiter or Unlimited(), pauses=[timedelta(0)] * 2)


@pytest.fixture
def paddle(http: ClientSession) -> PaddleClient:
    return client(http)


async def read(pages: AsyncIterator[Sequence[Item]]) -> list[list[Item]]:
    return [list(page) async for page in pages]


def asked(paddle_api: aioresponses) -> list[URL]:
    return [url for (_, url), calls in paddle_api.requests.items() for _ in calls]


def query(paddle_api: aioresponses) -> dict[str, str]:
    (url,) = asked(paddle_api)
    return dict(url.query)


async def test_past_due_subscriptions_are_asked_for_as_the_official_sdk_does(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    paddle_api.get(PAST_DUE, payload=bodies.page(bodies.subscription()))

    ((found,),) = await read(paddle.past_due_subscriptions(next_grant))

    assert found.id == bodies.SUBSCRIPTION
    theirs = ListSubscriptions(statuses=[SubscriptionStatus.PastDue], collection_mode=CollectionMode.Automatic)
    assert query(paddle_api) == {**theirs.get_parameters(), "per_page": "200"}


async def test_unpaid_renewals_are_asked_for_as_the_official_sdk_does_and_left_in_json(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    theirs = ListTransactions(
        subscription_ids=[bodies.SUBSCRIPTION, bodies.OTHER_SUBSCRIPTION],
        statuses=[TransactionStatus.PastDue],
        origins=[Origin.SubscriptionRecurring],
        collection_mode=CollectionMode.Automatic,
    )
    paddle_api.get(
        str(URL(f"{API}/transactions").with_query({**theirs.get_parameters(), "per_page": "30"})),
        payload=bodies.page(bodies.transaction()),
    )

    ((found,),) = await read(paddle.past_due_renewals([bodies.SUBSCRIPTION, bodies.OTHER_SUBSCRIPTION], next_grant))

    assert json.loads(found) == bodies.transaction()


@pytest.mark.parametrize("count", [0, 31])
async def test_renewals_of_1_to_30_subscriptions_are_read_at_once(
    paddle: PaddleClient, next_grant: NextGrant, count: int
) -> None:
    with pytest.raises(ValueError, match="1 to 30"):
        paddle.past_due_renewals([bodies.SUBSCRIPTION] * count, next_grant)


async def test_events_are_asked_for_as_the_official_sdk_does_and_left_in_json(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    theirs = ListEvents(
        Pager(after=EVENT, order_by=OrderBy("id", "ASC"), per_page=200),
        event_types=[EventTypeName(name) for name in sorted(USED)],
    ).get_parameters()
    expected = {name: str(value) for name, value in theirs.items()}
    paddle_api.get(str(URL(f"{API}/events").with_query(expected)), payload=bodies.page({"event_id": EVENT}))

    assert await read(paddle.events_after(EVENT, next_grant)) == [[b'{"event_id": "%s"}' % EVENT.encode()]]


@pytest.mark.parametrize("events", [[{"event_id": EVENT}], []])
async def test_the_newest_event_is_one_call_if_there_is_one(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant, events: list[object]
) -> None:
    paddle_api.get(f"{API}/events?order_by=id[DESC]&per_page=1", payload=bodies.page(*events, next_url=f"{API}/events"))

    newest = await paddle.newest_event(next_grant)

    assert (newest is not None and json.loads(newest)) == (events[0] if events else False)
    assert next_grant.given == 1


async def test_every_page_takes_a_grant_of_its_own(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    paddle_api.get(PAST_DUE, payload=bodies.page(bodies.subscription(), next_url=SECOND_PAGE))
    paddle_api.get(SECOND_PAGE, payload=bodies.page(bodies.subscription(id=bodies.OTHER_SUBSCRIPTION)))

    pages = await read(paddle.past_due_subscriptions(next_grant))

    assert [subscription.id for page in pages for subscription in page] == [
        bodies.SUBSCRIPTION,
        bodies.OTHER_SUBSCRIPTION,
    ]
    assert next_grant.given == 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_page_that_fails_in_passing_is_asked_for_again(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant, status: int
) -> None:
    for _ in range(2):
        paddle_api.get(PAST_DUE, status=status)
    paddle_api.get(PAST_DUE, payload=bodies.page(bodies.subscription()))

    ((found,),) = await read(paddle.past_due_subscriptions(next_grant))

    assert found.id == bodies.SUBSCRIPTION
    assert next_grant.given == 3


async def test_a_page_that_goes_on_failing_ends_the_list(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    paddle_api.get(PAST_DUE, status=500, repeat=True)

    with pytest.raises(TransientError, match="500"):
        await read(paddle.past_due_subscriptions(next_grant))

    assert next_grant.given == 3


async def test_a_call_that_is_refused_is_not_made_again(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    paddle_api.get(PAST_DUE, status=404)

    with pytest.raises(CallRefusedError):
        await read(paddle.past_due_subscriptions(next_grant))

    assert next_grant.given == 1


async def test_a_grant_that_lapsed_is_replaced(http: ClientSession, next_grant: NextGrant) -> None:
    with pytest.raises(GrantRefusedError):
        await read(client(http, RecordingLimiter(grants_last=False)).past_due_subscriptions(next_grant))

    assert next_grant.given == 3


async def test_transactions_are_read_again_with_patience(
    paddle_api: aioresponses, paddle: PaddleClient, next_grant: NextGrant
) -> None:
    url = f"{API}/transactions?id={bodies.TRANSACTION}&include=customer,address&per_page=30"
    paddle_api.get(url, status=500)
    paddle_api.get(url, payload=bodies.page(bodies.transaction()))

    found = await paddle.reread_transactions([bodies.TRANSACTION], next_grant)

    assert found[bodies.TRANSACTION].status == "past_due"
