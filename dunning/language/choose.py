"""Which language a customer is written to in, and how amounts and dates are written there."""

from babel.core import Locale

from dunning.language.money import find_locale

# English for now.
LANGUAGE = "en"


def locale_of_words(tag: str) -> Locale:
    """Return the locale in which amounts and dates are written: that of the sentence they stand in.

    That is the customer's own, `tag`, where it is of the mail's language: those of Great Britain get their dates as
    they write them.
    """
    locale = find_locale(tag)
    return locale if locale.language == LANGUAGE else Locale(LANGUAGE)
