"""`/pay/stop/{token}`: the customer stops the reminders of one payment, and cancels nothing."""

from collections.abc import AsyncIterator

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.words import in_a_line
from dunning.links import LINK_LIFETIME, Links, Purpose
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.at_rest import later
from tests.integration.cases_by_hand import sent
from tests.integration.debt_at_paddle import debt_at
from tests.integration.edge import LINK_SECRET, NOW, Edge, running, settings

(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
LINKS = Links([LINK_SECRET])
OFFER = "Stop reminders for this payment"


@pytest.fixture
async def edge(redis_url: str, twin: Twin) -> AsyncIterator[Edge]:
    of = settings(
        redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
    )
    async with running(of) as edge:
        yield edge


@pytest.fixture
async def case(twin: Twin, store: Store) -> Case:
    """A case whose first reminder has gone out."""
    case = debt_at(twin, CAMPAIGN, deliveries={"first": sent(NOW), "reminder": sent(NOW)})
    await store.campaigns.keep([CAMPAIGN])
    await store.cases.commit(case, 0, due_at=later(days=7), now=NOW)
    return case


async def ask(edge: Edge, method: str, token: str, path: str = "pay/stop") -> tuple[int, str, str]:
    async with edge.http.request(method, f"{edge.url}/{path}/{token}", allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


def stop_token(case: Case) -> str:
    return LINKS.sign(case.id, NOW + LINK_LIFETIME, Purpose.STOP_REMINDERS)


def pay_token(case: Case) -> str:
    return LINKS.sign(case.id, NOW + LINK_LIFETIME)


async def read(store: Store, case: Case) -> Case:
    found = await store.cases.read(case.id)
    assert found is not None
    return found


async def test_looking_stops_nothing(edge: Edge, case: Case, store: Store) -> None:
    status, _, page = await ask(edge, "GET", stop_token(case))

    assert status == 200
    assert page.count("<form") == 1
    assert "This doesn&#39;t cancel or pay anything" in page
    assert await read(store, case) == case


async def test_the_button_ends_the_case_and_the_story_tells_it(edge: Edge, case: Case, store: Store) -> None:
    status, _, page = await ask(edge, "POST", stop_token(case))

    assert status == 200
    assert "<h1>Reminders stopped</h1>" in page
    ended = await read(store, case)
    assert (ended.state, ended.reason) == (CaseState.STOPPED, EndReason.OPTED_OUT)
    assert [in_a_line(line.entry) for line in await store.cases.story(case.id)] == ["stopped: opted_out"]
    assert "dunning_stopped_opted_out_total 1.0" in await edge.metrics()
    assert await store.due.when([case.id]) == [None]


async def test_asked_again_it_says_the_same(edge: Edge, case: Case) -> None:
    await ask(edge, "POST", stop_token(case))

    for method in ("GET", "POST"):
        status, _, page = await ask(edge, method, stop_token(case))
        assert status == 200
        assert "<h1>Reminders stopped</h1>" in page
        assert "<form" not in page


async def test_the_payment_link_goes_on_working(edge: Edge, case: Case, twin: Twin, store: Store) -> None:
    await ask(edge, "POST", stop_token(case))

    _, _, page = await ask(edge, "GET", pay_token(case), "pay")
    status, location, _ = await ask(edge, "POST", pay_token(case), "pay")

    assert "<form" in page
    assert OFFER not in page
    assert status == 303
    assert location.startswith(twin.url)
    twin.world.pay(case.id)
    assert "Nothing is left to pay here" in (await ask(edge, "POST", pay_token(case), "pay"))[2]
    assert (await read(store, case)).state is CaseState.RECOVERED


async def test_the_page_offers_it_from_the_first_reminder_on(edge: Edge, case: Case, store: Store) -> None:
    _, _, page = await ask(edge, "GET", pay_token(case), "pay")
    await store.cases.commit(
        case.model_copy(update={"deliveries": {"first": sent(NOW)}}), 1, due_at=later(days=3), now=NOW
    )
    _, _, earlier = await ask(edge, "GET", pay_token(case), "pay")

    assert OFFER in page
    assert stop_token(case) in page
    assert OFFER not in earlier


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_link_that_pays_stops_nothing_and_the_one_that_stops_pays_nothing(
    edge: Edge, case: Case, store: Store, method: str
) -> None:
    assert (await ask(edge, method, pay_token(case)))[0] == 404
    assert (await ask(edge, method, stop_token(case), "pay"))[0] == 404
    assert await read(store, case) == case


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_expired_link_says_so(edge: Edge, case: Case, store: Store, method: str) -> None:
    status, _, page = await ask(edge, method, LINKS.sign(case.id, NOW, Purpose.STOP_REMINDERS))

    assert status == 410
    assert "This link has expired" in page
    assert await read(store, case) == case


async def test_a_payment_that_is_made_is_told_as_paid(edge: Edge, case: Case, store: Store) -> None:
    await store.cases.commit(case.end(CaseState.RECOVERED, None, NOW), 1, due_at=None, now=NOW)

    for method in ("GET", "POST"):
        assert "Nothing is left to pay here" in (await ask(edge, method, stop_token(case)))[2]
    assert (await read(store, case)).state is CaseState.RECOVERED


async def test_an_answer_keeps_the_link_private(edge: Edge, case: Case) -> None:
    async with edge.http.get(f"{edge.url}/pay/stop/{stop_token(case)}") as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
    assert 'route="/pay/stop/{token}"' in await edge.metrics()


async def test_without_redis_it_says_that_it_is_our_fault_and_to_try_again() -> None:
    async with running(settings("redis://127.0.0.1:9/0")) as edge:
        token = LINKS.sign("txn_1", NOW + LINK_LIFETIME, Purpose.STOP_REMINDERS)

        status, _, page = await ask(edge, "POST", token)

    assert status == 503
    assert "Something went wrong on our side" in page
