"""How the pages of each brand look, and the headers that go with that."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import hdrs
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup

from dunning.addresses.mailbox import Mailbox
from dunning.addresses.web import parse_web_url
from dunning.brands.brand import Brand, Brands
from dunning.errors import ConfigurationError
from dunning.template_slips import slip

# In the seller's folder of templates, the one that holds files in place of those of the pages.
OWN_PAGES = "pages"
TEMPLATE, STYLE = "page.html", "style.css"


def environment_of(templates: Path | None) -> Environment:
    """Return the templates of the pages, with those in a seller's folder in place of some."""
    own = [] if templates is None else [FileSystemLoader(templates / OWN_PAGES, encoding="utf-8-sig")]
    return Environment(
        loader=ChoiceLoader([*own, PackageLoader("webhooks", "pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What the pages of one brand have in common."""

    seller: str
    support: str
    """The way to a page that helps, as a link; empty where there is an address to write to."""
    statement_descriptor: str
    """What banks print; empty where the seller doesn't say."""
    given: Mapping[str, str]
    """What the template is given."""
    headers: Mapping[str, str]


def looks_of(
    brands: Brands,
    *,
    mail_from: Mailbox,
    reply_to: Mailbox | None,
    login_url: str,
    portal_origins: Collection[str],
    templates: Path | None = None,
) -> Mapping[str, Look]:
    """Return how the pages of each brand look, by the brands' keys.

    Args:
        brands: the seller's.
        mail_from: whom mail comes from, where a brand doesn't say.
        reply_to: who gets the answers, where a brand doesn't say.
        login_url: the seller's portal login page.
        portal_origins: where a click may lead.
        templates: the seller's folder of templates.

    Raises:
        ConfigurationError: the seller's own style is broken; told with file and line.
    """
    # form-action governs the redirect after the POST too, so it has to name where a click leads.
    leads_to = " ".join(sorted({*portal_origins, _origin(login_url)}))
    return {
        brand.key: _look(brand, style, mail_from=mail_from, reply_to=reply_to, login_url=login_url, leads_to=leads_to)
        for brand, style in _styles(brands, templates)
    }


def _styles(brands: Brands, templates: Path | None) -> list[tuple[Brand, str]]:
    try:
        template = environment_of(templates).get_template(STYLE)
        return [
            (brand, template.render(light=asdict(brand.scheme.light), dark=asdict(brand.scheme.dark)))
            for brand in brands.all
        ]
    except Exception as error:
        if templates is None:
            raise
        raise ConfigurationError([slip(error, templates / OWN_PAGES / STYLE)]) from None


def _look(
    brand: Brand, style: str, *, mail_from: Mailbox, reply_to: Mailbox | None, login_url: str, leads_to: str
) -> Look:
    seller = brand.known_as(mail_from)
    answers_to = brand.reply_to or reply_to or brand.sender or mail_from
    has_page = bool(brand.support) and not brand.support_address
    contact = brand.support_link or Brand(support=answers_to.address).support_link
    return Look(
        seller=seller,
        support=Markup('<a href="{}" rel="noreferrer">{}</a>').format(
            brand.support, brand.support.removeprefix("https://")
        )
        if has_page
        else "",
        statement_descriptor=brand.statement_descriptor,
        given={
            "seller": seller,
            "logo": brand.logo,
            "website": brand.website,
            "contact": "" if has_page else contact,
            "login_url": login_url,
            "style": style,
        },
        headers={
            hdrs.CACHE_CONTROL: "no-store",
            "Content-Security-Policy": _policy(style, brand.logo, leads_to),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex",
        },
    )


def _policy(style: str, logo: str, leads_to: str) -> str:
    # A hash instead of a nonce: a brand's pages have one style for everybody, and 'unsafe-inline' is never needed.
    style_hash = base64.b64encode(sha256(style.encode()).digest()).decode()
    pictures = f"img-src {parse_web_url(logo, query=True).origin}; " if logo else ""
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; {pictures}form-action 'self' {leads_to}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
