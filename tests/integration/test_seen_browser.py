"""Mails and pages as people see them, in a real Chromium: in every language, on narrow and wide screens.

`make pictures` keeps what was seen, a picture of each.
"""

import os
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from dunning.language.choose import LANGUAGES
from tests.integration.looks import CUT_OFF, SPILLED, WEAKEST_CONTRAST
from tests.integration.seen import (
    BRANDS,
    LONG,
    MAILS,
    PAGES,
    html_of,
    named,
    needs_chromium,
    open_browser,
    serve_logo,
)

PICTURES = os.environ.get("PICTURES", "")
WIDTHS = (600, 375, 320)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page that shares nothing with any other but the browser."""
    page = await browser.new_page()
    await serve_logo(page)
    yield page
    await page.close()


async def overflowing(page: Page, html: str) -> list[tuple[int, Any]]:
    """Show it on every width, the smallest last, and give what is wider than the screen."""
    found = []
    await page.set_content(html)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 640})
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((width, "all of it"))
        found += [(width, text) for text in await page.evaluate(CUT_OFF)]
    return found


async def buttons_of(page: Page) -> list[dict[str, float]]:
    """Give the boxes of the buttons, each of which is wide enough for its words and high enough for a thumb."""
    buttons: list[dict[str, float]] = await page.evaluate(
        "() => [...document.querySelectorAll('.button a, button')].map(one => one.getBoundingClientRect().toJSON())"
    )
    assert all(box["left"] >= 0 and box["right"] <= WIDTHS[-1] and box["height"] >= 44 for box in buttons)
    return buttons


@pytest.mark.parametrize("place", range(len(LANGUAGES)), ids=sorted(LANGUAGES))
async def test_every_language_fits_every_screen_and_can_be_read_by_day_and_by_night(page: Page, place: int) -> None:
    language, brands = sorted(LANGUAGES)[place], list(BRANDS)
    for number, one in enumerate([*LONG, *PAGES]):
        what = {**one, "language": language, "brand": brands[(place + number) % len(brands)]}

        assert await overflowing(page, html_of(what)) == [], what
        assert "</" not in await page.inner_text("body"), what  # no markup is shown as words

        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            buttons = await buttons_of(page)
            assert buttons or "page" in what
            assert all(box["bottom"] <= 640 for box in buttons), (what, scheme)  # whole within 320 x 640
            weakest = await page.evaluate(WEAKEST_CONTRAST)
            assert weakest["ratio"] >= 4.5, (what, scheme, weakest)
            if PICTURES:
                await keep_pictures(page, what, scheme)


async def test_several_debts_fit_every_screen_in_every_language(page: Page) -> None:
    for place, language in enumerate(sorted(LANGUAGES)):
        brand = list(BRANDS)[place % len(BRANDS)]
        for debts, data in (("bills", "usual"), ("currencies", "long")):
            what = {**LONG[place % len(LONG)], "language": language, "brand": brand, "debts": debts, "data": data}

            assert await overflowing(page, html_of(what)) == [], what
            assert len(await buttons_of(page)) == (1 if debts == "bills" else 2), what
            assert await page.evaluate(SPILLED) == [], what
            if PICTURES:
                await keep_pictures(page, what, "light")


@pytest.mark.parametrize("what", MAILS, ids=named)
async def test_nothing_is_wider_than_the_screen(page: Page, what: dict[str, str]) -> None:
    assert await overflowing(page, html_of(what)) == []
    assert len(await buttons_of(page)) == (2 if "debts" in what else 1)


async def test_mails_and_pages_fit_and_their_buttons_are_whole_from_right_to_left(page: Page) -> None:
    for what in [*LONG, *PAGES]:
        html = html_of(what)
        mirrored = html.replace('dir="ltr"', 'dir="rtl"').replace("direction:ltr", "direction:rtl")

        assert mirrored != html
        assert await overflowing(page, mirrored) == [], what
        assert all(box["bottom"] <= 640 for box in await buttons_of(page)), what


async def test_letters_that_join_are_not_spaced(page: Page) -> None:
    await page.set_content(html_of({"page": "pay", "language": "ar"}))

    spaced = "() => [...document.querySelectorAll('body *')].map(one => getComputedStyle(one).letterSpacing)"
    assert set(await page.evaluate(spaced)) == {"normal"}


async def test_a_japanese_title_breaks_between_phrases(page: Page) -> None:
    for what in ({"page": "stop", "language": "ja"}, {"template": "reminder", "language": "ja"}):
        await page.set_content(html_of(what))

        assert await page.evaluate("getComputedStyle(document.querySelector('h1')).wordBreak") == "auto-phrase", what


async def test_a_mail_is_whole_in_a_program_that_drops_its_style(page: Page) -> None:
    for what in LONG:
        html = re.sub(r"<style.*?</style>", "", html_of(what), flags=re.DOTALL)

        assert await overflowing(page, html) == [], what


async def test_mails_and_pages_fit_and_their_buttons_are_whole_in_a_language_of_longer_words(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "sentences.toml").write_text(longer_sentences(), encoding="utf-8")

    for what in [{**one, "brand": brand} for one, brand in product([*LONG, *PAGES], ("", "navy"))]:
        html = html_of(what, tmp_path)
        assert "áá" in html
        assert await overflowing(page, html) == [], what
        buttons = await buttons_of(page)
        assert buttons or "page" in what
        assert all(box["bottom"] <= 640 for box in buttons), (what, buttons)
        assert await page.evaluate(SPILLED) == [], what


async def test_a_mail_asks_nobody_for_anything(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.set_content(html_of(MAILS[0]), wait_until="networkidle")

    assert asked == []


async def keep_pictures(page: Page, what: Mapping[str, str], scheme: str) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 640})
        of = "-".join(filter(None, (what.get("page") or what["template"], what.get("debts"))))
        name = f"{what['language']}-{of}-{width}-{scheme}"
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


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
