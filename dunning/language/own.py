"""A seller's own sentences: `sentences.toml` in their folder of templates, and `TAG/sentences.toml` for a language."""

import tomllib
from pathlib import Path

from dunning.errors import ConfigurationError
from dunning.language.choose import ENGLISH_TAG, LANGUAGES
from dunning.language.sentences import Sentences, sentences_in

OWN_SENTENCES = "sentences.toml"


class Languages:
    """The sentences of every language, with those of a seller in place of some.

    Raises:
        ConfigurationError: a file can't be read, or says what isn't known; each problem names the file.
    """

    def __init__(self, folder: Path | None) -> None:
        self._own = {} if folder is None else _read_all(folder)

    def sentences(self, language: str) -> Sentences:
        """Return the sentences of one of our languages. A catalog is read when it is first asked for."""
        return self._own.get(language) or sentences_in(language)


def _read_all(folder: Path) -> dict[str, Sentences]:
    found, problems = {}, []
    for language in LANGUAGES:
        file = folder / OWN_SENTENCES if language == ENGLISH_TAG else folder / language / OWN_SENTENCES
        try:
            found[language] = sentences_in(language).with_own(tomllib.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            problems.append(f"{file}: it can't be read as TOML: {error}")
        except ConfigurationError as error:
            problems += [f"{file}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigurationError(problems)
    return found
