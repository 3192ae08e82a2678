"""Whoever an operator excluded gets no mail for any case, open or to come, until that is taken back."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.casebook.words import in_a_line
from dunning.rules.delivery import DeliveryState
from dunning.store import Store
from tests.integration.cases_by_hand import put
from tests.integration.house import House, house
from tests.integration.several_debts import decline, grants, served, subscriptions
from worker.send.batch import send_steps
from worker.services import WorkerServices

Run = Callable[..., Awaitable[Result]]
NOBODY = "ctm_" + "0" * 26


@pytest.fixture
def run(redis_url: str) -> Run:
    """Run a command beside the loop of the test."""

    async def invoke(*arguments: str) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url}
        return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=given)

    return invoke


def now() -> datetime:
    return datetime.now(UTC)


async def send(services: WorkerServices, *case_ids: str) -> None:
    await send_steps(services, case_ids, await grants(services))


async def ended(home: House, case_id: str) -> tuple[DeliveryState, str | None]:
    case = await home.case(case_id)
    assert case is not None
    return case.delivery("first").state, case.delivery("first").reason


EXCLUDED = (DeliveryState.SKIPPED, "excluded")


@pytest.mark.parametrize("who", ["customer", "subscription"])
async def test_an_excluded_ones_step_is_skipped_before_paddle_is_asked(
    redis_url: str, tmp_path: Path, who: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        customer = home.twin.world.subscriptions[subscription]["customer_id"]
        await home.store.exclusions.exclude(customer if who == "customer" else subscription, now())
        bill = decline(home, subscription, "expired_card")
        async with served(home) as services:
            await send(services, bill)
        assert await ended(home, bill) == EXCLUDED
        assert home.mailbox.mails == []
        assert home.twin.counts.total() == 0
        assert "first skipped: excluded" in await home.told(bill)


async def test_an_excluded_subscription_is_not_named_in_the_mail_of_another(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        owed, excluded = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        await home.store.exclusions.exclude(support, now())
        async with served(home) as services:
            await send(services, owed)
        (mail,) = home.mailbox.mails
        assert "Support" not in mail.text
        assert (await ended(home, excluded))[0] is DeliveryState.PLANNED


async def test_who_is_excluded_just_before_data_is_not_mailed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        bill = decline(home, subscription, "expired_card")

        async def meanwhile(services: WorkerServices) -> None:
            await services.store.exclusions.exclude(subscription, now())

        async with served(home, meanwhile) as services:
            await send(services, bill)
            assert await ended(home, bill) == (DeliveryState.PLANNED, "excluded")
            await send(services, bill)
        assert await ended(home, bill) == EXCLUDED
        assert home.mailbox.mails == []


async def test_once_included_again_the_next_step_goes_out(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        bill = decline(home, subscription, "expired_card")
        await home.store.exclusions.exclude(subscription, now())
        await home.store.exclusions.include(subscription)
        async with served(home) as services:
            await send(services, bill)
        assert len(home.mailbox.mails) == 1


async def test_excluding_says_what_is_so_and_tells_it_in_the_story(run: Run, store: Store) -> None:
    case = await put(store)

    result = await run("exclude", case.customer_id, "--by", "ada")

    assert (result.exit_code, result.stderr) == (0, "")
    assert f"No email goes out to this customer until `dunning include {case.customer_id}`" in result.stdout
    assert case.id in result.stdout
    assert [in_a_line(line.entry) for line in await store.cases.story(case.id)][
        -1
    ] == f"excluded: {case.customer_id} by_operator ada"
    shown = await run("cases", "show", case.id)
    assert f"excluded      {case.customer_id} since" in shown.stdout
    assert "excluded" in (await run("cases", "list")).stdout
    (listed,) = json.loads((await run("cases", "list", "--json")).stdout)["cases"]
    assert listed["excluded"] is True
    (told,) = json.loads((await run("cases", "show", case.id, "--json")).stdout)["excluded"]
    assert told["id"] == case.customer_id


async def test_including_takes_it_back_and_tells_it(run: Run, store: Store) -> None:
    case = await put(store)
    await run("exclude", case.subscription_id)

    result = await run("include", case.subscription_id, "--by", " eve ")

    assert result.stdout.startswith(f"{case.subscription_id} is no longer excluded")
    assert case.id in result.stdout
    assert await store.exclusions.all() == []
    last = (await store.cases.story(case.id))[-1]
    assert in_a_line(last.entry) == f"included: {case.subscription_id} by_operator eve"
    assert "excluded      " not in (await run("cases", "show", case.id)).stdout


async def test_nothing_is_sent_now_to_an_excluded_one(run: Run, store: Store) -> None:
    case = await put(store)
    await run("exclude", case.customer_id)

    result = await run("cases", "send-now", case.id)

    assert result.exit_code == 1
    assert (
        f"Nothing is sent: {case.customer_id} is excluded. First: dunning include {case.customer_id}" in result.stderr
    )


async def test_doing_it_twice_is_nothing_to_do(run: Run, store: Store) -> None:
    case = await put(store)
    await run("exclude", case.customer_id)

    again = await run("exclude", case.customer_id)

    assert again.exit_code == 0
    assert again.stdout.startswith(f"Nothing to do: {case.customer_id} was excluded already, since ")
    assert len([line for line in await store.cases.story(case.id) if in_a_line(line.entry).startswith("excluded")]) == 1
    assert (await run("include", NOBODY)).stdout == f"Nothing to do: {NOBODY} was not excluded.\n"


async def test_those_who_are_excluded_are_listed(run: Run) -> None:
    assert (await run("exclude")).stdout == "Nobody is excluded.\n"

    await run("exclude", NOBODY)

    line = (await run("exclude")).stdout
    assert line.startswith(f"{NOBODY}  since 20")
    assert line.endswith(f" UTC, by {getpass.getuser()}\n")
    (listed,) = json.loads((await run("exclude", "--json")).stdout)["excluded"]
    assert listed["id"] == NOBODY
    (excluded,) = json.loads((await run("exclude", NOBODY, "--json")).stdout)["excluded"]
    assert excluded == listed


@pytest.mark.parametrize("command", ["exclude", "include"])
@pytest.mark.parametrize("who", ["eve@customer.example", "txn_" + "0" * 26, "ctm_short", "sub_" + "A" * 26])
async def test_what_is_no_id_is_a_usage_error_that_says_what_it_should_be(run: Run, command: str, who: str) -> None:
    result = await run(command, who)

    assert result.exit_code == 2
    assert who not in result.stderr
    assert "sub_" in result.stderr or "ctm_" in result.stderr
