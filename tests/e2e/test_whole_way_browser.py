"""The whole way as a customer goes it: from the mail to Paddle's page, in a real Chromium."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, expect

from dunning.rules.case import CaseState
from dunning.settings.load import LinkMint
from tests.e2e.chromium import needs_chromium, open_page
from tests.e2e.service import Service

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with open_page() as page:
        yield page


@pytest.mark.parametrize("mint", LinkMint)
async def test_from_the_mail_a_customer_comes_to_paddle_signed_in_and_pays(
    service: Service, page: Page, mint: LinkMint, tmp_path: Path
) -> None:
    asked, complaints = watch(page.context)
    case_id = await service.decline()
    (mail,) = await service.mails()

    await page.set_content(mail["html"])
    await page.screenshot(path=tmp_path / "1-mail.png", full_page=True)
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Pay €29.00").first.click()
    page = await opened.value
    if mint is LinkMint.CLICK:
        await expect(page.get_by_role("button", name="Pay now")).to_be_visible()
        await page.screenshot(path=tmp_path / "2-page.png", full_page=True)
        await page.get_by_role("button", name="Pay now").click()
    await expect(page.locator("html[data-page=update]")).to_be_visible()
    await expect(page.get_by_text("Signed in as zoe.1+lantern@customer.example")).to_be_visible()
    await page.screenshot(path=tmp_path / "3-portal.png", full_page=True)
    await page.get_by_role("button", name="Update payment method and pay").click()
    await expect(page.locator("html[data-page=paid]")).to_be_visible()
    ended = await service.case_ended(case_id)
    await page.goto(service.link_in(mail))
    await page.screenshot(path=tmp_path / "4-afterwards.png", full_page=True)

    nothing_left = "Nothing is left to pay" if mint is LinkMint.CLICK else "Nothing is due"
    await expect(page.get_by_text(nothing_left)).to_be_visible()
    await expect(page.locator("form")).to_have_count(0)
    assert ended.state is CaseState.RECOVERED
    assert asked <= {origin_of(service.stack.public_url), origin_of(service.stack.twin_url)}
    assert complaints == []


def watch(browser: BrowserContext) -> tuple[set[str], list[str]]:
    """Note which origins the browser asks, and what it complains about."""
    asked: set[str] = set()
    complaints: list[str] = []
    browser.on("request", lambda request: asked.add(origin_of(request.url)))
    browser.on("console", lambda message: complaints.append(message.text))
    browser.on("weberror", lambda error: complaints.append(str(error.error)))
    return asked, complaints


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
