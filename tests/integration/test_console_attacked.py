"""Breaking into the private side: nobody gets in without a token that is good for what they ask."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.core.result import Ok

from console.api.openapi import document
from console.api.operations import OPERATIONS
from dunning.access_token import Scope, has_digest, make_token, token_id
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import settings

IDS = {
    "customer_id": f"ctm_{'0' * 26}",
    "transaction_id": f"txn_{'0' * 26}",
    "entity_id": f"sub_{'0' * 26}",
}
PATHS = [(one.method, one.path.format_map(IDS), one.scope) for one in OPERATIONS]

ATTACK = hypothesis_settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
async def console(redis_url: str) -> AsyncIterator[ConsoleSide]:
    async with running_console(settings(redis_url)) as side:
        yield side


@pytest.mark.parametrize(("method", "path", "scope"), PATHS)
async def test_nothing_is_told_or_done_without_a_token_for_it(
    console: ConsoleSide, method: str, path: str, scope: Scope
) -> None:
    good = await console.token(scope)
    others = await console.token(*(set(Scope) - {scope}))
    forged = f"dunning_{token_id(good)}_{'A' * 43}"

    refused = [
        await console.ask(method, path, token=token) for token in (None, "", forged, good[:-1], good + "A", others)
    ]

    assert [status for status, _, _ in refused] == [401, 401, 401, 401, 401, 403]
    assert all(headers["WWW-Authenticate"] == "Bearer" for _, _, headers in refused[:5])
    assert (await console.ask(method, path, token=good))[0] not in {401, 403}


async def test_a_revoked_token_opens_nothing(console: ConsoleSide, redis_url: str) -> None:
    token = await console.token(Scope.READ)
    store = Store.open(redis_url, rate_limit=1)
    before = await console.ask("GET", "/v1/cases", token=token)

    assert await store.tokens.revoke(str(token_id(token)))
    assert not await store.tokens.revoke(str(token_id(token)))
    after = await console.ask("GET", "/v1/cases", token=token)
    await store.close()

    assert (before[0], after[0]) == (200, 401)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"\xff", b'{"subscription_ids": "sub_1"}', b'{"a": 1}', b"[" * 9999]
)
async def test_a_body_that_is_not_as_described_is_refused(console: ConsoleSide, body: bytes) -> None:
    token = await console.token(Scope.LINKS)
    url = f"{console.url}/v1/customers/{IDS['customer_id']}/portal-links"

    async with console.http.post(url, data=body, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"


async def test_a_token_is_kept_as_a_hash(console: ConsoleSide, redis_url: str) -> None:
    token = await console.token(Scope.READ)
    store = Store.open(redis_url, rate_limit=1)
    (kept,) = await store.tokens.all()
    await store.close()

    assert token.rpartition("_")[2] not in repr(kept) + kept.digest
    assert has_digest(token, kept.digest)
    assert not has_digest(make_token().text, kept.digest)
    assert token_id("Bearer x") is None


def test_a_new_token_shows_nothing_in_a_repr() -> None:
    made = make_token()

    assert made.text not in repr(made)
    assert made.digest not in repr(made)


async def test_schemathesis_finds_nothing(redis_url: str) -> None:
    schema = schemathesis.openapi.from_dict(document())
    async with (
        Twin() as twin,
        running_console(
            settings(
                redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
            )
        ) as console,
    ):
        token = await console.token()

        def attack() -> None:
            for result in schema.get_all_operations():
                operation = cast("Ok[Any]", result).ok()

                @given(case=operation.as_strategy())
                @hypothesis_settings(
                    max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
                )
                def try_(case: schemathesis.Case[Any]) -> None:
                    case.call_and_validate(base_url=str(console.url), headers={"Authorization": f"Bearer {token}"})

                try_()

        await asyncio.to_thread(attack)
