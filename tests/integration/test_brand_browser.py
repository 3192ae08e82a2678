"""Mails and pages of brands in a real Chromium: whatever colour a seller has, by day and by night."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, ViewportSize, async_playwright

from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand, Brands
from dunning.language.own import Languages
from tests.integration.looks import ALT_CONTRAST, EDGE_CONTRAST, WEAKEST_CONTRAST
from tests.unit.mails import facts, html_of
from webhooks.looks import looks_of
from webhooks.pages import Page as Shown
from webhooks.pages import Pages
from worker.letters.render import Renderer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60"/></svg>'
BRAND = Brand(
    name="Acme",
    logo="https://acme.example/logo.svg",
    website="https://acme.example",
    support="https://acme.example/help",
    address="Acme Ltd\n1 High Street, London",
    sign_offs={"": "Ana from Acme"},
    statement_descriptor="PADDLE.NET* ACME",
)
BRANDS = {
    "none": Brand(),
    "pale yellow": replace(BRAND, colour="#fff3b0"),
    "navy": replace(BRAND, colour="#0b1f4b"),
    "mid grey": replace(BRAND, colour="#7f7f7f"),
}
RENDERER = Renderer(None, Mailbox("Acme, Inc.", "billing@acme.example"), None, None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium here"),
]
each_brand = pytest.mark.parametrize("brand", BRANDS.values(), ids=BRANDS)
each_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])
Scheme = Literal["light", "dark"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a small phone's page, to which the logo is served."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=LOGO, content_type="image/svg+xml")

    page = await browser.new_page(viewport=ViewportSize(width=320, height=640))
    await page.route("https://acme.example/**", serve)
    yield page
    await page.close()


def html(brand: Brand, template: str = "final_notice") -> str:
    product_names = ("Acme Professional Plus for Distributed Teams, yearly", "Priority support")
    said = replace(facts(template), brand=brand, product_names=product_names, ends_on=date(2026, 12, 22))
    return html_of(RENDERER.render(said))


@each_brand
@each_scheme
async def test_every_text_and_the_button_stand_out(page: Page, brand: Brand, scheme: Scheme) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_content(html(brand), wait_until="networkidle")

    weakest = await page.evaluate(WEAKEST_CONTRAST)
    edge = await page.locator("td:has(> a)", has_text=re.compile("^Pay ")).evaluate(EDGE_CONTRAST)

    assert weakest["ratio"] >= 4.5, weakest  # https://www.w3.org/TR/WCAG22/#contrast-minimum
    assert edge >= 3  # https://www.w3.org/TR/WCAG22/#non-text-contrast


def of_pages(brand: Brand, which: Shown = Shown.PAY) -> str:
    looks = looks_of(
        Brands(brand),
        mail_from=Mailbox("Acme, Inc.", "billing@acme.example"),
        reply_to=None,
        login_url="https://customer-portal.paddle.com/login/cpl_1",
        portal_origins=(),
    )
    return str(Pages(Languages(None), looks).answer(which, "en", stop_link="https://pay.example/pay/stop/x").text)


@each_brand
@each_scheme
async def test_every_text_and_the_button_of_a_page_stand_out(page: Page, brand: Brand, scheme: Scheme) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_content(of_pages(brand), wait_until="networkidle")
    button = page.get_by_role("button")

    weakest = await page.evaluate(WEAKEST_CONTRAST)
    edge = await button.evaluate(EDGE_CONTRAST)
    box = await button.bounding_box()
    await button.hover()
    under_the_pointer = await page.evaluate(WEAKEST_CONTRAST)

    assert weakest["ratio"] >= 4.5, weakest
    assert under_the_pointer["ratio"] >= 4.5, under_the_pointer
    assert edge >= 3
    assert box is not None
    assert box["y"] + box["height"] <= 640
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("which", Shown)
async def test_no_page_is_wider_than_a_small_phone(page: Page, which: Shown) -> None:
    await page.set_content(of_pages(replace(BRAND, support=f"https://acme.example/{'help' * 40}"), which))

    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_the_logo_is_shown_and_its_name_where_pictures_are_blocked(page: Page) -> None:
    await page.set_content(html(BRAND), wait_until="networkidle")
    shown = await page.get_by_role("img", name="Acme").bounding_box()
    await page.unroute("https://acme.example/**")
    await page.route("https://acme.example/**", lambda route: route.abort())
    await page.set_content(html(replace(BRAND, logo=f"{BRAND.logo}?blocked")), wait_until="networkidle")

    instead = await page.get_by_role("img", name="Acme").bounding_box()

    assert shown is not None
    assert (round(shown["width"]), round(shown["height"])) == (120, 36)
    assert instead is not None
    assert instead["width"] > 20  # the name is written there


@pytest.mark.parametrize("shown", [html(BRAND), of_pages(BRAND)], ids=["mail", "page"])
@each_scheme
async def test_the_name_in_place_of_a_logo_that_is_blocked_can_be_read(page: Page, shown: str, scheme: Scheme) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_content(shown, wait_until="networkidle")

    assert await page.get_by_role("img", name="Acme").evaluate(ALT_CONTRAST) >= 4.5


async def test_with_colours_of_the_reader_s_own_the_button_is_still_one(page: Page) -> None:
    await page.emulate_media(forced_colors="active")
    await page.set_content(html(BRAND), wait_until="networkidle")

    weakest = await page.evaluate(WEAKEST_CONTRAST)
    edge = await page.locator("td:has(> a)", has_text=re.compile("^Pay ")).evaluate(EDGE_CONTRAST)

    assert weakest["ratio"] >= 4.5, weakest
    assert edge >= 3


@pytest.mark.parametrize("shown", [html(BRAND), of_pages(BRAND)], ids=["mail", "page"])
async def test_a_dark_logo_stands_on_white_also_on_a_black_of_the_reader_s_own(page: Page, shown: str) -> None:
    await page.emulate_media(forced_colors="active", color_scheme="dark")
    await page.set_content(shown, wait_until="networkidle")
    logo = page.get_by_role("img", name="Acme")

    assert await logo.evaluate("logo => getComputedStyle(logo).backgroundColor") == "rgb(255, 255, 255)"
    assert await logo.evaluate(ALT_CONTRAST) >= 4.5


async def test_without_any_css_everything_is_said_in_the_same_order(page: Page) -> None:
    await page.set_content(html(BRAND), wait_until="networkidle")
    styled = await page.evaluate("document.body.textContent")
    bare = re.sub(r'<style.*?</style>| style="[^"]*"| class="[^"]*"', "", html(BRAND), flags=re.DOTALL)

    await page.set_content(bare, wait_until="networkidle")

    assert await page.evaluate("document.body.textContent") == styled
    assert await page.get_by_role("link", name=re.compile("^Pay ")).first.is_visible()
    assert await page.get_by_role("img", name="Acme").is_visible()
