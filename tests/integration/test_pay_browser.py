"""What only a browser can tell: whether the page's own policy lets its form and the redirect after it through."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, async_playwright

from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.edge import LINK_SECRET, NOW, running, settings

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true", reason=f"there is no browser at {CHROMIUM}"
    ),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def test_the_logo_is_shown_and_the_page_s_own_policy_lets_it_through(
    browser: Browser, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text('[brand]\nname = "Acme"\nlogo = "https://cdn.acme.example/logo.svg"\n')
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60"/></svg>'
    told: list[str | None] = []

    async def serve(route: Route) -> None:
        told.append(await route.request.header_value("referer"))
        await route.fulfill(body=drawn, content_type="image/svg+xml")

    async with running(settings(redis_url, CAMPAIGN_FILE=str(file))) as edge:
        page = await browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.route("https://cdn.acme.example/**", serve)
        await page.goto(f"{edge.url}/pay/unknown")
        width = await page.get_by_role("img", name="Acme").evaluate("async img => (await img.decode(), img.width)")

    assert width == 120
    assert told == [None]  # the address of this page opens a payment
    assert [one for one in complaints if "404" not in one] == []


async def test_the_button_leads_to_paddle_s_page_on_another_origin(
    browser: Browser, redis_url: str, store: Store
) -> None:
    async with Twin() as twin:
        of = settings(
            redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
        )
        customer_id = twin.world.add_customer(name="Ada Example", email="ada@example.com")
        subscription_id = twin.world.add_subscription(customer_id)
        case = Case(
            id=twin.world.decline(subscription_id, "expired_card"),
            subscription_id=subscription_id,
            customer_id=customer_id,
            campaign="renewal",
            decline_class=DeclineClass.HARD,
            failed_at=NOW,
            attempted_at=NOW,
        )
        await store.cases.commit(case, 0, due_at=None, now=NOW)
        async with running(of) as edge:
            page = await browser.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(f"{edge.url}/pay/{Links([LINK_SECRET]).sign(case.id, NOW + LINK_LIFETIME)}")
            background = await page.evaluate("getComputedStyle(document.querySelector('button')).backgroundColor")
            await page.get_by_role("button", name="Pay now").click()
            await page.wait_for_url(f"{twin.url}/**")
            landed_on = await page.locator("html").get_attribute("data-page")

    assert landed_on == "update"
    assert background == "rgb(42, 91, 215)"
    assert complaints == []
