"""Read `[brand]` and `[brand.NAME]` of the campaign file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from dunning.addresses.mailbox import MAILBOX_FORM, Mailbox, parse_mailbox
from dunning.addresses.web import parse_web_url
from dunning.brands.brand import Brand, Brands
from dunning.brands.colours import DEFAULT
from dunning.campaign_file.toml_lines import KeyPath
from dunning.campaign_file.toml_values import Table, TomlValues
from dunning.campaign_file.whens import read_when, takers
from dunning.language.choose import LANGUAGES

KEYS = (
    "name",
    "logo",
    "colour",
    "website",
    "support",
    "address",
    "sign_off",
    "statement_descriptor",
    "language",
    "from",
    "reply_to",
)
_SHAPE = f"a brand may have {', '.join(KEYS[:-1])} and {KEYS[-1]}, and [brand.NAME] should have when too"
_FITS_ALL = "[brand] is for every debt that no [brand.NAME] is for, so it should have no when"

_MAX_TEXT = 80
_MAX_ADDRESS = 300
_MAX_URL = 500
_URL_FORM = f"should be a URL of at most {_MAX_URL} characters that starts with https://"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def read_brands(values: TomlValues, value: object, path: KeyPath) -> Brands | None:
    """Read all brands of a file; None if `brand` is no table. What is wrong is noted."""
    if not isinstance(value, dict):
        values.note(path, f"no table; {_SHAPE}")
        return None
    # What is a table and has no key's name is another brand.
    named = {key: table for key, table in value.items() if isinstance(table, dict) and key not in {*KEYS, "when"}}
    own = {key: one for key, one in value.items() if key not in named}
    if own.pop("when", None) is not None:
        values.note((*path, "when"), _FITS_ALL)
    default = _brand(values, values.table(own, path, _SHAPE, optional=KEYS), path)
    others = [_named(values, table, (*path, key)) for key, table in named.items()]
    known = tuple(brand for brand in others if brand is not None)
    for index, brand in enumerate(known):
        _check_choice(values, brand, known[:index], path)
    return Brands(default, known)


def _named(values: TomlValues, value: Table, path: KeyPath) -> Brand | None:
    key = values.name(path[-1], path)
    table = values.table(value, path, _SHAPE, required=["when"], optional=KEYS)
    when = values.read(table, path, "when", lambda one, at: read_when(values, one, at))
    brand = _brand(values, table, path)
    return None if key is None or when is None else replace(brand, key=key, when=when)


def _brand(values: TomlValues, table: Table | None, path: KeyPath) -> Brand:
    """Read what a brand is, but for its `when`. What is wrong is noted, and left out."""

    def text(key: str, parse: Callable[[str], str], kind: str) -> str:
        return values.read(table, path, key, lambda value, at: values.parsed(value, at, parse, kind)) or ""

    def mailbox(value: object, at: KeyPath) -> Mailbox | None:
        return values.parsed(value, at, _mailbox, "mailbox")

    return Brand(
        name=text("name", _one_line, "name"),
        logo=text("logo", _https, "address of a picture"),
        colour=text("colour", _colour, "colour") or DEFAULT,
        website=text("website", _https, "address of a website"),
        support=text("support", _support, "way to your support"),
        address=text("address", _postal, "postal address"),
        language=text("language", _language, "language"),
        sign_offs=values.read(table, path, "sign_off", lambda value, at: _sign_offs(values, value, at)) or {},
        statement_descriptor=text("statement_descriptor", _one_line, "statement descriptor"),
        sender=values.read(table, path, "from", mailbox),
        reply_to=values.read(table, path, "reply_to", mailbox),
    )


def _sign_offs(values: TomlValues, value: object, path: KeyPath) -> dict[str, str]:
    """Read who signs: one text for all languages, or a table of one each."""
    known = sorted(LANGUAGES)
    shape = f"should be a text, or a table with one for each language: {', '.join(known)}"
    by_language = values.table(value, path, shape, optional=known) or {} if isinstance(value, dict) else {"": value}
    return {
        language: said
        for language, one in by_language.items()
        if (said := values.parsed(one, (*path, language) if language else path, _one_line, "sign-off"))
    }


def _check_choice(values: TomlValues, brand: Brand, earlier: Sequence[Brand], path: KeyPath) -> None:
    found = takers(brand.when, [(one.key, one.when) for one in earlier])
    if found:
        what = f"{brand.key!r} is never chosen: every debt it fits goes to {' and '.join(map(repr, found))}"
        place = (*path, brand.key, "when")
        values.note(place, f"{what} before it; should stand first, or ask for something else in when")


def _one_line(text: str) -> str:
    line = text.strip()
    if not line or not line.isprintable() or len(line) > _MAX_TEXT:
        raise ValueError(f"should be one line of at most {_MAX_TEXT} characters")
    return line


def _postal(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not all(line.isprintable() for line in lines) or len(text) > _MAX_ADDRESS:
        raise ValueError(f"should be a few lines, of at most {_MAX_ADDRESS} characters together")
    return "\n".join(lines)


def _https(text: str) -> str:
    try:
        parse_web_url(text, query=True)
    except ValueError as error:
        raise ValueError(f"{error}; {_URL_FORM}") from None
    if not text.startswith("https://") or len(text) > _MAX_URL:
        raise ValueError(_URL_FORM)
    return text


def _support(text: str) -> str:
    if "://" in text:
        return _https(text)
    try:
        mailbox = parse_mailbox(text)
    except ValueError:
        mailbox = None
    if mailbox is None or mailbox.name:
        raise ValueError("should be an email address such as help@example.com, or a URL that starts with https://")
    return mailbox.address


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError(f"should be # and six of 0-9 and a-f, such as {DEFAULT}")
    return text.lower()


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"should be the tag of a language that mails are written in: {', '.join(sorted(LANGUAGES))}")
    return text


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except ValueError as error:
        raise ValueError(f"{error}; should be {MAILBOX_FORM}") from None
