"""Days as the customer's locale writes them, where CLDR's data alone would read wrong."""

import re
from datetime import date

from babel.core import Locale
from babel.dates import format_date, format_interval, format_skeleton

# How the first day of a month is written where its number alone would read wrong. CLDR has no ordinals for dates.
_FIRST_OF_MONTH = {"fr": "1er", "pt_BR": "1\u00ba"}
_FIRST = re.compile(r"(?<!\d)1(?=\s)")
# CLDR pads the days of Italian periods, and of no other Italian dates.
_PADDED = re.compile(r"(?<!\d)0(?=\d)")
_PADS = "it"
# Its months have no short names, but Babel has those of Egypt for regions that call them otherwise, such as Lebanon.
_HAS_NO_SHORT_MONTHS = "ar"


def format_day(day: date, locale: Locale) -> str:
    """Write a day with its month in full: `2 décembre 2026`."""
    return _as_people_write(format_date(day, "long", locale=locale), locale)


def format_day_of_year(day: date, locale: Locale, *, in_figures: bool = False) -> str:
    """Write a day without its year: `2 déc.`, or in figures, `02/12`."""
    return _as_people_write(format_skeleton("Md" if in_figures else "MMMd", day, locale=locale), locale)


def format_period(first: date, last: date, locale: Locale) -> str:
    """Write a period: from `2 mars` to `2 avr. 2026`, with what the language writes between them."""
    return _as_people_write(format_interval(first, last, "yMMMd", locale=locale), locale)


def _as_people_write(written: str, locale: Locale) -> str:
    if first := _FIRST_OF_MONTH.get(str(locale)) or _FIRST_OF_MONTH.get(locale.language):
        return _FIRST.sub(first, written)
    if locale.language == _PADS:
        return _PADDED.sub("", written)
    if locale.language == _HAS_NO_SHORT_MONTHS:
        short, full = (locale.months["format"][name] for name in ("abbreviated", "wide"))
        in_full = {short[month]: full[month] for month in short}
        return re.sub("|".join(in_full), lambda month: in_full[month[0]], written)
    return written
