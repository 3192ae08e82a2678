"""A seller's own sentences: `sentences.toml` in their folder of templates, and `TAG/sentences.toml` for a language."""

import re
import tomllib
from pathlib import Path

from dunning.errors import ConfigurationError
from dunning.language.choose import ENGLISH_TAG, LANGUAGES
from dunning.language.sentences import Sentences, sentences_in

OWN_SENTENCES = "sentences.toml"

_HEADER = re.compile(r"\s*\[(?P<path>[\w.-]+)\]")
_NAMED = re.compile(r"\s*(?P<path>[\w.-]+)\s*=")


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
    found: dict[str, Sentences] = {}
    problems = list[str]()
    everywhere = [(ENGLISH_TAG, folder / OWN_SENTENCES)]
    for language, file in [*everywhere, *((tag, folder / tag / OWN_SENTENCES) for tag in sorted(LANGUAGES))]:
        text = ""
        try:
            text = file.read_text(encoding="utf-8-sig")
            found[language] = found.get(language, sentences_in(language)).with_own(tomllib.loads(text))
        except FileNotFoundError:
            continue
        except UnicodeDecodeError:
            problems.append(f"{file}: it is not UTF-8 text; save it as UTF-8")
        except OSError as error:
            problems.append(f"{file}: it can't be read: {error.strerror}")
        except ValueError as error:
            what, _, place = str(error).partition(" (at line ")
            problems.append(f"{file}:{place.partition(',')[0] or 1}: it can't be read as TOML: {what}")
        except ConfigurationError as error:
            problems += [f"{file}:{_line_of(_key_in(problem), text)}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigurationError(problems)
    return found


def _key_in(problem: str) -> str:
    return problem.partition(" ")[0].rstrip(":")


def _line_of(key: str, text: str) -> int:
    """Find the line of a sentence, or else that of the nearest table around it."""
    table, nearest, line_of_nearest = "", "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = path = header["path"]
        elif named := _NAMED.match(line):
            path = f"{table}.{named['path']}" if table else named["path"]
        else:
            continue
        if f"{path}.".startswith(f"{key}."):
            return number
        if f"{key}.".startswith(f"{path}.") and len(path) > len(nearest):
            nearest, line_of_nearest = path, number
    return line_of_nearest
