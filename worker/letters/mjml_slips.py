"""Where a text is no MJML, and where Jinja in it goes wrong: its compiler seldom says the one, and moves the lines."""

import re
from collections.abc import Callable

_PLACE = re.compile(r" (?:in root template )?at position (\d+):\d+")
_CUT_OFF, _UNEXPECTED = "unexpected end of stream", "unexpected token"
_UNREADABLE = "unable to parse next template"
_JINJA = re.compile(r"\{[{%].*?[%}]\}")
_TAG = re.compile(r"<(?P<ends>/?)(?P<name>[a-zA-Z][\w-]*)\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(?P<alone>/?)>")
_NEVER_CLOSED = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


def line_of_slip(source: str, said: str, compile_: Callable[[str], object]) -> tuple[int, str]:
    """Return the line of what is wrong, and what is wrong in the compiler's words or better ones.

    Args:
        source: what is no MJML.
        said: what the compiler says about it.
        compile_: the compiler; raises a ValueError.
    """
    place = _PLACE.search(said)
    what = said.replace(place[0], "") if place else said.removesuffix(" in root template")
    if what in {_CUT_OFF, _UNEXPECTED} and (found := _unpaired(source)):
        return found
    if place:
        return source.encode()[: int(place[1])].count(b"\n") + 1, what
    if what == _UNREADABLE:
        return _first_unreadable(source, compile_), f"{what}: perhaps an attribute has no quotes, or a < is no tag's"
    return source.rstrip().count("\n") + 1, what


def _unpaired(source: str) -> tuple[int, str] | None:
    """Return the line of the first tag that isn't closed, or that closes none."""
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(source):
        name, line = tag["name"], source.count("\n", 0, tag.start()) + 1
        if not tag["ends"]:
            if not tag["alone"] and name not in _NEVER_CLOSED:
                opened.append((name, line))
        elif opened and opened[-1][0] == name:
            opened.pop()
        elif all(name != other for other, _ in opened):
            return line, f"</{name}> closes nothing"
        else:
            break
    return (opened[-1][1], f"<{opened[-1][0]}> is not closed") if opened else None


def _first_unreadable(source: str, compile_: Callable[[str], object]) -> int:
    """Return the line after the last up to which all can be read, but for its end that is missing."""
    lines = source.splitlines(keepends=True)
    for end in range(len(lines) - 1, 0, -1):
        try:
            compile_("".join(lines[:end]))
        except ValueError as error:
            if not str(error).startswith(_CUT_OFF):
                continue
        return end + 1
    return 1


def line_of_jinja(source: str, html: str, line: int) -> int | None:
    """Return the line of the source whose Jinja is on a line of the HTML made of it; None where that isn't told."""
    jinja = set(_JINJA.findall("".join(html.split("\n")[line - 1 : line])))
    found = {number: len(jinja & set(_JINJA.findall(text))) for number, text in enumerate(source.split("\n"), start=1)}
    best = max(found, key=lambda number: found[number])
    return best if found[best] else None
