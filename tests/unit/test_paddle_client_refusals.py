import json
import logging

import pytest
from aioresponses import aioresponses
from structlog.testing import capture_logs

from dunning.errors import DunningError, OperatorMustActError, PermanentError, TransientError
from tests.paddle_client import API_KEY, GRANT, RecordingLimiter, paddle_client
from tests.unit import paddle_bodies as bodies

API = "https://api.paddle.com"
TRANSACTIONS = f"{API}/transactions?id={bodies.TRANSACTION}&include=customer,address&per_page=30"
SUBSCRIPTIONS = f"{API}/subscriptions?id={bodies.SUBSCRIPTION}&per_page=200"
SESSIONS = f"{API}/customers/{bodies.CUSTOMER}/portal-sessions"


async def test_a_key_without_the_permission_is_for_the_operator_who_is_told_which(paddle_api: aioresponses) -> None:
    paddle_api.post(SESSIONS, status=403, payload=bodies.error("forbidden"))

    async with paddle_client(API) as paddle:
        with pytest.raises(OperatorMustActError, match=r"customer_portal_session\.write") as caught:
            await paddle.create_portal_session(bodies.CUSTOMER, [], GRANT)

    assert caught.value.hold == "paddle_permission"
    assert bodies.REQUEST_ID in str(caught.value)


async def test_reading_transactions_needs_the_permissions_of_what_is_included(paddle_api: aioresponses) -> None:
    paddle_api.get(TRANSACTIONS, status=403, payload=bodies.error("forbidden"))

    async with paddle_client(API) as paddle:
        with pytest.raises(OperatorMustActError, match=r"transaction\.read, customer\.read, address\.read"):
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "authentication_missing"),
        (403, "authentication_malformed"),
        (403, "invalid_token"),
        (403, "paddle_billing_not_enabled"),
        (401, "invalid_access_token"),
    ],
)
async def test_a_refused_key_is_for_the_operator(paddle_api: aioresponses, status: int, code: str) -> None:
    paddle_api.get(TRANSACTIONS, status=status, payload=bodies.error(code))

    async with paddle_client(API) as paddle:
        with pytest.raises(OperatorMustActError, match=code) as caught:
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    assert caught.value.hold == "paddle_key"


async def test_a_403_that_does_not_say_why_holds_too(paddle_api: aioresponses) -> None:
    paddle_api.get(TRANSACTIONS, status=403, body="<h1>Forbidden</h1>", content_type="text/html")

    async with paddle_client(API) as paddle:
        with pytest.raises(OperatorMustActError, match="no error code") as caught:
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    assert caught.value.hold == "paddle_key"


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (400, "invalid_field"), (405, "method_not_allowed")])
async def test_a_refused_call_is_not_made_again(paddle_api: aioresponses, status: int, code: str) -> None:
    paddle_api.post(SESSIONS, status=status, payload=bodies.error(code))

    async with paddle_client(API) as paddle:
        with pytest.raises(PermanentError, match=rf"{status} {code} \(request {bodies.REQUEST_ID}\)"):
            await paddle.create_portal_session(bodies.CUSTOMER, [], GRANT)


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "internal_error"), (502, "bad_gateway"), (503, "service_unavailable"), (409, "concurrent_modification")],
)
async def test_trouble_on_paddles_side_may_pass(paddle_api: aioresponses, status: int, code: str) -> None:
    paddle_api.get(TRANSACTIONS, status=status, payload=bodies.error(code, type="api_error"))

    async with paddle_client(API) as paddle:
        with pytest.raises(TransientError, match=code):
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Mon, 02 Mar 2026 10:00:42 GMT"}, 42),
        ({"Retry-After": "Mon, 02 Mar 2026 09:00:00 GMT"}, 1),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "99999999999999"}, 60),
        ({"Retry-After": "9999999999"}, 3600),
        ({}, 60),
    ],
)
async def test_too_many_calls_hold_everybody_for_as_long_as_paddle_asks(
    paddle_api: aioresponses, header: dict[str, str], seconds: float
) -> None:
    limiter = RecordingLimiter()
    paddle_api.get(TRANSACTIONS, status=429, payload=bodies.error("too_many_requests"), headers=header)

    async with paddle_client(API, limiter) as paddle:
        with pytest.raises(TransientError) as caught:
            await paddle.read_transactions([bodies.TRANSACTION], GRANT)

    assert limiter.held_seconds == [seconds]
    assert caught.value.retry_after == seconds


FAILING_ANSWERS: list[tuple[int, str]] = [
    (200, json.dumps({"data": [bodies.portal_session(bodies.SUBSCRIPTION)["data"]], "meta": bodies.EMAIL})),
    (200, f"{bodies.TOKEN} {bodies.EMAIL} {bodies.NAME}"),
    (400, json.dumps(bodies.error(bodies.TOKEN, detail=bodies.NAME))),
    (403, json.dumps(bodies.error("forbidden", detail=bodies.TOKEN))),
    (403, json.dumps(bodies.error(API_KEY))),
    (404, json.dumps(bodies.error("not_found"))),
    (429, bodies.EMAIL),
    (500, f"{bodies.TOKEN} {bodies.EMAIL} {bodies.NAME}"),
]


@pytest.mark.parametrize(("status", "body"), FAILING_ANSWERS)
async def test_no_key_token_address_or_name_reaches_an_error_a_repr_or_a_log(
    paddle_api: aioresponses, caplog: pytest.LogCaptureFixture, status: int, body: str
) -> None:
    caplog.set_level(logging.DEBUG)
    paddle_api.get(TRANSACTIONS, status=status, body=body)
    paddle_api.post(SESSIONS, status=status, body=body)
    shown: list[str] = []

    with capture_logs() as logs:
        async with paddle_client(API) as paddle:
            shown.append(repr(paddle))
            for call in (
                paddle.read_transactions([bodies.TRANSACTION], GRANT),
                paddle.create_portal_session(bodies.CUSTOMER, [bodies.SUBSCRIPTION], GRANT),
            ):
                with pytest.raises(DunningError) as caught:
                    await call
                shown += [repr(caught.value), str(caught.value), repr(caught.value.__cause__)]
                shown.append(repr(caught.value.__context__) if not caught.value.__suppress_context__ else "")

    for secret in (API_KEY, "pga_", "http", bodies.EMAIL, bodies.NAME):
        assert secret not in " ".join(shown) + repr(logs) + caplog.text


async def test_what_is_read_shows_no_address_name_amount_or_link(paddle_api: aioresponses) -> None:
    paddle_api.get(TRANSACTIONS, payload=bodies.page(bodies.transaction()))
    paddle_api.get(SUBSCRIPTIONS, payload=bodies.page(bodies.subscription()))
    paddle_api.post(SESSIONS, payload=bodies.portal_session(bodies.SUBSCRIPTION))

    async with paddle_client(API) as paddle:
        shown = repr(
            (
                await paddle.read_transactions([bodies.TRANSACTION], GRANT),
                await paddle.read_subscriptions([bodies.SUBSCRIPTION], GRANT),
                await paddle.create_portal_session(bodies.CUSTOMER, [bodies.SUBSCRIPTION], GRANT),
            )
        )

    for private in ("pga_", "http", bodies.EMAIL, bodies.NAME, "2400", "4242", "Nordlys"):
        assert private not in shown
