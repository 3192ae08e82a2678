"""`[brand]` and `[brand.NAME]` of a campaign file: what they say, and what is refused."""

import pytest

from dunning.addresses.mailbox import MAILBOX_FORM, Mailbox
from dunning.brands.brand import Brand, Brands
from dunning.brands.colours import DEFAULT
from dunning.campaign_file.reader import parse_campaign_file, shipped
from dunning.errors import ConfigurationError
from dunning.rules.campaign import When

KEYS = (
    "name, logo, colour, website, support, address, sign_off, statement_descriptor, language, from and reply_to, "
    "and [brand.NAME] should have when too"
)
A_URL = "should be a URL of at most 500 characters that starts with https://"
SUPPORT = "should be an email address such as help@example.com, or a URL that starts with https://"
FULL = '''\
[brand]
name = "Acme"
logo = "https://acme.example/logo.png?v=2"
colour = "#2A5BD7"
website = "https://acme.example"
support = "help@acme.example"
address = """
  Acme Ltd
  1 High Street, London
"""
sign_off = "Ana from Acme"
statement_descriptor = "PADDLE.NET* ACME"
language = "en"
from = "Acme <billing@acme.example>"
reply_to = "ana@acme.example"
'''
OTHER = """
[brand.pro]
when = { currency = ["EUR", "CHF"] }
name = "Acme Pro"
support = "https://acme.example/pro?from=mail"
"""


def brands(text: str) -> Brands:
    return parse_campaign_file(text + shipped(), "mine.toml").brands


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        brands(text)
    return refusal.value.problems


def test_every_key_is_read() -> None:
    assert brands(FULL) == Brands(
        Brand(
            name="Acme",
            logo="https://acme.example/logo.png?v=2",
            colour="#2a5bd7",
            website="https://acme.example",
            support="help@acme.example",
            address="Acme Ltd\n1 High Street, London",
            sign_offs={"": "Ana from Acme"},
            statement_descriptor="PADDLE.NET* ACME",
            language="en",
            sender=Mailbox("Acme", "billing@acme.example"),
            reply_to=Mailbox(None, "ana@acme.example"),
        )
    )


def test_who_signs_may_differ_by_language() -> None:
    brand = brands('[brand]\nsign_off = { en = "Ana from Acme", pt-BR = "Ana da Acme" }\n').default

    assert [brand.sign_off(tag) for tag in ("en", "pt-BR", "pt")] == ["Ana from Acme", "Ana da Acme", ""]
    assert brands(FULL).default.sign_off("pt") == "Ana from Acme"


def test_a_file_without_a_brand_has_the_default_one() -> None:
    assert brands("") == Brands(Brand(colour=DEFAULT))


def test_a_file_with_nothing_but_a_brand_has_the_shipped_campaigns() -> None:
    file = parse_campaign_file(FULL, "mine.toml")

    assert file.campaigns == parse_campaign_file(shipped(), "default.toml").campaigns
    assert file.brands == brands(FULL)


def test_a_brand_of_its_own_takes_nothing_from_the_others() -> None:
    read = brands(FULL + OTHER)

    assert read.default == brands(FULL).default
    assert read.others == (
        Brand(
            key="pro",
            when=When(currencies=frozenset({"EUR", "CHF"})),
            name="Acme Pro",
            support="https://acme.example/pro?from=mail",
        ),
    )


def test_the_first_brand_that_fits_is_chosen_and_the_default_one_else() -> None:
    read = brands(FULL + OTHER + OTHER.replace("pro]", "late]").replace("EUR", "USD"))

    chosen = [
        read.choose(product_ids=[], price_ids=[], currency_code=currency).key for currency in ("CHF", "USD", "GBP")
    ]

    assert chosen == ["pro", "late", ""]
    assert [brand.key for brand in read.all] == ["pro", "late", ""]


@pytest.mark.parametrize(("key", "name"), [("pro", "Acme Pro"), ("", "Acme"), ("gone", "Acme")])
def test_a_brand_that_is_not_known_any_more_is_the_default_one(key: str, name: str) -> None:
    assert brands(FULL + OTHER).named(key).name == name


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("brand = 3", f"1: no table; a brand may have {KEYS}"),
        (
            '[brand]\ncolor = "#2a5bd7"',
            f"2: 'color' is not known here; a brand may have {KEYS} (did you mean 'colour'?)",
        ),
        ('[brand]\nname = ""', "2: '' is no name; should be one line of at most 80 characters"),
        ("[brand]\nname = 3", "2: 3 is no name; should be one line of at most 80 characters"),
        (
            f'[brand]\nsign_off = "{"x" * 81}"',
            "2: 'xxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxx' is no sign-off; should be one line of at most 80 characters",
        ),
        (
            '[brand]\nsign_off = { en = "Ana", fi = "Ana" }',
            "2: 'fi' is not known here; should be a text, or a table with one for each language: ar, da, de, en, ",
        ),
        ('[brand]\nsign_off = { en = "Ana", de = "" }', "2: '' is no sign-off; should be one line of at most 80"),
        (
            '[brand]\nstatement_descriptor = "A\\nB"',
            "2: 'A\\nB' is no statement descriptor; should be one line of at most 80 characters",
        ),
        ('[brand]\ncolour = "blue"', "2: 'blue' is no colour; should be # and six of 0-9 and a-f, such as #2a5bd7"),
        (
            '[brand]\nlogo = "logo.png"',
            f"2: 'logo.png' is no address of a picture; it starts with neither https:// nor http://; {A_URL}",
        ),
        (
            '[brand]\nwebsite = "http://localhost"',
            f"2: 'http://localhost' is no address of a website; {A_URL}",
        ),
        (
            '[brand]\nsupport = "Help <help@acme.example>"',
            f"2: 'Help <help@acme.example>' is no way to your support; {SUPPORT}",
        ),
        (
            '[brand]\nsupport = "help"',
            f"2: 'help' is no way to your support; {SUPPORT}",
        ),
        (
            '[brand]\naddress = " "',
            "2: ' ' is no postal address; should be a few lines, of at most 300 characters together",
        ),
        (
            '[brand]\nlanguage = "English"',
            "2: 'English' is no language; should be the tag of a language that mails are written in: ",
        ),
        (
            '[brand]\nfrom = "Acme"',
            f"2: 'Acme' is no mailbox; it holds no mail address, or more than one; should be {MAILBOX_FORM}",
        ),
        (
            '[brand]\nwhen = { currency = "EUR" }',
            "2: [brand] is for every debt that no [brand.NAME] is for, so it should have no when",
        ),
        ('[brand.pro]\nname = "Pro"', f"1: 'when' is missing; a brand may have {KEYS}"),
        (
            "[brand.pro]\nwhen = {}",
            "2: nothing is asked for here; when should have product, price or currency, or be left out",
        ),
        (
            '[brand.Pro]\nwhen = { currency = "EUR" }',
            "1: 'Pro' is no name; should be a letter of a-z, then at most 31 of a-z, 0-9, '-' and '_'",
        ),
        (
            '[brand.name]\nwhen = { currency = "EUR" }',
            "1: {'when': {'currency': 'EUR'}} is no name; should be one line",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, problem: str) -> None:
    (told,) = problems(f"{line}\n")

    assert told.startswith(f"mine.toml:{problem}")


@pytest.mark.parametrize(
    ("below", "problem"),
    [
        ('[brand.sign_off]\nen = "Ana"\nde = ""', "5: '' is no sign-off"),
        ('[brand."Pro 1"]\nwhen = { currency = "EUR" }', "3: 'Pro 1' is no name"),
        ('[brand.pro]\nname = "Pro"', "3: 'when' is missing"),
        ('[brand.pro]\nwhen = { currency = "EUR" }\nnam = "Pro"', "5: 'nam' is not known here"),
    ],
)
def test_what_is_wrong_below_the_first_line_is_told_with_its_own(below: str, problem: str) -> None:
    (told,) = problems(f'[brand]\nname = "Acme"\n{below}\n')

    assert told.startswith(f"mine.toml:{problem}")


def test_a_brand_that_is_no_table_is_told_with_its_line() -> None:
    assert problems("# Ours.\n\nbrand = 3\n")[0].startswith("mine.toml:3: no table")


def test_the_longest_texts_are_taken_and_a_letter_more_is_not() -> None:
    url, address = "https://acme.example/" + "x" * 479, "x" * 300
    read = brands(f'[brand]\nname = "{"x" * 80}"\nwebsite = "{url}"\naddress = "{address}"\n').default

    assert (read.name, read.website, read.address) == ("x" * 80, url, address)
    assert len(problems(f'[brand]\nwebsite = "{url}x"\naddress = "{address}x"\n')) == 2


def test_a_postal_address_with_what_cant_be_printed_is_refused() -> None:
    (told,) = problems('[brand]\naddress = "Acme Ltd\\n1 High\\u0007 Street"\n')

    assert "is no postal address" in told


def test_a_brand_whose_debts_several_others_take_is_told_of_all_of_them() -> None:
    several = "".join(
        f"[brand.{key}]\nwhen = {{ currency = {currencies} }}\n"
        for key, currencies in (("a", '"EUR"'), ("b", '"CHF"'), ("c", '["CHF", "EUR"]'))
    )

    (told,) = problems(several)

    assert "'c' is never chosen: every debt it fits goes to 'a' and 'b' before it" in told


def test_a_brand_that_is_never_chosen_is_refused() -> None:
    (told,) = problems(OTHER + OTHER.replace("pro]", "late]"))

    assert told == (
        "mine.toml:8: 'late' is never chosen: every debt it fits goes to 'pro' before it; "
        "should stand first, or ask for something else in when"
    )


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        (Brand(name="Acme Pro", sender=Mailbox("Acme", "a@acme.example")), "Acme Pro"),
        (Brand(sender=Mailbox("Acme", "a@acme.example")), "Acme"),
        (Brand(sender=Mailbox(None, "a@acme.example")), "acme.example"),
        (Brand(), "Seller"),
    ],
)
def test_a_brand_always_has_a_name(brand: Brand, name: str) -> None:
    assert brand.known_as(Mailbox("Seller", "billing@seller.example")) == name


@pytest.mark.parametrize(
    ("support", "address", "link"),
    [
        ("help@acme.example", "help@acme.example", "mailto:help@acme.example"),
        ("a?b&c@acme.example", "a?b&c@acme.example", "mailto:a%3Fb%26c@acme.example"),
        ("https://acme.example/help", "", "https://acme.example/help"),
        ("", "", ""),
    ],
)
def test_the_way_to_the_support_is_an_address_or_a_link(support: str, address: str, link: str) -> None:
    brand = Brand(support=support)

    assert (brand.support_address, brand.support_link) == (address, link)
    assert brand.scheme.light.button == DEFAULT
