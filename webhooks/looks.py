"""How the pages of each brand look, and the headers that go with that."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import hdrs
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dunning.addresses.mailbox import Mailbox
from dunning.addresses.web import parse_web_url
from dunning.brands.brand import Brand, Brands

ENVIRONMENT = Environment(
    loader=PackageLoader("webhooks", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Look:
    """What the pages of one brand have in common."""

    seller: str
    support: str
    """The way to a page that helps, as a link; empty where there is an address to write to."""
    given: Mapping[str, str]
    """What the template is given."""
    headers: Mapping[str, str]


def looks_of(
    brands: Brands, *, mail_from: Mailbox, reply_to: Mailbox | None, login_url: str, portal_origins: Collection[str]
) -> Mapping[str, Look]:
    """Return how the pages of each brand look, by the brands' keys.

    Args:
        brands: the seller's.
        mail_from: whom mail comes from, where a brand doesn't say.
        reply_to: who gets the answers, where a brand doesn't say.
        login_url: the seller's portal login page.
        portal_origins: where a click may lead.
    """
    # form-action governs the redirect after the POST too, so it has to name where a click leads.
    leads_to = " ".join(sorted({*portal_origins, _origin(login_url)}))
    return {brand.key: _look(brand, mail_from, reply_to, login_url, leads_to) for brand in brands.all}


def _look(brand: Brand, mail_from: Mailbox, reply_to: Mailbox | None, login_url: str, leads_to: str) -> Look:
    style = ENVIRONMENT.get_template("style.css").render(
        light=asdict(brand.scheme.light), dark=asdict(brand.scheme.dark)
    )
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
