"""Before a click leads on, Paddle is asked whether the debt stands: its webhook may be late."""

import pytest

from dunning.casebook.words import in_a_line
from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case, CaseState
from dunning.settings.load import Settings
from dunning.store import Store
from paddle_twin import Twin
from paddle_twin.faults import Fault
from tests.integration.edge import LINK_SECRET, NOW, Edge, running, settings
from tests.integration.test_pay_click import SESSIONS, case, click, edge, of

__all__ = ["case", "edge", "of"]  # fixtures

ASKED = "GET /transactions"
ENDS = ("Nothing is left to pay here", "You can&#39;t pay with this link anymore")


@pytest.fixture(autouse=True)
def silent(twin: Twin) -> None:
    """Let every webhook be late."""
    twin.notifications.url = None


async def closes(store: Store, case: Case, what: str) -> bool:
    """Whether what ends the case waits to be handled."""
    event = await store.inbox.read(f"reconciled_{case.id.removeprefix('txn_')}{NOW:%Y%m%d}{what}")
    return event is not None


async def told(edge: Edge, case: Case) -> str:
    """Return the words of the link's page, as a later visit finds them."""
    token = Links([LINK_SECRET]).sign(case.id, NOW + LINK_LIFETIME)
    async with edge.http.get(edge.url / "pay" / token) as response:
        page = await response.text()
    return next((one for one in ENDS if one in page), "Update")


async def test_a_paid_debt_gets_the_page_that_says_so_and_is_closed_there_and_then(
    edge: Edge, twin: Twin, case: Case, store: Store
) -> None:
    twin.world.pay(case.id)

    status, location, page = await click(edge, case)

    assert (status, location) == (200, "")
    assert "Nothing is left to pay here" in page
    assert "pga_" not in page
    assert twin.counts == {ASKED: 1}
    assert await closes(store, case, "paid")
    assert (await told(edge, case)) == "Nothing is left to pay here"  # by the link's next page, with no worker at hand
    read = await store.cases.read(case.id)
    assert read is not None
    assert read.state is CaseState.RECOVERED
    story = [in_a_line(line.entry) for line in await store.cases.story(case.id)]
    assert story[:2] == ["opened", f"recovered (transaction.paid reconciled_{case.id[4:]}{NOW:%Y%m%d}paid)"]
    assert story[-1] == "click_found: paid"
    metrics = await edge.metrics()
    assert 'dunning_clicks_total{outcome="already_paid"} 1.0' in metrics
    assert "dunning_api_grants 1.0" in metrics  # the call that was not needed is given back


async def test_a_debt_that_is_canceled_gets_neutral_words(edge: Edge, twin: Twin, case: Case, store: Store) -> None:
    twin.world.cancel(case.subscription_id)

    status, location, page = await click(edge, case)

    assert (status, location) == (200, "")
    assert "You can&#39;t pay with this link anymore" in page
    assert "left to pay" not in page
    assert await closes(store, case, "canceled")
    assert (await told(edge, case)) == "You can&#39;t pay with this link anymore"
    assert 'dunning_clicks_total{outcome="already_over"} 1.0' in await edge.metrics()


async def test_a_debt_that_stands_is_led_to_paddle_by_two_calls(edge: Edge, twin: Twin, case: Case) -> None:
    assert (await click(edge, case))[0] == 303
    assert twin.counts == {ASKED: 1, SESSIONS: 1}


async def test_a_payment_on_its_way_leads_to_paddle_all_the_same(edge: Edge, twin: Twin, case: Case) -> None:
    twin.world.attempt(case.id, "authorized")

    assert (await click(edge, case))[0] == 303


@pytest.mark.parametrize("fault", [500, 403, "reset", "not_json"])
async def test_where_paddle_does_not_answer_that_a_session_is_made_as_ever(
    edge: Edge, twin: Twin, case: Case, fault: Fault
) -> None:
    twin.fail_next(ASKED, fault)

    assert (await click(edge, case))[0] == 303
    assert twin.counts[SESSIONS] == 1


async def test_a_debt_that_paddle_does_not_know_leads_on_as_ever(edge: Edge, twin: Twin, case: Case) -> None:
    del twin.world.transactions[case.id]

    assert (await click(edge, case))[0] == 303


async def test_without_room_for_two_calls_a_session_is_made_unasked(redis_url: str, twin: Twin, case: Case) -> None:
    narrow = settings(
        redis_url,
        PADDLE_API_URL=twin.url,
        PADDLE_API_KEY=twin.api_key,
        PORTAL_LOGIN_URL=twin.portal_login_url,
        PADDLE_RATE_LIMIT="1",
    )
    twin.world.pay(case.id)

    async with running(narrow) as edge:
        assert (await click(edge, case))[0] == 303
    assert twin.counts == {SESSIONS: 1}


async def test_nobody_is_signed_in_as_somebody_else(edge: Edge, twin: Twin, case: Case, of: Settings) -> None:
    other = twin.world.add_customer(name="Eve", email="eve@customer.example")
    twin.world.transactions[case.id]["customer_id"] = other

    status, location, _ = await click(edge, case)

    assert (status, location) == (303, of.portal_login_url)
    assert twin.counts == {ASKED: 1}
    assert 'dunning_clicks_total{outcome="other_customer"} 1.0' in await edge.metrics()
