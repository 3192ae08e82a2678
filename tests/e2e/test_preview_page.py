"""The gallery as somebody meets it who writes templates: in a real Chromium, on real files."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, Page, expect

from cli.local_page.listen import listening
from cli.plan.preview.case_shown import ShownCase
from cli.plan.preview.files import SellersFiles
from cli.plan.preview.gallery import Gallery
from cli.plan.preview.real_case import NextMail
from cli.plan.preview.server import PreviewPage
from dunning.addresses.mailbox import Mailbox
from tests.e2e.chromium import needs_chromium, open_browser
from tests.unit.mails import TEMPLATES
from webhooks import pages

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]

SELLER = Mailbox("Lantern Billing", "billing@lantern.example")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60"/></svg>'
PATIENCE_MS = 60_000
# Chromium names each answer that is no success: that a file is broken is told by one, and a gallery may end before its
# page.
HARMLESS = ("409", "ERR_CONNECTION_REFUSED")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def url(tmp_path: Path) -> AsyncIterator[str]:
    gallery = Gallery(files=SellersFiles(None, tmp_path, SELLER, None), mail_from=SELLER, reply_to=None)
    async with listening(PreviewPage(gallery).app(), 0) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page, and hold it to it that nothing in it complains."""
    complaints: list[str] = []
    async with await browser.new_page() as page:
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.set_viewport_size({"width": 1440, "height": 900})
        yield page
    assert [one for one in complaints if not any(known in one for known in HARMLESS)] == []


def mail(page: Page) -> FrameLocator:
    return page.frame_locator("#frames iframe").first


async def test_all_mails_and_pages_are_seen_at_once_and_one_is_opened(page: Page, url: str) -> None:
    await page.goto(url)

    await expect(page.locator("#all button")).to_have_count(len(TEMPLATES) + len(pages.Page))
    await page.locator("#all button", has_text="Final notice").click()

    await expect(page.locator("#subject")).to_have_text("Last reminder to pay: Lantern Pro")
    await expect(mail(page).get_by_role("heading", level=1)).to_have_text("Our last reminder about this payment")
    assert page.url == f"{url}/?template=final_notice"


async def test_what_is_chosen_is_shown_and_stands_in_the_address(page: Page, url: str) -> None:
    await page.goto(f"{url}/?template=reminder")

    await page.get_by_label("Method", exact=True).select_option("paypal")
    await page.get_by_label("Debts", exact=True).select_option("currencies")
    await page.get_by_text("320 px").click()
    await page.get_by_text("Both", exact=True).click()

    await expect(page.locator("#frames iframe")).to_have_count(2)
    await expect(page.locator("#frames pre")).to_contain_text("Payment method: PayPal")
    await expect(mail(page).get_by_role("link", name="Pay €29.00").first).to_be_visible()
    assert await page.locator("#frames iframe").first.evaluate("one => one.clientWidth") == 320
    assert page.url == f"{url}/?template=reminder&method=paypal&debts=currencies&width=320&scheme=both"


async def test_an_address_leads_back_to_what_was_seen(page: Page, url: str) -> None:
    await page.goto(f"{url}/?template=reminder_4&decline=not_enough_balance&width=375&scheme=dark")

    await expect(page.get_by_label("Decline", exact=True)).to_have_value("not_enough_balance")
    await expect(mail(page).get_by_text("The available balance")).to_be_visible()
    background = await mail(page).locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
    assert background == "rgb(21, 22, 26)"

    await page.get_by_role("button", name="Reminder 2").click()
    await expect(page.locator("#subject")).to_have_text("Payment still needed: Lantern Pro")
    await page.go_back()
    await expect(page.locator("#subject")).to_have_text("Subscription may stop: Lantern Pro")


async def test_a_change_of_a_template_is_seen_without_a_click(page: Page, url: str, tmp_path: Path) -> None:
    await page.goto(f"{url}/?template=reminder")
    await expect(page.locator("#subject")).to_have_text("Still unpaid: Lantern Pro")

    write(tmp_path, "reminder.subject.txt", "About {{ prodct }}")
    await expect(page.get_by_role("alert")).to_contain_text("reminder.subject.txt:1: 'prodct' is undefined")

    write(tmp_path, "reminder.subject.txt", "About {{ product }}")
    await expect(page.locator("#subject")).to_have_text("About Lantern Pro")
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_a_search_leads_to_the_mail_that_it_found(page: Page, url: str) -> None:
    await page.goto(url)

    await page.get_by_role("searchbox").fill("final paypal")
    await page.locator("#found button", has_text="Final notice, PayPal").click()

    await expect(page.locator("#frames pre")).to_contain_text("Payment method: PayPal")
    await expect(page.get_by_label("Method", exact=True)).to_have_value("paypal")
    assert page.url == f"{url}/?template=final_notice&method=paypal"


async def test_a_page_is_shown_in_its_own_colours(page: Page, url: str) -> None:
    await page.goto(f"{url}/?page=too_many")

    await expect(mail(page).get_by_role("heading")).to_have_text("Please try again later")
    await expect(mail(page).get_by_text("in 12 minutes")).to_be_visible()
    await expect(page.locator("#envelope")).to_be_hidden()


async def test_a_case_that_gets_no_mail_says_why(page: Page) -> None:
    paused = "Mail is paused: it goes out once `dunning resume` is given."
    shown = ShownCase("txn_1", NextMail([paused]))
    async with listening(PreviewPage(shown).app(), 0) as url:
        await page.goto(url)

        await expect(page.locator("#told")).to_contain_text("What happens next for txn_1")
        await expect(page.locator("#told li")).to_have_text(
            "Mail is paused: it goes out once `dunning resume` is given."
        )


async def test_a_brand_s_logo_is_fetched_in_mails_and_pages(page: Page, tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").write_text('[brand]\nname = "Acme"\nlogo = "https://acme.example/logo.svg"\n')
    files = SellersFiles(tmp_path / "campaign.toml", None, SELLER, None)
    await page.route("https://acme.example/**", lambda route: route.fulfill(body=LOGO, content_type="image/svg+xml"))
    async with listening(PreviewPage(Gallery(files=files, mail_from=SELLER, reply_to=None)).app(), 0) as url:
        for query in ("template=reminder", "page=pay"):
            await page.goto(f"{url}/?{query}")
            logo = mail(page).get_by_role("img", name="Acme")

            await expect(logo).to_be_visible()
            await expect(logo).to_have_js_property("naturalWidth", 200)


@pytest.mark.parametrize("wide", [400, 800, 1440])
async def test_the_gallery_itself_fits_the_window(page: Page, url: str, wide: int) -> None:
    await page.set_viewport_size({"width": wide, "height": 900})
    for query in ("", "?template=reminder&scheme=both", "?page=pay"):
        await page.goto(f"{url}/{query}")
        await expect(page.locator("iframe").first).to_be_attached()
        assert await page.evaluate("document.documentElement.scrollWidth") <= wide


def write(folder: Path, name: str, text: str) -> None:
    """Write a file as an editor does, however short ago the last was written."""
    file = folder / name
    was = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(was + 10**9, was + 10**9))
