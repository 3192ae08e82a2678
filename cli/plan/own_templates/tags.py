"""The tags of a template, each with its place: HTML or MJML, with the Jinja still inside."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate

_ATTRIBUTE = re.compile(
    r"""\s(?P<name>[a-zA-Z][\w:-]*)\s*=\s*(?:(?P<quote>["'])(?P<value>.*?)(?P=quote)|(?P<bare>[^\s"'<>]+))""", re.DOTALL
)
# Outlook reads what follows `<!--[if`.
_COMMENT = re.compile(r"\{#.*?#\}|<!--(?!\[if).*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: where its name and its value are in the source, and on which line."""

    name: str
    value: str
    line: int
    name_at: int
    value_at: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that opens, and those that it stands in."""

    name: str
    line: int
    inside: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    written: str
    """The name as it stands there, in small letters or capital ones."""


def read_tags(source: str) -> list[Tag]:
    """Return the tags in their order."""
    reader = _Reader(source)
    reader.feed(source)
    reader.close()
    return reader.tags


def without_comments(source: str) -> str:
    """Return the source with nothing in place of what is in comments, but for their line ends."""
    return _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source)


@dataclass
class _Reader(HTMLParser):
    source: str
    tags: list[Tag] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.starts = [0, *accumulate(len(line) for line in self.source.splitlines(keepends=True))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        line, column = self.getpos()
        begins = self.starts[line - 1] + column
        text = self.get_starttag_text() or ""
        attributes = tuple(
            Attribute(
                found["name"],
                found["value"] or found["bare"] or "",
                line + text.count("\n", 0, found.start("name")),
                begins + found.start("name"),
                begins + found.start("bare" if found["bare"] else "value"),
            )
            for found in _ATTRIBUTE.finditer(text)
        )
        self.tags.append(Tag(tag, line, tuple(self.inside), attributes, text[1 : len(tag) + 1]))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass
