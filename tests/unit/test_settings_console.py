"""The private side's settings: which there are, and what stands beside what."""

import pytest

from dunning.people import PersonRole
from dunning.settings.console import LONGEST_NAME
from dunning.settings.load import load_settings
from dunning.settings.values_of_console import parse_people
from tests.unit.good_settings import GOOD, problems_of

HEADER, TRUSTED = "DUNNING_CONSOLE_PROXY_HEADER", "DUNNING_CONSOLE_PROXY_TRUSTED"
OPERATORS = "DUNNING_CONSOLE_PROXY_OPERATORS"


def test_nothing_has_to_be_set() -> None:
    console = load_settings(GOOD).console

    assert (console.host, console.port, console.given_url, console.proxy) == ("127.0.0.1", 8090, None, None)
    assert console.names == {"127.0.0.1"}


def test_the_names_are_those_that_were_given() -> None:
    console = load_settings(
        GOOD
        | {
            "DUNNING_CONSOLE_HOST": "Console",
            "DUNNING_CONSOLE_URL": "https://Dunning.example.com:8443",
            "DUNNING_CONSOLE_NAMES": "one.example, TWO",
        }
    ).console

    assert console.names == {"console", "dunning.example.com", "one.example", "two"}


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::7", True),
        ("2001:db8::8", False),
        ("fe80::1%eth0", False),
        ("", False),
        (None, False),
    ],
)
def test_a_proxy_is_known_by_its_address(address: str | None, trusted: bool) -> None:  # noqa: FBT001 - what is expected
    given = GOOD | {HEADER: "X-User", TRUSTED: "192.0.2.0/24, 2001:db8::7", OPERATORS: "Ada"}
    proxy = load_settings(given).console.proxy

    assert proxy is not None
    assert proxy.trusts(address) is trusted
    assert (proxy.role_of("Ada"), proxy.role_of("ada")) == (PersonRole.OPERATOR, PersonRole.VIEWER)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({HEADER: "X-User"}, f"{TRUSTED}: it is missing beside {HEADER}, which anybody could send; it should be"),
        ({TRUSTED: "192.0.2.1"}, f"{HEADER}: it is missing beside {TRUSTED}; it should be"),
        ({OPERATORS: "Ada"}, f"{HEADER}: it is missing beside {OPERATORS}; it should be"),
        ({HEADER: "X User", TRUSTED: "::1"}, f"{HEADER}: it is no header's name; it should be"),
        ({HEADER: "Cookie", TRUSTED: "::1"}, f"{HEADER}: it is a header that browsers fill in; it should be"),
        ({HEADER: "Sec-User", TRUSTED: "::1"}, f"{HEADER}: it is a header that browsers fill in; it should be"),
        ({HEADER: "X-User", TRUSTED: "proxy"}, f"{TRUSTED}: it holds what is neither an IP address nor a network; it"),
        ({HEADER: "X-User", TRUSTED: "192.0.2.1/24"}, f"{TRUSTED}: it holds what is neither an IP address nor a"),
        ({HEADER: "X-User", TRUSTED: "::1,0.0.0.0/0"}, f"{TRUSTED}: it holds every address there is; it should be"),
        ({HEADER: "X-User", TRUSTED: "::1", OPERATORS: "Ada,,Bo"}, f"{OPERATORS}: it holds a name that is empty, "),
        ({"DUNNING_CONSOLE_NAMES": "console:8090"}, "DUNNING_CONSOLE_NAMES: it holds a port, or is no host name; it"),
        ({"DUNNING_CONSOLE_URL": "http://example.com"}, "DUNNING_CONSOLE_URL: it is http, which only an address of "),
    ],
)
def test_what_is_wrong_or_missing_is_told(given: dict[str, str], problem: str) -> None:
    (told,) = problems_of(GOOD | given)

    assert told.startswith(problem)


def test_a_name_is_as_long_as_the_longest_and_no_longer() -> None:
    longest = "a" * LONGEST_NAME

    assert parse_people(f"Ada, {longest}") == ("Ada", longest)
    with pytest.raises(ValueError, match="longer than 100 characters"):
        parse_people(f"Ada, {longest}a")
