"""`dunning cases show` with an email address: whose it is, Paddle is asked, and nothing of it is kept."""

import asyncio

from click.testing import CliRunner, Result

from cli.main import main
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.at_rest import redis_of
from tests.integration.cases_by_hand import put, rows

ADDRESS = "Ada.Lume@customer.example"


async def show(twin: Twin, redis_url: str, *arguments: str) -> Result:
    given = {
        "DUNNING_REDIS_URL": redis_url,
        "DUNNING_PADDLE_API_KEY": twin.api_key,
        "DUNNING_PADDLE_API_URL": twin.url,
    }
    return await asyncio.to_thread(CliRunner().invoke, main, ["cases", "show", *arguments], env=given)


async def test_an_address_leads_to_the_case_and_is_kept_nowhere(twin: Twin, redis_url: str, store: Store) -> None:
    customer = twin.world.add_customer(name="Ada", email=ADDRESS.lower())
    case = await put(store, customer_id=customer)

    result = await show(twin, redis_url, ADDRESS)

    assert result.stdout.startswith(f"{case.id}  open\n"), result.output
    assert twin.counts["GET /customers"] == 1
    redis = redis_of(store)
    kept = [await redis.dump(key) for key in await redis.keys("*")]
    assert not any(b"customer.example" in value for value in kept)
    assert "customer.example" not in result.output


async def test_a_customer_who_is_archived_is_found_too(twin: Twin, redis_url: str, store: Store) -> None:
    customer = twin.world.add_customer(name="Ada", email=ADDRESS)
    twin.world.update_customer(customer, status="archived")
    case = await put(store, customer_id=customer)

    assert (await show(twin, redis_url, ADDRESS)).stdout.startswith(case.id)


async def test_several_customers_of_one_address_are_listed_together(twin: Twin, redis_url: str, store: Store) -> None:
    customers = [twin.world.add_customer(name="Ada", email=ADDRESS) for _ in range(2)]
    cases = [await put(store, customer_id=customer) for customer in customers]

    result = await show(twin, redis_url, ADDRESS)

    assert {row[0] for row in rows(result)} == {case.id for case in cases}


async def test_an_address_that_paddle_does_not_know_is_told_without_it(twin: Twin, redis_url: str) -> None:
    result = await show(twin, redis_url, ADDRESS)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: Paddle knows no customer with this address in the sandbox of the API key.\n"


async def test_a_customer_without_a_case_is_told_by_the_id(twin: Twin, redis_url: str) -> None:
    customer = twin.world.add_customer(name="Ada", email=ADDRESS)

    result = await show(twin, redis_url, ADDRESS)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: No case of the customer {customer}: none is open")


async def test_what_paddle_refuses_is_one_line_without_the_address(twin: Twin, redis_url: str) -> None:
    twin.api.permissions.discard("customer.read")
    refused = await show(twin, redis_url, ADDRESS)
    twin.api.permissions.add("customer.read")
    twin.fail_next("GET /customers", 503)
    away = await show(twin, redis_url, ADDRESS)

    for result in (refused, away):
        assert (result.exit_code, result.stdout) == (1, "")
        assert len(result.stderr.splitlines()) == 1
        assert "customer.example" not in result.stderr
    assert "customer.read" in refused.stderr


async def test_an_address_needs_the_key_and_an_id_does_not(redis_url: str, store: Store) -> None:
    case = await put(store)

    def invoke(about: str) -> Result:
        return CliRunner().invoke(main, ["cases", "show", about], env={"DUNNING_REDIS_URL": redis_url})

    missing = await asyncio.to_thread(invoke, ADDRESS)

    assert missing.exit_code == 2
    assert "DUNNING_PADDLE_API_KEY" in missing.stderr
    assert (await asyncio.to_thread(invoke, case.id)).exit_code == 0
