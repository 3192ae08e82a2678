"""Amounts as the customer's locale writes them."""

import re
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency

# How many digits the minor unit has where it isn't two, by ISO 4217. Paddle counts in these:
# https://developer.paddle.com/concepts/sell/supported-currencies. What a language shows may be fewer (CLDR writes
# Serbian dinars without their hundredths), so Babel can't be asked.
_MINOR_DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_USUAL_MINOR_DIGITS = 2

# In Arabic, `US$` is read as `$US` unless a mark says that its sign belongs to its letters. CLDR marks `ر.س.` alone.
_RIGHT_TO_LEFT, _LEFT_TO_RIGHT = "\u200f", "\u200e"
_LETTERS_AND_SIGN = re.compile(r"[A-Z]+[^\w\s]")

FALLBACK_LOCALE = Locale("en")


def format_money(amount: int, currency: str, locale: str) -> str:
    """Write `amount`, in minor units of `currency`, as people of `locale` do: 1200, EUR, de is `12,00 €`.

    An unknown locale falls back to its language and then to English; an unknown currency is shown by its code.
    """
    digits = _MINOR_DIGITS.get(currency, _USUAL_MINOR_DIGITS)
    value = Decimal(amount).scaleb(-digits)
    # Never rounded: a cent that isn't shown would make it another amount.
    written = format_currency(value, currency, locale=find_locale(locale), decimal_quantization=False)
    return _LETTERS_AND_SIGN.sub(rf"\g<0>{_LEFT_TO_RIGHT}", written) if _RIGHT_TO_LEFT in written else written


# https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1
LONGEST_TAG = 35


@lru_cache(maxsize=512)
def find_locale(tag: str) -> Locale:
    """Find the nearest known locale to a BCP 47 tag: `pt-BR`, then `pt`, then English."""
    subtags = tag[:LONGEST_TAG].replace("_", "-").split("-")
    while subtags:
        try:
            return Locale.parse("-".join(subtags), sep="-")
        except (UnknownLocaleError, ValueError):
            subtags.pop()
    return FALLBACK_LOCALE
