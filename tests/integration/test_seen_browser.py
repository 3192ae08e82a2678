"""Every mail and every page as people see them, in a real Chromium: by day and by night, on narrow and wide screens.

`make pictures` keeps what was seen, a picture of each.
"""

import os
import re
import shutil
import tomllib
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from cli.plan.preview.files import SellersFiles
from cli.plan.preview.gallery import Gallery
from dunning.addresses.mailbox import Mailbox
from dunning.language.choose import LANGUAGES
from tests.integration.looks import CUT_OFF, found_by_axe
from tests.unit.mails import TEMPLATES
from webhooks import pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = os.environ.get("PICTURES", "")
SELLER, REPLY_TO = Mailbox("Lantern Billing", "billing@lantern.example"), Mailbox(None, "help@lantern.example")
WIDTHS = (320, 375, 600)

MAILS: list[dict[str, str]] = [
    {"template": template, **more}
    for template in TEMPLATES
    for more in ({}, {"debts": "currencies"}, {"data": "long", "end": "certain"}, {"data": "little", "method": "none"})
]
PAGES: list[dict[str, str]] = [{"page": page.value} for page in pages.Page]
LONG = [{"template": template, "data": "long", "end": "certain"} for template in TEMPLATES]

Scheme = Literal["light", "dark"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.untraced,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium here"),
]
each_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])


def named(what: Mapping[str, str]) -> str:
    return "-".join(what.values())


def gallery(templates: Path | None = None) -> Gallery:
    return Gallery(files=SellersFiles(None, templates, SELLER, REPLY_TO), mail_from=SELLER, reply_to=REPLY_TO)


SHIPPED = gallery()


def html_of(what: Mapping[str, str], of: Gallery = SHIPPED) -> str:
    return of.page(what) if "page" in what else of.mail(what).html


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


async def overflowing(page: Page, html: str) -> list[tuple[int, Any]]:
    """Show it on every width, and give what is wider than the screen."""
    found = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 640})
        await page.set_content(html)
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((width, "all of it"))
        found += [(width, text) for text in await page.evaluate(CUT_OFF)]
    return found


@pytest.mark.parametrize("what", [*MAILS, *PAGES], ids=named)
async def test_nothing_is_wider_than_the_screen(page: Page, what: dict[str, str]) -> None:
    assert await overflowing(page, html_of(what)) == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_nothing_is_wider_than_the_screen_in_any_language(page: Page, language: str) -> None:
    for what in [*LONG, *PAGES]:
        assert await overflowing(page, html_of({**what, "language": language})) == [], what


@pytest.mark.parametrize("what", [*LONG, *PAGES], ids=named)
async def test_nothing_is_wider_than_the_screen_from_right_to_left(page: Page, what: dict[str, str]) -> None:
    html = html_of(what)
    mirrored = html.replace('dir="ltr"', 'dir="rtl"').replace("direction:ltr", "direction:rtl")

    assert mirrored != html
    assert await overflowing(page, mirrored) == []


@pytest.mark.parametrize("what", LONG, ids=named)
async def test_a_mail_is_whole_in_a_program_that_drops_its_style(page: Page, what: dict[str, str]) -> None:
    html = re.sub(r"<style.*?</style>", "", html_of(what), flags=re.DOTALL)

    assert await overflowing(page, html) == []


async def test_nothing_is_wider_than_the_screen_in_a_language_of_longer_words(page: Page, tmp_path: Path) -> None:
    (tmp_path / "sentences.toml").write_text(longer_sentences(), encoding="utf-8")
    of = gallery(tmp_path)

    for what in [*LONG, *PAGES]:
        html = html_of(what, of)
        assert "áá" in html
        assert await overflowing(page, html) == [], what


@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_the_button_is_whole_on_the_smallest_screen(page: Page, language: str) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    for what in LONG:
        html = html_of({**what, "language": language})
        await page.set_content(html)
        box = await page.locator(".button a").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640, what
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320


@each_scheme
@pytest.mark.parametrize("what", [*MAILS, *PAGES], ids=named)
async def test_axe_finds_nothing(page: Page, what: dict[str, str], scheme: Scheme) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": 600, "height": 900})
    await page.set_content(html_of(what))

    found = await found_by_axe(page)
    if PICTURES:
        await keep_pictures(page, what, scheme)

    assert found == []


@each_scheme
@pytest.mark.parametrize("what", [*LONG, *PAGES], ids=named)
async def test_axe_finds_nothing_in_a_language_from_right_to_left(
    page: Page, what: dict[str, str], scheme: Scheme
) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": 600, "height": 900})
    await page.set_content(html_of({**what, "language": "ar"}))

    assert await found_by_axe(page) == []


async def keep_pictures(page: Page, what: Mapping[str, str], scheme: Scheme) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 640})
        await page.screenshot(path=f"{PICTURES}/{named(what)}-{width}-{scheme}.png", full_page=True)


def longer_sentences() -> str:
    """Write all English sentences 40 % longer, in letters that stand taller; what is filled in stays."""
    table = tomllib.loads((files("dunning.language") / "english.toml").read_text(encoding="utf-8"))
    return "\n".join(written(table))


def written(table: Mapping[str, Any], prefix: str = "") -> list[str]:
    lines = [f"[{prefix}]"] if prefix else []
    below = []
    for name, value in table.items():
        if isinstance(value, str):
            lines.append(f'{name} = "{longer(value)}"')
        elif all(isinstance(form, str) for form in value.values()) and prefix:
            forms = ", ".join(f'{form} = "{longer(text)}"' for form, text in value.items())
            lines.append(f"{name} = {{ {forms} }}")
        else:
            below += written(value, f"{prefix}.{name}" if prefix else name)
    return [*lines, *below]


def longer(sentence: str) -> str:
    def lengthen(word: re.Match[str]) -> str:
        return word[0].replace("a", "á").replace("e", "ë") + "á" * round(len(word[0]) * 0.4 + 0.5)

    parts = re.split(r"(\{\w+\})", sentence)
    return "".join(part if part.startswith("{") else re.sub(r"[A-Za-z]+", lengthen, part) for part in parts).replace(
        '"', "'"
    )
