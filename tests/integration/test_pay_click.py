import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis
from structlog.testing import capture_logs
from yarl import URL

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.words import in_a_line
from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case, CaseState
from dunning.rules.story import Entry
from dunning.settings.load import Settings
from dunning.store import Store, keys
from dunning.store.server.embedded import EmbeddedServer
from paddle_twin import Twin
from paddle_twin.faults import Fault
from tests.integration.debt_at_paddle import debt_at
from tests.integration.edge import LINK_SECRET, NOW, Edge, running, settings
from webhooks.deadlines import Deadlines
from webhooks.pay import MAY_WORK_LATER

SESSIONS = "POST /customers/{id}/portal-sessions"
(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")


@pytest.fixture
def of(redis_url: str, twin: Twin) -> Settings:
    return settings(
        redis_url,
        PADDLE_API_URL=twin.url,
        PADDLE_API_KEY=twin.api_key,
        PORTAL_LOGIN_URL=twin.portal_login_url,
    )


@pytest.fixture
async def edge(of: Settings) -> AsyncIterator[Edge]:
    async with running(of) as edge:
        yield edge


@pytest.fixture
async def case(twin: Twin, store: Store) -> Case:
    """A debt at Paddle, and our case of it."""
    case = debt_at(twin, CAMPAIGN)
    await store.campaigns.keep([CAMPAIGN])
    await store.cases.commit(case, 0, due_at=None, now=NOW, story=[Entry.prose("opened")])
    return case


def token_of(case: Case) -> str:
    return Links([LINK_SECRET]).sign(case.id, NOW + LINK_LIFETIME)


async def click(edge: Edge, case: Case, **options: object) -> tuple[int, str, str]:
    """Click, and give the status, where it leads, and what it says."""
    url = edge.url / "pay" / token_of(case)
    async with edge.http.post(url, allow_redirects=False, **options) as response:  # type: ignore[arg-type] # any option
        return response.status, response.headers.get("Location", ""), await response.text()


async def test_a_click_leads_signed_in_to_the_page_where_the_card_is_changed(
    edge: Edge, twin: Twin, case: Case, store: Store
) -> None:
    with capture_logs() as logs:
        status, location, body = await click(edge, case)

    assert status == 303
    assert body == ""
    async with ClientSession() as customer, customer.get(location) as portal:
        assert 'data-page="update"' in await portal.text()
    assert twin.counts == {"GET /transactions": 1, SESSIONS: 1}
    assert [in_a_line(line.entry) for line in await store.cases.story(case.id)] == ["opened", "clicked"]
    assert 'dunning_clicks_total{outcome="led_to_paddle"} 1.0' in await edge.metrics()
    assert "token" not in str(logs)
    assert "pga_" not in str(logs)


async def test_a_click_leaves_no_portal_token_in_redis(edge: Edge, case: Case, redis_url: str) -> None:
    _, location, _ = await click(edge, case)

    token = URL(location).query["token"]
    async with Redis.from_url(redis_url) as redis:
        for key in await redis.keys():
            dump = await redis.dump(key)
            assert dump is not None
            assert token.encode() not in dump
            assert b"pga_" not in dump


async def test_the_click_s_body_is_of_no_interest(edge: Edge, case: Case) -> None:
    for data in (b"", b"\xff" * 1000, b"subscription_id=sub_other", b"x" * 900_000):
        status, _, _ = await click(edge, case, data=data, headers={"Origin": "null", "Content-Type": "text/x"})
        assert status == 303


async def test_the_click_that_is_one_too_many_is_told_when_to_come_back(edge: Edge, twin: Twin, case: Case) -> None:
    for _ in range(5):
        assert (await click(edge, case))[0] == 303

    async with edge.http.post(edge.url / "pay" / token_of(case), allow_redirects=False) as response:
        page = await response.text()

    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert "Please try again later" in page
    assert response.headers["Cache-Control"] == "no-store"
    assert twin.counts[SESSIONS] == 5


async def test_refused_clicks_are_told_in_the_story_once_an_hour(edge: Edge, case: Case, store: Store) -> None:
    for _ in range(8):
        await click(edge, case)

    told = [in_a_line(line.entry) for line in await store.cases.story(case.id)]

    assert told.count("clicked") == 5
    assert told[-1:] == ["click_refused: too_many"]
    assert told.count("click_refused: too_many") == 1


async def test_clicks_on_a_case_that_has_ended_are_told_once_an_hour(edge: Edge, case: Case, store: Store) -> None:
    (read,) = await store.cases.read_versioned([case.id])
    await store.cases.commit(case.end(CaseState.STOPPED, "by_operator", NOW), read.revision, due_at=None, now=NOW)
    for _ in range(3):
        await click(edge, case)

    told = [in_a_line(line.entry) for line in await store.cases.story(case.id)]

    assert told[-1:] == ["click_refused: case_ended"]
    assert told.count("click_refused: case_ended") == 1


async def test_after_an_hour_the_link_works_again(of: Settings, case: Case) -> None:
    time = NOW

    def clock() -> datetime:
        return time

    async with running(of, clock=clock) as edge:
        before = [(await click(edge, case))[0] for _ in range(6)]
        time = NOW + timedelta(hours=1, seconds=1)
        after = (await click(edge, case))[0]

    assert before == [303, 303, 303, 303, 303, 429]
    assert after == 303


@dataclass(frozen=True)
class Failure:
    """What Paddle does wrong, and under which word we count it."""

    fault: Fault
    code: str | None
    reason: str


@pytest.mark.parametrize(
    "failure",
    [
        Failure(500, None, "paddle_unreachable"),
        Failure(503, None, "paddle_unreachable"),
        Failure(429, None, "paddle_unreachable"),
        Failure("reset", None, "paddle_unreachable"),
        Failure("not_json", None, "paddle_unreachable"),
        Failure("stall", None, "paddle_unreachable"),
        Failure(404, "not_found", "paddle_refused"),
        Failure(400, "bad_request", "paddle_refused"),
        Failure(403, "invalid_token", "paddle_key"),
        Failure(403, "forbidden", "paddle_permission"),
    ],
)
async def test_when_paddle_fails_the_click_offers_another_try_where_that_may_help_and_else_the_login_page(
    of: Settings, twin: Twin, case: Case, store: Store, failure: Failure
) -> None:
    twin.fail_next(SESSIONS, failure.fault, times=10, code=failure.code)

    async with running(of, deadlines=Deadlines(paddle=timedelta(seconds=0.5))) as edge:
        with capture_logs() as logs:
            status, location, page = await click(edge, case)
        metrics = await edge.metrics()

    if failure.reason in MAY_WORK_LATER:
        assert_is_away(status, page, twin)
    else:
        assert (status, location) == (303, twin.portal_login_url)
    story = [in_a_line(line.entry) for line in await store.cases.story(case.id)]
    assert story == ["opened", f"click_fell_back: {failure.reason}"]
    assert f'dunning_clicks_total{{outcome="{failure.reason}"}} 1.0' in metrics
    [fell_back] = [line for line in logs if line["event"] == "click.fell_back"]
    assert (fell_back["case_id"], fell_back["reason"]) == (case.id, failure.reason)


async def test_the_same_link_works_when_paddle_is_back(edge: Edge, twin: Twin, case: Case) -> None:
    twin.fail_next(SESSIONS, 500, times=1)

    first, second = await click(edge, case), await click(edge, case)

    assert_is_away(first[0], first[2], twin)
    assert "token=pga_" in second[1]


async def test_a_link_to_another_host_is_followed_by_nobody(edge: Edge, twin: Twin, case: Case) -> None:
    twin.links.portal_url = "https://customer-portal.paddle.com.evil.example"

    status, location, _ = await click(edge, case)

    assert (status, location) == (303, twin.portal_login_url)
    assert 'dunning_clicks_total{outcome="unsafe_link"} 1.0' in await edge.metrics()


async def test_a_link_without_a_token_is_no_better_than_the_login_page(edge: Edge, twin: Twin, case: Case) -> None:
    twin.links.with_token = False

    _, location, _ = await click(edge, case)

    assert location == twin.portal_login_url


async def test_with_the_api_budget_spent_the_click_offers_another_try(
    edge: Edge, twin: Twin, case: Case, store: Store
) -> None:
    await store.limiter.ask(200, background=False)

    status, _, page = await click(edge, case)

    assert_is_away(status, page, twin)
    assert not twin.counts
    assert 'dunning_clicks_total{outcome="no_grant"} 1.0' in await edge.metrics()


async def test_without_redis_the_click_offers_another_try(twin: Twin, case: Case) -> None:
    without = settings("redis://127.0.0.1:1/0", PORTAL_LOGIN_URL=twin.portal_login_url)

    async with running(without) as edge:
        status, _, page = await click(edge, case)
        metrics = await edge.metrics()

    assert_is_away(status, page, twin)
    assert 'dunning_clicks_total{outcome="redis_away"} 1.0' in metrics


async def test_a_redis_that_refuses_writes_costs_the_customer_only_the_sign_in(
    edge: Edge, twin: Twin, case: Case, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.config_set("maxmemory", "1")
        try:
            status, _, page = await click(edge, case)
        finally:
            await redis.config_set("maxmemory", "0")

    assert_is_away(status, page, twin)


async def test_an_api_budget_that_cannot_be_read_offers_another_try(
    edge: Edge, twin: Twin, case: Case, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.set(keys.API_LOG, "not what it should be")

    status, _, page = await click(edge, case)

    assert_is_away(status, page, twin)
    assert 'dunning_clicks_total{outcome="redis_away"} 1.0' in await edge.metrics()


async def test_a_redis_that_goes_away_during_the_click_stops_nobody(twin: Twin, case: Case) -> None:
    with EmbeddedServer(tcp=True) as server:

        async def stop_redis(_: web.Request) -> web.Response:
            await asyncio.to_thread(server.stop)
            session = twin.links.session(case.customer_id, [case.subscription_id])
            return web.json_response({"data": session, "meta": {"request_id": "1"}}, status=201)

        paddle = web.Application()
        paddle.add_routes([web.post("/customers/{id}/portal-sessions", stop_redis)])
        own = Store.open(server.url, rate_limit=200)
        await own.cases.commit(case, 0, due_at=None, now=NOW)
        await own.close()
        async with TestServer(paddle) as paddle_server:
            twin.links.portal_url = str(paddle_server.make_url("")).rstrip("/")
            of = settings(
                server.url,
                PADDLE_API_URL=str(paddle_server.make_url("")),
                PADDLE_API_KEY=twin.api_key,
                PORTAL_LOGIN_URL=twin.portal_login_url,
            )
            async with running(of) as edge:
                status, location, _ = await click(edge, case)

    assert status == 503 or "token=pga_" in location


@pytest.mark.parametrize("state", [CaseState.RECOVERED, CaseState.EXHAUSTED, CaseState.STOPPED])
async def test_a_click_on_an_ended_case_makes_no_session(
    edge: Edge, twin: Twin, case: Case, store: Store, state: CaseState
) -> None:
    await store.cases.commit(case.end(state, None, NOW), 1, due_at=None, now=NOW)

    status, location, page = await click(edge, case)

    assert (status, location) == (200, "")
    assert "<form" not in page
    assert ("Nothing is left to pay here" in page) is (state is CaseState.RECOVERED)
    assert not twin.counts


async def test_within_the_hour_after_a_click_the_page_asks_whether_it_is_paid(of: Settings, case: Case) -> None:
    time = NOW

    def clock() -> datetime:
        return time

    async def page_of(edge: Edge) -> str:
        async with edge.http.get(edge.url / "pay" / token_of(case)) as response:
            return await response.text()

    async with running(of, clock=clock) as edge:
        before = await page_of(edge)
        await click(edge, case)
        time = NOW + timedelta(minutes=59)
        within = await page_of(edge)
        time = NOW + timedelta(minutes=61)
        after = await page_of(edge)

    assert ["Have you just paid?" in page for page in (before, within, after)] == [False, True, False]
    assert all("<form" in page for page in (before, within, after))


def assert_is_away(status: int, page: str, twin: Twin) -> None:
    """The page says that it can't be done now, and offers another try and a way around."""
    assert status == 503
    assert "The payment page can&#39;t be reached now" in page
    assert page.count("<form") == 1
    assert twin.portal_login_url in page
