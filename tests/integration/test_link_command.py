import asyncio
import re
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
from click.testing import CliRunner, Result

from cli.commands.link import link
from paddle_twin import Twin

UNKNOWN_CUSTOMER = "ctm_01jq3v9m5t8xw2c7h4k6n0p1rs"
UNKNOWN_SUBSCRIPTION = "sub_01jq3v9m5t8xw2c7h4k6n0p1rs"


async def run(twin: Twin, *arguments: str, api_key: str | None = None) -> Result:
    """Run the command beside the loop that the twin lives in."""
    environment = {"DUNNING_PADDLE_API_KEY": api_key or twin.api_key, "DUNNING_PADDLE_API_URL": twin.url}
    return await asyncio.to_thread(CliRunner().invoke, link, list(arguments), env=environment)


def links_in(text: str) -> list[str]:
    return re.findall(r"https?://\S+", text)


async def test_a_customers_links_are_printed_with_when_they_end(twin: Twin) -> None:
    customer = twin.world.add_customer(name="Rosa Lume", email="rosa@lamplight.example")
    subscription = twin.world.add_subscription(customer)
    twin.world.decline(subscription)

    result = await run(twin, customer)

    assert result.exit_code == 0, result.output
    assert f"{subscription}  past due" in result.stdout
    assert [re.sub(r"^.*action=(\w+).*$", r"\1", found) for found in links_in(result.stdout)] == [
        "overview",
        "update_subscription_payment_method",
        "cancel_subscription",
        "view_subscription",
    ]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert any(f"{at:%Y-%m-%d %H:%M} UTC" in result.stdout for at in (tomorrow, tomorrow - timedelta(minutes=1)))
    assert links_in(result.stderr) == []


async def test_every_link_leads_to_its_own_page_signed_in(twin: Twin) -> None:
    customer = twin.world.add_customer(name="Rosa Lume", email="rosa@lamplight.example")
    twin.world.decline(twin.world.add_subscription(customer))

    result = await run(twin, customer)

    async with ClientSession() as http:
        for found in links_in(result.stdout):
            async with http.get(found) as page:
                assert "Signed in as rosa@lamplight.example" in await page.text()


async def test_many_subscriptions_take_a_session_for_each_25_of_them(twin: Twin) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    subscriptions = [twin.world.add_subscription(customer) for _ in range(51)]

    result = await run(twin, customer)

    assert result.exit_code == 0, result.output
    assert all(f"{subscription}  active" in result.stdout for subscription in subscriptions)
    assert len(links_in(result.stdout)) == 1 + 3 * 51
    assert twin.counts["POST /customers/{id}/portal-sessions"] == 3


async def test_only_the_subscriptions_named_are_printed(twin: Twin) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    wanted, other = twin.world.add_subscription(customer), twin.world.add_subscription(customer)

    result = await run(twin, customer, "--subscription", wanted)

    assert wanted in result.stdout
    assert other not in result.stdout


async def test_a_customer_without_subscriptions_still_has_an_overview(twin: Twin) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")

    result = await run(twin, customer)

    assert result.exit_code == 0, result.output
    assert len(links_in(result.stdout)) == 1


async def refused(twin: Twin, *arguments: str, api_key: str | None = None) -> str:
    """Run the command and give its one line of complaint."""
    result = await run(twin, *arguments, api_key=api_key)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert links_in(result.stderr) == []
    return result.stderr


async def test_an_unknown_customer_is_told_with_where_was_looked(twin: Twin) -> None:
    for more in ([], ["--subscription", UNKNOWN_SUBSCRIPTION]):
        complaint = await refused(twin, UNKNOWN_CUSTOMER, *more)

        assert complaint == (
            f"Error: Paddle knows no customer {UNKNOWN_CUSTOMER} in the sandbox that the API key belongs to.\n"
        )


async def test_what_is_no_customers_id_is_told_without_asking_paddle(twin: Twin) -> None:
    result = await run(twin, "rosa@lamplight.example")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "ctm_" in result.stderr
    assert "rosa" not in result.stderr
    assert twin.calls == []


async def test_a_subscription_of_somebody_else_is_told(twin: Twin) -> None:
    customer = twin.world.add_customer(name=None, email="rosa@lamplight.example")
    other = twin.world.add_subscription(twin.world.add_customer(name=None, email="omar@lamplight.example"))

    assert await refused(twin, customer, "--subscription", other) == f"Error: {customer} has no subscription {other}.\n"


async def test_a_wrong_key_is_told_and_not_shown(twin: Twin) -> None:
    wrong = "pdl_sdbx_apikey_01jq3v5a1b2c3d4e5f6g7h8j9k_Nm4rTq8WzXc2VbYh6LpKd0_9sF"

    complaint = await refused(twin, UNKNOWN_CUSTOMER, api_key=wrong)

    assert "invalid_token" in complaint
    assert "API key" in complaint
    assert wrong not in complaint


async def test_a_key_that_may_not_make_sessions_is_told_which_permission_it_lacks(twin: Twin) -> None:
    twin.api.permissions.discard("customer_portal_session.write")

    complaint = await refused(twin, twin.world.add_customer(name=None, email="rosa@lamplight.example"))

    assert "customer_portal_session.write" in complaint


async def test_a_customer_refused_for_another_reason_is_told_as_paddle_says_it(twin: Twin) -> None:
    twin.fail_next("POST /customers/{id}/portal-sessions", 400)

    complaint = await refused(twin, twin.world.add_customer(name=None, email="rosa@lamplight.example"))

    assert "400 bad_request" in complaint


async def test_links_that_would_end_at_a_login_page_are_not_printed(twin: Twin) -> None:
    twin.links.with_token = False

    complaint = await refused(twin, twin.world.add_customer(name=None, email="rosa@lamplight.example"))

    assert "no token" in complaint
