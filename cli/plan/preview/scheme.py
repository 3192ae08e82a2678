"""Showing a page by day or by night, whatever the browser that shows it is set to."""

import re

_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_SUPPORTS = re.compile(r"""(color-schemes?(?:: ?|" content="))light dark""")
_TRUE, _FALSE = "(min-width: 0)", "(max-width: 0)"


def in_scheme(html: str, scheme: str | None) -> str:
    """Return the page as a browser shows it that prefers `light` or `dark`; as it is, if it is to be neither."""
    if scheme not in {"light", "dark"}:
        return html
    decided = _PREFERS.sub(lambda found: _TRUE if found[1] == scheme else _FALSE, html)
    return _SUPPORTS.sub(rf"\g<1>{scheme}", decided)
