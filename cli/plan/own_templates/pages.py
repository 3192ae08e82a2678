"""A seller's own payment pages, written once to find what is wrong with them."""

from pathlib import Path

from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import NO_BRANDS
from dunning.errors import ConfigurationError
from dunning.language.own import Languages
from webhooks.looks import OWN_PAGES, STYLE, TEMPLATE, looks_of
from webhooks.pages import Pages

FILES = (TEMPLATE, STYLE)
_LOGIN_URL = "https://customer-portal.paddle.com/login/cpl_example"


def page_problems(templates: Path, seller: Mailbox) -> list[str]:
    """Return what is wrong with the pages in a folder of templates."""
    try:
        looks = looks_of(
            NO_BRANDS, mail_from=seller, reply_to=None, login_url=_LOGIN_URL, portal_origins=(), templates=templates
        )
        Pages(Languages(None), looks, templates)
    except ConfigurationError as error:
        return error.problems
    return []


def unused_pages(templates: Path) -> list[str]:
    """Name the files that no page is made from."""
    folder = templates / OWN_PAGES
    others = sorted(file for file in folder.iterdir() if file.name not in FILES) if folder.is_dir() else []
    return [f"{file}: no page is made from it; its name should be {' or '.join(FILES)}." for file in others]
