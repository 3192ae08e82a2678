"""Text that strangers wrote, made fit for one line of a mail. Names come from whoever filled in a checkout."""

import re
import unicodedata

_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[/@]|\w\.\w{2}")

MAX_NAME = 60
MAX_PRODUCT = 120

# What would end a line or a header, is half of a character, or turns the reading direction of all that follows.
_NEVER_SHOWN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_TURNS_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, *, at_most: int) -> str:
    """Write `text` on one line of at most `at_most` characters, without control and direction characters."""
    kept = "".join(
        " " if unicodedata.category(char) in _NEVER_SHOWN else char for char in text if char not in _TURNS_DIRECTION
    )
    # Python's parser of headers decodes what looks like an encoded word, line breaks and all, after we have cleaned it.
    line = " ".join(kept.replace("=?", "= ?").split())
    return line if len(line) <= at_most else f"{line[: at_most - 1].rstrip()}…"


def greeting_name(name: str | None) -> str:
    """Give the name to greet a customer by, or nothing.

    A "name" with an address in it is somebody using our mails to advertise: many programs would make it a link.
    """
    line = one_line(name or "", at_most=MAX_NAME)
    return "" if _LOOKS_LIKE_AN_ADDRESS.search(line) else line
