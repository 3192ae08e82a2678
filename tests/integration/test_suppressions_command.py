"""`dunning suppressions`: an address is put on and taken off, and none is shown."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.store import Store
from dunning.suppression import address_key, address_keys
from tests.integration.at_rest import NOW
from tests.integration.edge import LINK_SECRET

Run = Callable[..., Awaitable[Result]]
ADDRESS = "Ada@Customer.example"


@pytest.fixture
def run(redis_url: str) -> Run:
    async def invoke(*arguments: str, secrets: str = LINK_SECRET) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url, "DUNNING_LINK_SECRETS": secrets}
        return await asyncio.to_thread(CliRunner().invoke, main, ["suppressions", *arguments], env=given)

    return invoke


async def test_one_that_bounced_is_mailed_again_once_it_is_removed(run: Run, store: Store) -> None:
    await store.suppressions.add(address_key("ada@customer.example", LINK_SECRET), "bounce", NOW)

    first, second = await run("remove", ADDRESS), await run("remove", ADDRESS)

    assert first.output == "The address is mailed again: steps that become due from now on are sent.\n"
    assert second.output == "Nothing to do: the address was not suppressed.\n"
    assert not await store.suppressions.has(address_keys(ADDRESS, [LINK_SECRET]))


async def test_one_that_was_suppressed_under_an_older_secret_is_removed_too(run: Run, store: Store) -> None:
    older = "an-older-secret-of-at-least-32-characters"
    await store.suppressions.add(address_key(ADDRESS, older), "complaint", NOW)

    await run("remove", ADDRESS, secrets=f"{LINK_SECRET},{older}")

    assert await store.suppressions.all() == []


async def test_one_that_is_added_gets_no_mail(run: Run, store: Store) -> None:
    first, second = await run("add", ADDRESS), await run("add", ADDRESS.lower())

    assert "gets no more mail" in first.output
    assert second.output == "Nothing to do: the address was suppressed already.\n"
    assert await store.suppressions.has(address_keys(ADDRESS, [LINK_SECRET]))


async def test_the_list_counts_by_reason_and_shows_nobody(run: Run, store: Store) -> None:
    for name, reason in (("a", "bounce"), ("b", "bounce"), ("c", "complaint")):
        await store.suppressions.add(address_key(f"{name}@customer.example", LINK_SECRET), reason, NOW)

    listed, as_json = await run("list"), await run("list", "--json")

    assert listed.output.splitlines() == [
        f"bounce: 2, the latest at {NOW:%Y-%m-%d %H:%M} UTC",
        f"complaint: 1, the latest at {NOW:%Y-%m-%d %H:%M} UTC",
    ]
    assert json.loads(as_json.output)["suppressed"][0] == {
        "reason": "bounce",
        "addresses": 2,
        "latest": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    }


async def test_an_empty_list_says_so(run: Run) -> None:
    assert (await run("list")).output == "No address is suppressed.\n"


@pytest.mark.parametrize("command", ["add", "remove"])
async def test_what_is_no_address_is_refused_and_not_repeated(run: Run, command: str) -> None:
    result = await run(command, "ada at customer")

    assert result.exit_code == 2
    assert "It is no email address" in result.output
    assert "ada at" not in result.output


@pytest.mark.parametrize("command", ["add", "remove"])
async def test_without_secrets_it_says_which_variable_is_missing(run: Run, command: str) -> None:
    result = await run(command, ADDRESS, secrets="")

    assert result.exit_code == 2
    assert "DUNNING_LINK_SECRETS" in result.output
