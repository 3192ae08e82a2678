"""The screen in a real browser: signing in and out, and what keeps people from using it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from console.keys import STORE
from console.screen.pages import PAGES
from dunning.store import keys
from tests.e2e.chromium import needs_chromium, open_browser
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import NOW, settings
from tests.integration.looks import found_by_axe

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]

WIDTHS = (320, 768, 1280)
PATHS = [page.path for page in PAGES if page.method == "GET" and "{" not in page.path]


@dataclass
class Screen:
    """The private side, and a browser before it."""

    side: ConsoleSide
    page: Page

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.side.url}{await self.side.link(name='Ada Example')}")
        await self.page.get_by_role("button", name="Sign in as Ada Example").click()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def screen(browser: Browser, redis_url: str) -> AsyncIterator[Screen]:
    async with running_console(settings(redis_url)) as side, await browser.new_page() as page:
        page.set_default_timeout(20_000)
        yield Screen(side, page)


async def test_somebody_signs_in_and_out(screen: Screen) -> None:
    page = screen.page

    await screen.sign_in()
    assert await page.title() == "Overview · Dunning"
    assert await page.get_by_role("link", name="Overview").get_attribute("aria-current") == "page"
    await page.get_by_role("button", name="Sign out").click()
    assert await page.title() == "Sign in · Dunning"
    await page.goto(str(screen.side.url))
    assert await page.title() == "Sign in · Dunning"


async def test_every_page_can_be_used_at_every_width_light_and_dark(screen: Screen) -> None:
    page = screen.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    async def look(path: str) -> None:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await found_by_axe(page) == [], f"{path}, {scheme}"
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{path} is {overflow} px too wide at {width} px"
            assert await found_by_axe(page) == [], f"{path}, {width} px"

    click, lost = "recovered|renewal|first|hard|click|EUR", "lost|renewal|none|hard|subscription_canceled|"
    for days in (0, 9, 20):
        day = NOW.date() - timedelta(days=days)
        sums = {f"n|{click}": 2, f"k|{click}": 2, f"a|{click}": 5_800 + days * 100}
        sums |= {f"n|{lost}": 1, f"n|{lost}JPY": 2, f"k|{lost}JPY": 2, f"a|{lost}JPY": 980_000}
        await screen.side.app[STORE].sums._redis.hset(keys.sums(f"{day:%Y-%m-%d}"), mapping=sums)
    await screen.side.app[STORE].brakes.pause(None, "a new template", NOW)
    link = await screen.side.link(name="Ada Example")
    for path in ("/sign-in", link, "/nowhere"):
        await page.goto(f"{screen.side.url}{path}")
        await look(path)
    await screen.sign_in()
    for path in PATHS:
        await page.goto(f"{screen.side.url}{path}")
        await look(path)

    assert {url for url in asked if not url.startswith((str(screen.side.url), "data:"))} == set()
