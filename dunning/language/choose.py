"""Which language a customer is written to in, and how amounts and dates are written there."""

from functools import lru_cache
from pathlib import Path

from babel.core import Locale, get_global

from dunning.language.money import FALLBACK_LOCALE, find_locale

ENGLISH_TAG = "en"
CATALOGS = Path(__file__).parent / "catalogs"
LANGUAGES = frozenset({ENGLISH_TAG, *(file.stem for file in CATALOGS.glob("*.po"))})
"""Those that mails and pages are written in: English, and each that has a catalog."""

# Norwegian is written in two ways, and who writes the one reads the other.
_READ_AS = {"no": "nb", "nn": "nb"}
# Their full stop is as wide as a letter, and no space follows it.
_WIDE_STOP = frozenset({"Hans", "Hant", "Jpan"})
# What CLDR calls plain Portuguese is Brazil's.
_LOCALES = {"pt": Locale("pt", "PT"), "pt-BR": Locale("pt", "BR")}


@lru_cache(maxsize=512)
def find_language(tag: str, default: str = ENGLISH_TAG) -> str:
    """Return which of our languages somebody with this BCP 47 tag reads, or else `default`.

    It is the tag's own, whatever the region: `pt-AO` reads `pt`, `zh-TW` reads `zh-Hant`, `no` reads `nb`. It is never
    one that is written in another script.
    """
    locale = find_locale(tag)
    if locale == FALLBACK_LOCALE and not tag.lower().startswith(ENGLISH_TAG):
        return default
    language, script = _READ_AS.get(locale.language, locale.language), _script(locale)
    for one in (f"{language}-{locale.territory}", f"{language}-{script}", language):
        if one in LANGUAGES and script == _script(locale_of(one)):
            return one
    return default


def locale_of(language: str) -> Locale:
    """Return the locale of one of our languages."""
    return _LOCALES.get(language) or Locale.parse(language, sep="-")


def locale_of_words(tag: str, language: str) -> Locale:
    """Return the locale in which amounts and dates are written: that of the sentence they stand in.

    That is the customer's own, `tag`, where it is of the mail's language: those of Great Britain get their dates as
    they write them.
    """
    own = find_locale(tag)
    if find_language(tag, "") != language or not own.territory or own.language != locale_of(language).language:
        return locale_of(language)
    return own


def is_right_to_left(language: str) -> bool:
    """Say whether the language is written from right to left."""
    return locale_of(language).text_direction == "rtl"


def space_between_sentences(language: str) -> str:
    """Return what stands between two sentences of a paragraph."""
    return "" if _script(locale_of(language)) in _WIDE_STOP else " "


def _script(locale: Locale) -> str:
    """Return the script in which people of the locale write."""
    likely: str = get_global("likely_subtags").get(locale.language, "")  # such as zh_Hans_CN
    return locale.script or "".join(likely.split("_")[1:2])
