"""Mails as people see them, in a real Chromium: on a desk and on a phone, by day and by night."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from dunning.addresses.mailbox import Mailbox
from tests.integration.looks import CUT_OFF, WEAKEST_CONTRAST
from tests.unit.mails import TEMPLATES
from worker.letters.render import Renderer
from worker.letters.values import DebtFacts, MailFacts, Sum
from worker.mail.http_api import parts_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=360, height=780)
LINK = (
    "https://billing.acme.example/pay/txn_01hv8x5b1s2a3b4c5d6e7f8g9h.t8x1k2.3q2-_wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.untraced,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium here"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page that shares nothing with any other but the browser."""
    page = await browser.new_page()
    yield page
    await page.close()


def html(template: str, *, several: bool = False) -> str:
    facts = MailFacts(
        template=template,
        step="first",
        case_id="txn_1",
        customer_name="Eve Müller",
        recipient="eve@customer.example",
        locale="en",
        product_names=("Acme Professional Plus for Distributed Teams, yearly", "Priority support"),
        amount=120050,
        currency_code="EUR",
        card_last4="4242",
        reason="expired_card",
        link=LINK,
        ends_on=date(2026, 12, 22),
        method="card",
        card_brand="american_express",
        billed_on=date(2026, 11, 20),
        period=(date(2026, 11, 20), date(2026, 12, 20)),
        mails_sent=1,
        dated_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    if several:
        other = DebtFacts(
            product_names=("Acme Support",),
            amount=500,
            currency_code="USD",
            card_last4=None,
            reason="not_enough_balance",
            link=LINK.replace("8g9h", "0j1k"),
            ends_on=date(2027, 1, 5),
        )
        facts = replace(facts, further=(Sum(120050, "EUR"), Sum(120050, "EUR")), others=(other,))
    return parts_of(Renderer(None, Mailbox("Acme", "billing@acme.example"), None, None).render(facts))[1]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_nothing_is_cut_off_and_the_button_is_in_sight(page: Page, template: str, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    await page.set_content(html(template))

    button = await page.locator(".button a").bounding_box()

    assert button is not None
    assert button["y"] + button["height"] <= size["height"]
    assert button["height"] >= 44  # what a thumb needs
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_every_debt_has_its_button_and_nothing_is_cut_off(page: Page, template: str, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    await page.set_content(html(template, several=True))

    buttons = [await button.bounding_box() for button in await page.locator(".button a").all()]

    assert len(buttons) == 2
    assert all(button is not None and button["height"] >= 44 for button in buttons)
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_by_day_and_by_night(
    page: Page, scheme: Literal["light", "dark"], *, several: bool
) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_content(html("final_notice", several=several))

    weakest = await page.evaluate(WEAKEST_CONTRAST)

    assert weakest["ratio"] >= 4.5, weakest  # https://www.w3.org/TR/WCAG22/#contrast-minimum


async def test_a_mail_asks_nobody_for_anything(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.set_content(html("payment_failed"), wait_until="networkidle")

    assert asked == []
