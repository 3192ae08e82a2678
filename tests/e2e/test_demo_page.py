"""The demo's page, as somebody meets it: in a real Chromium, on the real processes."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from cli.demo.page.live import Demo, running_demo
from cli.lab.stack import StackError
from tests.e2e.chromium import needs_chromium, open_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]

NEWEST_FIRST = ["final", "reminder-4", "reminder-3", "reminder-2", "reminder", "first"]
# Time runs two days a second, and rests at each step for people to see it.
WHOLE_CAMPAIGN_MS = 120_000
PATIENCE_MS = 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def demo() -> AsyncIterator[Demo]:
    async with running_demo(0) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, demo: Demo) -> AsyncIterator[Page]:
    async with await browser.new_page() as page:
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(demo.url)
        yield page


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).first.click()


async def drag_to(page: Page, day: int) -> None:
    """Move the slider, as the keyboard and the mouse do."""
    await page.locator("#slider").fill(str(day * 24 * 3600))


def mails(page: Page) -> Locator:
    return page.locator(".mails button")


def told(page: Page) -> Locator:
    """Find the titles of what has happened, in all cases."""
    return page.locator(".timeline > li:not(.coming) > .line > strong")


async def test_from_the_decline_to_the_recovery(demo: Demo, page: Page) -> None:
    asked, complaints = watch(page)

    await press(page, "Decline a renewal: Lantern Pro")
    await expect(told(page)).to_have_text(["Paddle sent 8 webhooks", "Case opened"])
    await press(page, "Next step")
    await expect(mails(page)).to_have_count(1)
    async with page.context.expect_page() as opened:
        await page.frame_locator("#html").get_by_role("link", name="Pay €29.00").first.click()
    shop = await opened.value
    await shop.get_by_role("button", name="Pay now").click()
    await shop.get_by_role("button", name="Update payment method and pay").click()

    await expect(page.locator(".case.recovered")).to_be_visible()
    await expect(told(page)).to_have_text(
        [
            "Paddle sent 8 webhooks",
            "Case opened",
            "Mail “first” sent",
            "Link clicked",
            "Paddle sent 5 webhooks",
            "Recovered",
        ]
    )
    await expect(page.locator(".timeline .webhooks .raw").last.locator("li")).to_have_text(
        [
            "payment_method.saved → 200",
            "transaction.updated → 200",
            "transaction.paid → 200",
            "subscription.updated → 200",
            "transaction.completed → 200",
        ]
    )
    await expect(page.locator(".coming")).to_have_count(0)
    await expect(page.locator("#world .pill").first).to_have_text("active")
    assert asked <= {origin_of(url) for url in (demo.url, demo.stack.public_url, demo.stack.twin_url)}
    assert complaints == []


async def test_the_slider_shows_all_six_mails_of_the_campaign_and_what_paddle_does_then(page: Page) -> None:
    await press(page, "Decline a renewal: Lantern Pro")
    await expect(told(page).last).to_have_text("Case opened")

    await drag_to(page, 31)

    await expect(page.locator(".case.stopped")).to_be_visible(timeout=WHOLE_CAMPAIGN_MS)
    await expect(mails(page).locator("code")).to_have_text(NEWEST_FIRST)
    await expect(told(page)).to_have_text(
        [
            "Paddle sent 8 webhooks",
            "Case opened",
            *(f"Mail “{step}” sent" for step in reversed(NEWEST_FIRST)),
            "Paddle sent 4 webhooks",
            "Stopped",
        ]
    )
    await expect(page.locator("#reader h3")).to_have_text("Last reminder to pay: Lantern Pro")
    await expect(page.locator("#elapsed")).to_have_text("31 days in")
    await expect(page.locator("#world .pill").first).to_have_text("canceled")


async def test_a_debt_that_is_paid_or_canceled_gets_no_further_mail(page: Page) -> None:
    await page.get_by_label("Reason").select_option("not enough balance")
    await press(page, "Decline a renewal: Lantern Team")
    await press(page, "Decline a renewal: Lantern Notes")
    await expect(page.locator(".case.open")).to_have_count(2)
    await press(page, "Pay: Lantern Team")
    await press(page, "Cancel: Lantern Notes")
    await expect(page.locator(".case.open")).to_have_count(0)

    await press(page, "+1 day")

    await expect(page.locator("#elapsed")).to_have_text("1 day in")
    await expect(page.locator(".case .pill")).to_have_text(["stopped", "recovered"])
    await expect(mails(page)).to_have_count(0)


async def test_a_mail_is_shown_as_text_and_with_its_headers(page: Page) -> None:
    await press(page, "Decline a renewal: Lantern Pro")
    await expect(told(page).last).to_have_text("Case opened")
    await press(page, "Next step")
    await expect(mails(page)).to_have_count(1)

    await page.get_by_role("tab", name="Text part").click()
    await expect(page.locator("#text")).to_contain_text("The payment for Lantern Pro didn't go through.")
    await expect(page.locator("#text a")).to_have_attribute("href", re.compile(r"^http://127\.0\.0\.1:\d+/pay/TXN_"))
    await page.get_by_role("tab", name="Headers").click()
    await expect(page.locator("#headers")).to_contain_text("auto-generated")


async def test_time_can_be_stopped_and_never_runs_back(page: Page) -> None:
    await press(page, "Decline a renewal: Lantern Pro")
    await expect(told(page).last).to_have_text("Case opened")
    await drag_to(page, 28)
    await expect(mails(page)).not_to_have_count(0)
    await press(page, "Stop")
    await expect(page.locator("#next")).to_have_text("Next step")
    shown = await page.locator("#date").inner_text()

    await drag_to(page, 0)

    assert await page.locator("#date").inner_text() == shown
    assert await mails(page).count() < len(NEWEST_FIRST)


async def test_with_nothing_due_the_page_says_so(page: Page) -> None:
    await press(page, "Next step")

    await expect(page.get_by_role("status")).to_have_text("Nothing is due: decline a renewal first.")


async def test_it_fits_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await press(page, "Decline a renewal: Lantern Pro")
    await press(page, "Next step")
    await expect(mails(page)).to_have_count(1)

    width = await page.evaluate("() => document.documentElement.scrollWidth")

    assert width == 390


async def test_a_part_that_ends_by_itself_ends_the_demo(demo: Demo) -> None:
    await demo.stack.parts["worker"].kill()

    with pytest.raises(StackError, match="worker ended"):
        await demo.until_a_part_ends()


def watch(page: Page) -> tuple[set[str], list[str]]:
    """Note which origins the browser asks, and what it complains about."""
    asked: set[str] = set()
    complaints: list[str] = []
    page.context.on("request", lambda request: asked.add(origin_of(request.url)))
    page.context.on("console", lambda message: complaints.append(message.text))
    page.context.on("weberror", lambda error: complaints.append(str(error.error)))
    return asked, complaints


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def test_a_month_is_played_and_the_screen_shows_it(browser: Browser) -> None:
    async with running_demo(0, screen=True, month=2) as demo, await browser.new_page() as page:
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{demo.url}/screen")
        await page.get_by_role("button", name="Sign in as demo").click()
        await page.goto(str(page.url).rstrip("/") + "/cases?state=every")

        rows = await page.locator("tbody tr").all_inner_texts()
        assert sorted(state for state in ("open", "recovered") for row in rows if f"\t{state}" in row) == [
            "recovered",
            "recovered",
        ]
        await page.locator("tbody a").last.click()
        assert "The link was clicked, and led to Paddle's payment page." in await page.locator(".story").inner_text()
        assert demo.time.clock() - datetime.now(UTC) > timedelta(days=29)
