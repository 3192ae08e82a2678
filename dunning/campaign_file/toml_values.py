"""Read the values of a TOML file that people write: what is wrong is noted with its line, and reading goes on."""

import re
import reprlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from dunning.campaign_file.toml_lines import KeyPath, TomlLines

# Names end up in Redis keys, Message-IDs and metrics, and those of templates in file names.
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)
Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TextKind:
    """A kind of text that a pattern describes: what it is called, and what one should be."""

    name: str
    pattern: re.Pattern[str]
    shape: str

    def guess(self, written: object) -> str | None:
        """Guess what was meant by a text that differs only in small and capital letters, or by spaces around it."""
        text = str(written).strip()
        return next((guess for guess in (text.upper(), text.lower()) if self.pattern.fullmatch(guess)), None)


class TomlValues:
    """Reads the values of one file.

    A method that reads takes a value and the path to it, which is how its line is found. What is wrong is noted in
    `problems`, by line, and read as None, so that all of it can be told at once.
    """

    def __init__(self, lines: TomlLines) -> None:
        self.problems: list[tuple[int, str]] = []
        self._lines = lines

    def note(self, path: KeyPath, problem: str) -> None:
        """Note what is wrong with the value at `path`, and what it should be."""
        self.problems.append((self._lines.line_of(path), problem))

    def read(
        self, table: Table | None, path: KeyPath, key: str, read: Callable[[object, KeyPath], Value | None]
    ) -> Value | None:
        """Read the value of `key`, if it is there. `table` checks whether it has to be there."""
        return None if table is None or key not in table else read(table[key], (*path, key))

    def table(
        self,
        value: object,
        path: KeyPath,
        shape: str,
        *,
        required: Collection[str] = (),
        optional: Collection[str] = (),
    ) -> Table | None:
        """Read a table of these keys. One that is missing because it is misspelled is noted once."""
        if not isinstance(value, dict):
            self.note(path, f"{shown(value)} is no table; {shape}")
            return None
        known = [*required, *optional]
        meant = {key: nearest(key, known) for key in value if key not in known}
        for key, guess in meant.items():
            self.note((*path, key), f"{key!r} is not known here; {shape}{hint(guess)}")
        for key in required:
            if key not in value and key not in meant.values():
                self.note(path, f"{key!r} is missing; {shape}")
        return value

    def word(self, value: object, path: KeyPath, words: type[Word]) -> Word | None:
        """Read one of the words of an enumeration."""
        known = {word.value: word for word in words}
        if isinstance(value, str) and value in known:
            return known[value]
        guess = nearest(str(value), known)
        self.note(path, f"{shown(value)} is not known here; should be {' or '.join(known)}{hint(guess)}")
        return None

    def name(self, value: object, path: KeyPath) -> str | None:
        """Read a name, of a campaign, a step or a template."""
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        shape = "should be a letter of a-z, then at most 31 of a-z, 0-9, '-' and '_'"
        self.note(path, f"{shown(value)} is no name; {shape}")
        return None

    def parsed(self, value: object, path: KeyPath, parse: Callable[[str], Value], kind: str) -> Value | None:
        """Read a text of some kind, such as a duration. `parse` raises a ValueError that says what it should be."""
        try:
            return parse(value if isinstance(value, str) else "")
        except ValueError as error:
            self.note(path, f"{shown(value)} is no {kind}; {error}")
            return None

    def texts(self, value: object, path: KeyPath, kind: TextKind) -> frozenset[str] | None:
        """Read a text of this kind, or a list of them."""
        items = (
            [((*path, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
        )
        if not items:
            self.note(path, f"an empty list, which nothing would match; {kind.shape}")
            return None
        wrong = [(at, item) for at, item in items if not isinstance(item, str) or not kind.pattern.fullmatch(item)]
        for at, item in wrong:
            self.note(at, f"{shown(item)} is no {kind.name}; {kind.shape}{hint(kind.guess(item))}")
        return None if wrong else frozenset(str(item) for _, item in items)


def shown(value: object) -> str:
    """Write a value as a problem repeats it: on one line, and cut when it is longer than Paddle's ids are."""
    shortened = reprlib.Repr()
    shortened.maxstring = 40
    return shortened.repr(value)


def nearest(word: str, known: Collection[str]) -> str | None:
    """Guess which of the known words was meant."""
    return next(iter(get_close_matches(word, known, n=1)), None)


def hint(guess: str | None) -> str:
    """Word a guess, to stand at the end of a problem."""
    return f" (did you mean {guess!r}?)" if guess else ""
