from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.addresses.mail_server import parse_mail_url
from dunning.addresses.mailbox import parse_mailbox
from dunning.addresses.redis import check_redis_url
from dunning.settings.values import parse_portal_login_url, parse_public_url

SCHEMES = ["", "https:", "http://", "smtp://", "smtps://u:p@", "resend://", "postmark://", "file://", "console:"]
STARTS = [*SCHEMES, "redis://", "unix://", "redis+sentinel://", "redis://["]
PIECES = [
    "@",
    ":",
    "/",
    "?",
    "#",
    "[",
    "]",
    "%",
    "%0a",
    ",",
    "a",
    "1",
    "localhost",
    ".com",
    "tls=off",
    "<",
    "\n",
    "\ud800",
    "é",
]


@pytest.mark.parametrize(
    "parse", [parse_mail_url, check_redis_url, parse_public_url, parse_portal_login_url, parse_mailbox]
)
@given(start=st.sampled_from(STARTS), rest=st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_is_given_is_read_or_refused(parse: Callable[[str], object], start: str, rest: list[str]) -> None:
    refused = ""
    try:
        parse(start + "".join(rest))
    except ValueError as error:
        refused = str(error)

    # Our own sentence, not a library's, which may quote the value.
    assert not refused or refused.startswith(("it ", "its "))
