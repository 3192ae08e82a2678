"""What is looked at: the mails and pages of every language, of a seller with several brands."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

from cli.plan.preview.files import SellersFiles
from cli.plan.preview.gallery import Gallery
from dunning.addresses.mailbox import Mailbox
from dunning.language.choose import LANGUAGES
from tests.unit.mails import TEMPLATES
from webhooks import pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium here")
SELLER, REPLY_TO = Mailbox("Lantern Billing", "billing@lantern.example"), Mailbox(None, "help@lantern.example")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60"/></svg>'

# One that says nothing, and three that say all there is, in colours that are hard to read on.
_BRAND = '''
[brand.{key}]
when = {{ currency = "{currency}" }}
name = "Lantern {key}"
logo = "https://lantern.example/logo.svg"
colour = "{colour}"
website = "https://lantern.example"
support = "https://lantern.example/help"
address = """
Lantern Ltd
1 High Street, London"""
sign_off = "Ana from Lantern"
statement_descriptor = "PADDLE.NET* LANTERN"
'''
_FOLDER = TemporaryDirectory()
BRANDS = {"": "", "pale": "#fff3b0", "navy": "#0b1f4b", "grey": "#7f7f7f"}
BRAND_FILE = "".join(
    _BRAND.format(key=key, currency=currency, colour=colour)
    for (key, colour), currency in zip(list(BRANDS.items())[1:], ("EUR", "USD", "GBP"), strict=True)
)

MAILS: list[dict[str, str]] = [
    {"template": template, **more}
    for template in TEMPLATES
    for more in ({}, {"debts": "currencies"}, {"data": "long", "end": "certain"}, {"data": "little", "method": "none"})
]
PAGES: list[dict[str, str]] = [{"page": page.value} for page in pages.Page]
# The longest names, and what takes most words to say.
LONG = [
    {"template": template, "data": "long", "end": "certain", "decline": "transaction_not_permitted"}
    for template in TEMPLATES
]


def in_turn(what: list[dict[str, str]]) -> list[dict[str, str]]:
    """Give each a language and a brand, so that every one of these comes up, and each brand in every kind of mail."""
    languages, brands = sorted(LANGUAGES), list(BRANDS)
    return [
        {**one, "language": languages[place % len(languages)], "brand": brands[(place + place // len(brands)) % 4]}
        for place, one in enumerate(what)
    ]


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def serve_logo(page: Page) -> None:
    """Let the page fetch the brands' logo, and nothing else."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=LOGO, content_type="image/svg+xml")

    await page.route("https://lantern.example/**", serve)


def named(what: Mapping[str, str]) -> str:
    return "-".join(filter(None, what.values()))


@cache
def gallery(templates: Path | None = None) -> Gallery:
    file = Path(_FOLDER.name) / "campaign.toml"
    file.write_text(BRAND_FILE, encoding="utf-8")
    return Gallery(files=SellersFiles(file, templates, SELLER, REPLY_TO), mail_from=SELLER, reply_to=REPLY_TO)


def html_of(what: Mapping[str, str], templates: Path | None = None) -> str:
    of = gallery(templates)
    return of.page(what) if "page" in what else of.mail(what).html
