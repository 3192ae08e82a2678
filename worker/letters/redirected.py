"""Say in a mail that goes to `DUNNING_MAIL_REDIRECT` whom it was for, so that test mails can be told apart.

It is put in by us and not by a template, so that it stands in mails from a seller's own templates too.
"""

import re
from html import escape

HEADER = "X-Original-To"

# An attribute may hold a `>` between quotes.
_BODY = re.compile(r"""<body(?:\s(?:[^>"']|"[^"]*"|'[^']*')*)?>""", re.IGNORECASE)

# In colours of its own, so that it is read on any background.
_STYLE = "margin:0;padding:12px 16px;background:#fff3bf;color:#1c1d21;font:14px/20px Helvetica,Arial,sans-serif"


def above_text(text: str, address: str) -> str:
    """Put the sentence on the first line of a text part."""
    return f"{_sentence(address)}\n\n{text}"


def above_html(html: str, address: str) -> str:
    """Put the sentence at the top of an HTML part, as the first thing in its body."""
    line = f'<p lang="en" dir="ltr" style="{_STYLE}">{escape(_sentence(address))}</p>'
    body = _BODY.search(html)
    return f"{html[: body.end()]}{line}{html[body.end() :]}" if body else line + html


def _sentence(address: str) -> str:
    return f"Redirected: this email is for {address}."
