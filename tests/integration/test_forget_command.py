"""`dunning forget`: all that is stored of a customer is deleted, and a late webhook opens nothing."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import main
from dunning.store import Store
from tests.integration.at_rest import everything_told, paddle_id, redis_of
from tests.integration.cases_by_hand import put
from tests.integration.edge import LINK_SECRET
from tests.integration.house import House, house
from tests.until import until


async def forget(redis_url: str, *arguments: str, answer: str | None = None) -> Result:
    given = {"DUNNING_REDIS_URL": redis_url, "DUNNING_LINK_SECRETS": LINK_SECRET}
    return await asyncio.to_thread(CliRunner().invoke, main, ["forget", *arguments], env=given, input=answer)


async def handled(home: House) -> bool:
    return int(await redis_of(home.store).zcard("dunning:inbox")) == 0


async def test_after_a_customer_is_forgotten_a_late_webhook_opens_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        subscription = home.add_subscription()
        bill = home.twin.world.decline(subscription)
        await home.delivery_ended(bill)
        customer = home.twin.world.subscriptions[subscription]["customer_id"]
        for event in home.twin.sent:
            await redis_of(home.store).delete(f"dunning:event:{event.event_id}")

        result = await forget(redis_url, customer, "--yes")
        failure = next(sent for sent in home.twin.sent if sent.event_type == "transaction.payment_failed")
        home.twin.replay(failure.event_id)
        await home.twin.notifications.settled()
        await until(lambda: handled(home))

        assert result.stdout == "Deleted: 1 cases.\nFor 90 days no event opens a case of this customer.\n"
        assert await home.case(bill) is None
        held = await everything_told(redis_of(home.store))
        assert not any(one in held for one in (bill, customer, subscription))


async def test_it_is_asked_before_anything_is_deleted(redis_url: str, store: Store) -> None:
    case = await put(store)

    no = await forget(redis_url, case.customer_id, answer="n\n")
    still_there = await store.cases.read(case.id)
    yes = await forget(redis_url, case.customer_id, answer="y\n")

    assert (no.exit_code, still_there is not None) == (1, True)
    assert "Deleted: 1 cases." in yes.stdout
    assert await store.cases.read(case.id) is None


async def test_the_document_counts_what_was_deleted(redis_url: str, store: Store) -> None:
    case = await put(store)

    result = await forget(redis_url, case.customer_id, "--yes", "--json")

    assert json.loads(result.stdout) == {
        "forgotten": case.customer_id,
        "cases": 1,
        "events": 0,
        "queued_batches": 0,
        "other_entries": 0,
    }
    assert (await forget(redis_url, case.customer_id, "--yes")).stdout.startswith("Nothing was stored.\n")
    assert (await forget(redis_url, case.customer_id, "--json")).exit_code == 2
    assert (await forget(redis_url, paddle_id("sub"), "--yes")).exit_code == 2
