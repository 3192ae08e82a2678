"""Customers who are held out get no mail, for none of their debts, and pay as others do."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.rules.hold_out import is_drawn
from dunning.store import Store
from tests.integration.cases_by_hand import Run, put
from tests.integration.house import AT_ONCE, House, house
from tests.integration.several_debts import BY_CURRENCY, decline, grants, served, subscriptions
from worker.send.batch import send_steps
from worker.services import WorkerServices

HALF = AT_ONCE.replace("\n\n", '\nhold_out = "50%"\n\n', 1)
HALF_OF_EUROS = BY_CURRENCY.replace("JPY", "EUR").replace("\n\n", '\nhold_out = "50%"\n\n', 1)
HELD_OUT = (DeliveryState.SKIPPED, "held_out")


@pytest.fixture
def run(redis_url: str) -> Run:
    """Give what runs a command beside the loop of the test."""

    async def invoke(*arguments: str) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url}
        return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=given)

    return invoke


async def drawn(home: House, *products: str, held_out: bool = True) -> list[str]:
    """Add customers until one is drawn, or not, and give their subscriptions."""
    key = await home.store.hold_out.key()
    while True:
        theirs = subscriptions(home, *products)
        if is_drawn(home.twin.world.subscriptions[theirs[0]]["customer_id"], 50, key) is held_out:
            return theirs


async def send(services: WorkerServices, *case_ids: str) -> None:
    await send_steps(services, case_ids, await grants(services))


async def ended(home: House, case_id: str) -> tuple[DeliveryState, str | None]:
    case = await home.case(case_id)
    assert case is not None
    return case.delivery("first").state, case.delivery("first").reason


async def test_who_is_held_out_gets_no_mail_and_paddle_is_not_asked(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=HALF, working=False) as home:
        maps, support = await drawn(home, "Lantern Maps", "Lantern Support")
        bills = [decline(home, maps, "expired_card"), decline(home, support, "expired_card")]
        (mailed,) = await drawn(home, "Lantern Maps", held_out=False)
        other = decline(home, mailed, "expired_card")
        async with served(home) as services:
            await send(services, *bills)
            assert [await ended(home, bill) for bill in bills] == [HELD_OUT, HELD_OUT]
            assert home.twin.counts.total() == 0
            await send(services, other)
        assert len(home.mailbox.mails) == 1
        assert "opened: hard (transaction.payment_failed" in await home.told(bills[0])
        assert "\nheld_out\nfirst skipped: held_out" in await home.told(bills[0])
        assert "held_out" not in await home.told(other)
        home.twin.world.pay(bills[0])
        async with served(home):
            assert (await home.case_ended(bills[0])).state is CaseState.RECOVERED


async def test_beside_a_debt_that_is_mailed_none_is_left_out(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=HALF_OF_EUROS, working=False) as home:
        key = await home.store.hold_out.key()
        while True:
            customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
            if is_drawn(customer, 50, key):
                break
        euros = home.twin.world.add_subscription(customer, product="Lantern Maps", currency="EUR")
        dollars = home.twin.world.add_subscription(customer, product="Lantern Support", currency="USD")
        held_out = decline(home, euros, "expired_card")
        async with served(home):
            case = await home.case(held_out)
            assert case is not None
            assert case.held_out
        mailed = decline(home, dollars, "expired_card")
        async with served(home) as services:
            await send(services, held_out, mailed)
        (mail,) = home.mailbox.mails
        assert "Lantern Maps" in mail.text
        assert "Lantern Support" in mail.text


async def test_the_draw_is_by_a_key_that_is_made_once(store: Store) -> None:
    key = await store.hold_out.key()

    assert len(key) == 32
    assert await store.hold_out.key() == key


@pytest.mark.parametrize("command", ["cases send-now", "resend"])
async def test_nothing_is_sent_by_hand_to_who_is_held_out(run: Run, store: Store, command: str) -> None:
    case = await put(store, held_out=True)

    result = await run(*command.split(), case.id)

    assert result.exit_code == 1
    assert f"Nothing is sent: case {case.id} is held out" in result.stderr
    assert f"dunning link {case.customer_id}" in result.stderr


async def test_beside_a_debt_that_is_mailed_it_may_be_sent_by_hand(run: Run, store: Store) -> None:
    case = await put(store, held_out=True)
    await put(store, customer_id=case.customer_id)

    assert (await run("cases", "send-now", case.id)).exit_code == 0


async def test_cases_that_are_held_out_are_listed_and_shown_as_such(run: Run, store: Store) -> None:
    held_out, mailed = await put(store, held_out=True), await put(store)

    listed = json.loads((await run("cases", "list", "--json")).stdout)["cases"]

    assert {one["id"]: one["held_out"] for one in listed} == {held_out.id: True, mailed.id: False}
    (only,) = json.loads((await run("cases", "list", "--held-out", "--json")).stdout)["cases"]
    assert only["id"] == held_out.id
    assert "held out      left unmailed" in (await run("cases", "show", held_out.id)).stdout
    assert "held out" not in (await run("cases", "show", mailed.id)).stdout
    none = await run("cases", "list", "--held-out", "--campaign", "annual")
    assert none.stdout.startswith("No open case that is held out of the campaign annual.")
