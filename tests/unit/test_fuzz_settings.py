"""Whatever the environment holds, it is settings, or a line for each problem that shows no value."""

import re
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.errors import ConfigurationError
from dunning.settings.load import KNOWN, Settings, load_paddle_settings, load_settings
from tests.unit.good_settings import GOOD, SECRET

Read = TypeVar("Read")

GOOD_AND_OPTIONAL = GOOD | {
    "DUNNING_PADDLE_API_URL": "http://localhost:8000",
    "DUNNING_PADDLE_RATE_LIMIT": "3",
    "DUNNING_WEBHOOK_TOLERANCE": "5m",
    "DUNNING_LINK_MINT": "send",
    "DUNNING_MAIL_REPLY_TO": "help@example.com",
    "DUNNING_MAIL_REDIRECT": "me@example.com",
    "DUNNING_BREAKER": "off",
    "DUNNING_ALERT_URLS": "json://127.0.0.1:1/x",
    "DUNNING_OUT_WEBHOOKS": "https://app.example.com/x#whsec_" + "a" * 32,
    "DUNNING_HOST": "::1",
    "DUNNING_PORT": "0",
}
WHOLE = [
    *GOOD_AND_OPTIONAL.values(),
    *["", " ", ",", SECRET, f"{SECRET},", "0", "-1", "9" * 5000, "1e9", "٣", "0s", "9" * 12 + "d", "live_" + SECRET],
    *[f"smtp://u:{SECRET}@mail.example.com", f"smtps://{SECRET}@h", f"resend://{SECRET}@default?api_url=x"],
    *[f"resend://k@default?webhook_secret={SECRET}", f"postmark://{SECRET}@default", "file:///tmp", "console:"],
    *[f"redis://:{SECRET}@[::1", f"redis+sentinel://:{SECRET}@a,b:x/m", f"unix:///run/r.sock?password={SECRET}"],
    *[f"https://{SECRET}@example.com", f"https://example.com/?token={SECRET}", f"ftp://{SECRET}", f"//{SECRET}"],
    *[f"Acme {SECRET} <a@b.example>", f"{SECRET}@", f"a@b.example, {SECRET}@b.example", f"pdl_sdbx_{SECRET}"],
]
PIECES = [
    SECRET,
    "\n",
    "\r\n",
    "\t",
    "%00",
    "%zz",
    "@",
    ":",
    "/",
    "?",
    "#",
    "[",
    ",",
    "<",
    ">",
    '"',
    "é",
    "\udcff",
    "🚀",
    "=",
]


@st.composite
def values(draw: st.DrawFn) -> str:
    """Give a value that is right for some variable, perhaps with odd pieces put into it."""
    value = draw(st.sampled_from(WHOLE))
    for piece in draw(st.lists(st.sampled_from(PIECES), max_size=2)):
        at = draw(st.integers(0, len(value)))
        value = value[:at] + piece + value[at:]
    return value


# A path is shown, being no secret; and a folder or file that is not there is all that can be told of most.
SHOWN = {"DUNNING_CAMPAIGN_FILE", "DUNNING_TEMPLATES"}
names = st.sampled_from(sorted({*KNOWN} - SHOWN)) | st.sampled_from(["DUNNING_PROT", "DUNNING_", "DUNNING_LINK_SECRET"])
environments = st.builds(
    lambda changes, left_out: {
        name: value for name, value in (GOOD_AND_OPTIONAL | changes).items() if name not in left_out
    },
    st.dictionaries(names, values(), max_size=4),
    st.sets(st.sampled_from(sorted(GOOD)), max_size=1),
)


@given(environments)
@example({name: SECRET for name in KNOWN if name not in SHOWN})
def test_an_environment_is_settings_or_a_line_for_each_problem_without_a_value(environ: dict[str, str]) -> None:
    read = outcome(load_settings, environ)

    if isinstance(read, ConfigurationError):
        assert read.problems
        assert all(re.match(r"DUNNING_\w*: \S", line) and line.isprintable() for line in read.problems)
        assert SECRET not in str(read)
        assert read.__cause__ is None
    else:
        assert SECRET not in shown(read)


@given(environments)
def test_what_it_takes_to_reach_paddle_is_read_or_refused_likewise(environ: dict[str, str]) -> None:
    read = outcome(load_paddle_settings, environ)

    if isinstance(read, ConfigurationError):
        assert SECRET not in str(read)
    else:
        assert SECRET not in repr(read.api_key)
        assert read.rate_limit >= 1


@pytest.mark.parametrize("name", ["DUNNING_CAMPAIGN_FILE", "DUNNING_TEMPLATES"])
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@example(path="a\x00b")
@example(path="x" * 5000)
@example(path="/")
def test_a_path_of_any_letters_is_read_or_refused(name: str, path: str) -> None:
    read = outcome(load_settings, GOOD | {name: path})

    assert isinstance(read, Settings) or all(line.startswith(f"{name}: ") for line in read.problems)


def outcome(load: Callable[[dict[str, str]], Read], environ: dict[str, str]) -> Read | ConfigurationError:
    try:
        return load(environ)
    except ConfigurationError as error:
        return error


def shown(settings: Settings) -> str:
    """Give what is secret as a log or a traceback might show it."""
    paddle = settings.paddle
    return repr([paddle.api_key, settings.webhook_secrets, settings.link_secrets, settings.redis_url, settings.mail])
