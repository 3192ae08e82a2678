"""Words that a template of the seller's says in every language as they are."""

import re
from collections.abc import Iterator
from pathlib import Path

# What is no word of a mail: Jinja, comments, styles, tags and entities.
_JINJA = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_MARKUP = r"<!--.*?-->|<(?:mj-)?style\b.*?</(?:mj-)?style>|<[^>]*>|&\w+;"
_NO_WORDS = {".txt": re.compile(_JINJA, re.DOTALL)}
_NO_WORDS_OF_HTML = re.compile(f"{_JINJA}|{_MARKUP}", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SHOWN = 40


def untranslated(file: Path, source: str) -> Iterator[str]:
    """Name the first words that a template holds itself, with their line."""
    pattern = _NO_WORDS.get(file.suffix, _NO_WORDS_OF_HTML)
    said = pattern.sub(lambda found: "\n" * found[0].count("\n"), source)
    for number, line in enumerate(said.split("\n"), start=1):
        if _WORD.search(line):
            what = f"{line.strip()[:_SHOWN]!r} is said as it is in every language"
            yield f"{file}:{number}: {what}; what is English should stand in sentences.toml, or in the folder en."
            return
