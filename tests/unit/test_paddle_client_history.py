"""The history of a subscription: asked for as Paddle documents it, and of its entries what is used."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aioresponses import aioresponses
from paddle_billing.Entities.Subscriptions.History import SubscriptionHistoryAction
from paddle_billing.Resources.Shared.Operations import DateComparison, Pager
from paddle_billing.Resources.Shared.Operations.List.Comparator import Comparator
from paddle_billing.Resources.Subscriptions.Operations import ListSubscriptionHistory
from yarl import URL

from dunning.errors import OperatorMustActError, TransientError
from dunning.paddle.history import HistoryEntry
from dunning.paddle_api.client import CallRefusedError, PaddleClient
from dunning.paddle_api.grants import Grant
from tests.paddle_client import paddle_client
from tests.unit import paddle_bodies as bodies

API = "https://api.paddle.com"
SINCE = datetime(2026, 7, 4, 12, 0, 0, 987_654, tzinfo=UTC)
THEIRS = ListSubscriptionHistory(
    Pager(per_page=200),
    actions=[
        SubscriptionHistoryAction.SubscriptionPaymentMethodAdded,
        SubscriptionHistoryAction.SubscriptionPaymentMethodUpdated,
    ],
    occurred_at=DateComparison(SINCE, Comparator.GTE),
)
ASKED = str(
    URL(f"{API}/subscriptions/{bodies.SUBSCRIPTION}/history").with_query(
        # It asks for the oldest first, where Paddle itself begins with the newest.
        {name: str(value) for name, value in THEIRS.get_parameters().items() if name != "order_by"}
    )
)


async def next_grant() -> Grant:
    return Grant("grant-1")


@pytest.fixture
async def paddle() -> AsyncIterator[PaddleClient]:
    async with paddle_client(API) as client:
        yield client


def entry(**changes: object) -> dict[str, object]:
    """An entry as Paddle recorded it, of the official SDK's fixtures."""
    return {
        "id": "subhis_01k6w1f5n7w8x9y0z1a2b3c4e1",
        "group_id": "subhisgrp_01k6w1f5n7w8x9y0z1a2b3c4e1",
        "subscription_id": bodies.SUBSCRIPTION,
        "occurred_at": "2026-07-05T13:00:00.000000Z",
        "source": "checkout",
        "actor": {"type": "customer", "id": bodies.CUSTOMER},
        "reason": None,
        "detail": {"action": "subscription_payment_method_added"},
        **changes,
    }


async def test_changes_of_the_payment_method_are_asked_for_as_the_official_sdk_does(
    paddle_api: aioresponses, paddle: PaddleClient
) -> None:
    paddle_api.get(ASKED, payload=bodies.page(entry(), entry(source="something_new")))

    found = await paddle.changed_methods(bodies.SUBSCRIPTION, SINCE, next_grant)

    at = datetime(2026, 7, 5, 13, 0, tzinfo=UTC)
    action = "subscription_payment_method_added"
    assert found == [HistoryEntry(at, action, "checkout"), HistoryEntry(at, action, "something_new")]


@pytest.mark.parametrize(
    "broken", [{"occurred_at": None}, {"occurred_at": "2026-07-05"}, {"source": None}, {"detail": {}}, {"detail": None}]
)
async def test_an_entry_that_lacks_what_is_needed_is_left_out(
    paddle_api: aioresponses, paddle: PaddleClient, broken: dict[str, object]
) -> None:
    paddle_api.get(ASKED, payload=bodies.page(entry(**broken), entry()))

    assert len(await paddle.changed_methods(bodies.SUBSCRIPTION, SINCE, next_grant)) == 1


async def test_a_key_without_the_permission_and_an_unknown_subscription_are_told_apart(
    paddle_api: aioresponses, paddle: PaddleClient
) -> None:
    paddle_api.get(ASKED, status=403, payload={"error": {"code": "forbidden"}})
    paddle_api.get(ASKED, status=404, payload={"error": {"code": "not_found"}})
    paddle_api.get(ASKED, payload={"data": None})

    with pytest.raises(OperatorMustActError, match="needs the permissions subscription_history"):
        await paddle.changed_methods(bodies.SUBSCRIPTION, SINCE, next_grant)
    with pytest.raises(CallRefusedError, match="404 not_found"):
        await paddle.changed_methods(bodies.SUBSCRIPTION, SINCE, next_grant)
    with pytest.raises(TransientError, match="no list"):
        await paddle.changed_methods(bodies.SUBSCRIPTION, SINCE, next_grant)
