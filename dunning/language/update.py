"""Bring catalogs up to date with the English sentences: `python -m dunning.language.update TAG…`, or all of them.

For a tag that has no catalog yet, one is begun. A sentence that changed in English is marked as fuzzy, and is said in
English until somebody has looked at it; one that is gone is dropped.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from dunning.language.catalogs import read_catalog
from dunning.language.choose import CATALOGS, ENGLISH_TAG, LANGUAGES, locale_of
from dunning.language.sentences import ENGLISH

# In place of the time of each writing, which would differ without a change. Git knows when what was written.
WRITTEN_AT = datetime(2026, 11, 30, tzinfo=UTC)
HEADER = """\
# What customers read, in {language}. How it is to sound: docs/languages/{tag}.md
# Reviewed by a native speaker: no"""


def template() -> Catalog:
    """Return all there is to translate."""
    catalog = Catalog()
    for message in ENGLISH.messages():
        text = (message.text, message.plural) if message.plural else message.text
        catalog.add(text, context=message.context, auto_comments=_limits(message.context))
    return catalog


def update(tag: str, folder: Path) -> int:
    """Write a language's catalog anew, and return how many of its sentences are still to be translated.

    Raises:
        UnknownLocaleError: there is no such language.
    """
    locale = locale_of(tag)
    try:
        catalog = read_catalog(tag, folder)
        catalog.update(template(), no_fuzzy_matching=True)
    except FileNotFoundError:
        catalog = Catalog(
            locale=locale,
            header_comment=HEADER.format(language=locale.english_name, tag=tag),
            project="paddle-dunning",
            version="1",
            msgid_bugs_address="none",
            last_translator="The Dunning developers",
            language_team=tag,
            fuzzy=False,
        )
        catalog.update(template())
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = WRITTEN_AT
    with (folder / f"{tag}.po").open("wb") as file:
        write_po(file, catalog, width=0, no_location=True, omit_header=False, include_lineno=False)
    return sum(bool(message.id) and (message.fuzzy or not _is_said(message.string)) for message in catalog)


def _is_said(string: object) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def _limits(context: str) -> list[str]:
    """Tell a translator what has to fit where."""
    if context.startswith("mail.button."):
        return [
            "A button: at most 24 characters with an amount and a short product filled in. An ideograph counts as two."
        ]
    if ".subject" in context:
        return ["A subject: at most 45 characters, with a short product filled in. An ideograph is two."]
    if ".preheader" in context:
        return ["At most 90 characters with an amount filled in."]
    return []


def main(tags: Sequence[str], folder: Path) -> None:
    """Update these languages' catalogs, or all."""
    for tag in tags or sorted(LANGUAGES - {ENGLISH_TAG}):
        print(f"{tag}: {update(tag, folder)} to translate")  # noqa: T201 - this is a command


if __name__ == "__main__":
    main(sys.argv[1:], CATALOGS)
