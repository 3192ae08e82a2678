import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from dunning.language.money import find_locale, format_money

NBSP = "\u00a0"
# https://developer.paddle.com/concepts/sell/supported-currencies
PADDLE_CURRENCIES = [
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "AUD",
    "CAD",
    "CHF",
    "HKD",
    "SGD",
    "SEK",
    "ARS",
    "BRL",
    "CLP",
    "CNY",
    "COP",
    "CZK",
    "DKK",
    "HUF",
    "ILS",
    "INR",
    "KRW",
    "MXN",
    "NOK",
    "NZD",
    "PEN",
    "PLN",
    "RUB",
    "THB",
    "TRY",
    "TWD",
    "UAH",
    "VND",
    "ZAR",
]


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        (1200, "USD", "en", "$12.00"),
        (1200, "EUR", "de", f"12,00{NBSP}€"),
        (120050, "BRL", "pt-BR", f"R${NBSP}1.200,50"),
        (100, "JPY", "ja", "￥100"),
        (100, "JPY", "en", "¥100"),
        (15000, "KRW", "ko", "₩15,000"),
        (1990, "CLP", "es-CL", "$1.990"),
        (50000, "VND", "vi", f"50.000{NBSP}₫"),
        (5, "USD", "en", "$0.05"),
        (0, "USD", "en", "$0.00"),
        (-1200, "USD", "en", "-$12.00"),
        (1234, "KWD", "en", "KWD1.234"),
    ],
)
def test_an_amount_is_written_as_its_locale_does(amount: int, currency: str, locale: str, written: str) -> None:
    assert format_money(amount, currency, locale) == written


@pytest.mark.parametrize(
    ("currency", "sign"),
    [
        ("USD", "US$\u200e"),
        ("GBP", "UK£\u200e"),
        ("CAD", "CA$\u200e"),
        ("EUR", "€"),
        ("CHF", "CHF"),
        ("AED", "د.إ.\u200f"),
    ],
)
def test_in_arabic_a_sign_stays_with_its_letters(currency: str, sign: str) -> None:
    """Where the mark is missing, `US$` is read as `$US`."""
    assert format_money(900, currency, "ar") == f"\u200f9.00{NBSP}{sign}"


@pytest.mark.parametrize("currency", PADDLE_CURRENCIES)
def test_every_currency_of_paddle_is_written_with_the_digits_its_minor_unit_has(currency: str) -> None:
    digits = 0 if currency in {"JPY", "KRW", "VND", "CLP"} else 2

    assert format_money(123456, currency, "en") == format_currency(123456 / 10**digits, currency, locale="en")


def test_hundredths_are_shown_even_where_people_no_longer_use_them() -> None:
    assert format_money(123456, "RSD", "en") == "RSD1,234.56"


def test_a_currency_nobody_knows_is_shown_by_its_code() -> None:
    assert format_money(1200, "XXQ", "en") == "XXQ12.00"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("pt-BR", "pt_BR"),
        ("pt-XX", "pt"),
        ("zh-Hans", "zh_Hans"),
        ("zh-TW", "zh_Hant_TW"),
        ("en_GB", "en_GB"),
        ("EN-gb", "en_GB"),
        ("de-AT-u-co-phonebk", "de_AT"),
        ("tlh", "en"),
        ("", "en"),
        ("-", "en"),
        ("<script>", "en"),
    ],
)
def test_a_locale_falls_back_to_its_language_and_then_to_english(tag: str, found: str) -> None:
    assert str(find_locale(tag)) == found


@given(st.integers(-(10**18), 10**18), st.text(max_size=8), st.text(max_size=16))
def test_nothing_paddle_could_say_makes_it_raise(amount: int, currency: str, locale: str) -> None:
    assert format_money(amount, currency, locale)
