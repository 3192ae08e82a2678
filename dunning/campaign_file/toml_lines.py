"""Where in a TOML text each table and key stands: `tomllib` gives the values and forgets their lines."""

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""The way to a value: `("campaign", "renewal", "step", 0, "name")`."""


class TomlLines:
    """The line on which each table and key of one valid TOML text stands."""

    def __init__(self, text: str) -> None:
        """Note where everything in `text` is.

        Each line is read by itself, if it is TOML by itself. So keys inside a value that spans several lines aren't
        seen. They are found at the line where that value begins.
        """
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for number, line in enumerate(_split(text), start=1):
            document = _read(line) or _read(line.partition("=")[0] + "=0")
            if line.lstrip().startswith("["):
                table = self._enter(document) or table
                self._note(table, number)
            else:
                for path in _paths(document):
                    self._note(table + path, number)

    def line_of(self, path: KeyPath) -> int:
        """Find the line of what `path` leads to, or else of the nearest thing around it that has a line."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _note(self, path: KeyPath, number: int) -> None:
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], number)

    def _enter(self, header: object) -> KeyPath:
        """Follow a header, `[a.b]` or `[[a.b]]`, to the table it opens. A list's item opens none: return ()."""
        path: KeyPath = ()
        while isinstance(header, dict) and header:
            key, header = next(iter(header.items()))
            path += (key,)
            if isinstance(header, list):
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                path += (self._lengths[path] - 1,)
        return path


def syntax_problem(text: str, error: tomllib.TOMLDecodeError) -> tuple[int, str]:
    """Take what `tomllib` says about `text` apart: the line, and what is wrong there."""
    what, _, place = str(error).rpartition(" (at ")
    line = re.match(r"line (\d+),", place)
    return int(line[1]) if line else len(_split(text.rstrip())), what


def _split(text: str) -> list[str]:
    # Not splitlines(), which knows ten more line ends than TOML does.
    return text.replace("\r\n", "\n").split("\n")


def _read(line: str) -> dict[str, object]:
    try:
        return tomllib.loads(line)
    except ValueError:  # TOMLDecodeError, or a number that is too long for Python
        return {}


def _paths(value: object) -> Iterator[KeyPath]:
    """List the ways to `value` and to everything in it."""
    yield ()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        for path in _paths(item):
            yield (key, *path)
