"""How much room a text takes, where an ideograph is as wide as two letters."""

import unicodedata

# https://www.unicode.org/reports/tr11/#ED4
_WIDE = frozenset({"F", "W"})


def width(text: str) -> int:
    """Count the columns of a text, as lists of mails and buttons show it."""
    return sum(2 if unicodedata.east_asian_width(char) in _WIDE else 1 for char in text)


def cut(text: str, columns: int) -> str:
    """Cut a text so that it takes at most so many columns; a sign tells where something is left out."""
    if width(text) <= columns:
        return text
    kept = text
    while width(kept) >= columns:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
