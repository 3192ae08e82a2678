"""Text that strangers wrote, made fit for one line of a mail. Names come from whoever filled in a checkout."""

import re
import unicodedata
from collections.abc import Collection

# Dots and slashes that mail programs and browsers take for the plain ones, or that look so much like them that a reader
# would: https://www.unicode.org/Public/security/latest/confusables.txt. A raised dot is not among them: Catalan has it.
_DOT = r"[.\u3002\u06d4\u0701\u0702\ua4f8\ua60e]"
_SLASH_OR_AT = r"[/@\u2044\u2215\u2571\u29f8]"
_LOOKS_LIKE_AN_ADDRESS = re.compile(rf"{_SLASH_OR_AT}|\w{_DOT}\w{{2}}")

MAX_NAME = 60
MAX_PRODUCT = 120

# What would end a line or a header, or is half of a character.
_NEVER_SHOWN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
# Format characters can't be seen. Some turn the reading direction of all that follows, the others serve to hide things.
_FORMAT = "Cf"
# But these two make one emoji of several, and Persian and Indian names are spelled with them.
_JOINERS = frozenset("\u200c\u200d")
# Marks too can't always be seen: what chooses between two shapes of a letter is one.
_MARKS = frozenset({"Mn", "Me"})


def one_line(text: str, *, at_most: int, keep: Collection[str] = ()) -> str:
    """Write `text` on one line of at most `at_most` characters.

    Control and format characters are left out, and any space is a plain one, but for those that are to be kept.
    """
    kept = "".join(
        " " if category in _NEVER_SHOWN or (char.isspace() and char not in keep) else char
        for char, category in ((char, unicodedata.category(char)) for char in text)
        if category != _FORMAT or char in _JOINERS or char in keep
    )
    # Python's parser of headers decodes what looks like an encoded word, line breaks and all, after we have cleaned it.
    line = " ".join(word for word in kept.replace("=?", "= ?").split(" ") if word)
    return line if len(line) <= at_most else f"{line[: at_most - 1].rstrip()}…"


def greeting_name(name: str | None) -> str:
    """Give the name to greet a customer by, or nothing.

    A "name" with an address in it is somebody using our mails to advertise: many programs would make it a link. It is
    looked for in the name as a program would read it. A name that passes is shown as its owner wrote it: normalised,
    some names would be written wrong, and there is nothing left in it to hide.
    """
    line = one_line(name or "", at_most=MAX_NAME)
    return "" if _LOOKS_LIKE_AN_ADDRESS.search(_as_read(line)) else line


def _as_read(text: str) -> str:
    """Give the text in plain letters, dots and slashes, and without what can't be seen between them."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(char for char in plain if unicodedata.category(char) not in {_FORMAT, *_MARKS})
