"""What axe says of the mails and pages: nothing that keeps anybody from using them, by day and by night.

axe is slow, and finds the same in any language. So each mail and page is tried in one language and of one brand, and
all of these come up; from right to left, one of each kind is.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from dunning.language.choose import LANGUAGES
from tests.integration.looks import found_by_axe
from tests.integration.seen import (
    BRANDS,
    LONG,
    MAILS,
    PAGES,
    html_of,
    in_turn,
    named,
    needs_chromium,
    open_browser,
    serve_logo,
)

IN_TURN = in_turn([*MAILS, *PAGES])
MIRRORED = [{**what, "language": "ar", "brand": "navy"} for what in (LONG[-1], MAILS[1], PAGES[0], PAGES[-3])]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": 600, "height": 900})
        await serve_logo(page)
        yield page


async def test_every_language_and_every_brand_of_each_kind_of_mail_comes_up() -> None:
    assert {what["language"] for what in IN_TURN} == LANGUAGES
    for of_kind in (IN_TURN[place : len(MAILS) : 4] for place in range(4)):
        assert {what["brand"] for what in of_kind} == set(BRANDS)


@pytest.mark.parametrize("what", [*IN_TURN, *MIRRORED], ids=named)
async def test_axe_finds_nothing(page: Page, what: dict[str, str]) -> None:
    await page.set_content(html_of(what), wait_until="networkidle")
    # A page is all ours. Around a mail stands whatever shows it, with landmarks of its own.
    further = ["best-practice"] if "page" in what else []

    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await found_by_axe(page, *further) == [], scheme
