"""The gettext catalogs: what customers read, in every language but English. Each is one file, `catalogs/TAG.po`."""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from itertools import islice
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dunning.language.choose import CATALOGS, ENGLISH_TAG, locale_of

_REVIEW = re.compile(r"^# Reviewed by a native speaker: (yes|no)$", re.MULTILINE)


def read_catalog(language: str, folder: Path = CATALOGS) -> Catalog:
    """Read a language's file.

    Raises:
        FileNotFoundError: there is none; of English there is never one.
    """
    with (folder / f"{language}.po").open("rb") as file:
        return read_po(file, locale=locale_of(language), abort_invalid=True)


@cache
def load_translations(language: str) -> NullTranslations:
    """Return a language's translations, ready to be asked. What is marked as fuzzy there is left out.

    Raises:
        FileNotFoundError: there is no such language.
    """
    if language == ENGLISH_TAG:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalog(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def is_reviewed(language: str, folder: Path = CATALOGS) -> bool:
    """Say whether a native speaker has reviewed the language, as its file tells. English is our own."""
    if language == ENGLISH_TAG:
        return True
    with (folder / f"{language}.po").open(encoding="utf-8") as file:
        said = _REVIEW.search("".join(islice(file, 3)))
    return said is not None and said[1] == "yes"
