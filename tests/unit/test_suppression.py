import contextlib
import hmac
from hashlib import sha256

import pytest

from dunning.suppression import PURPOSE, address_key, address_keys

SECRET = "a-link-secret-of-at-least-32-characters"


def test_the_same_mailbox_has_one_key_however_it_is_written() -> None:
    assert address_key(" Ada@Example.COM\n", SECRET) == address_key("ada@example.com", SECRET)


def test_a_domain_has_one_key_in_letters_and_in_ascii() -> None:
    in_ascii = address_key("ada@xn--bcher-kva.example", SECRET)

    assert address_key("ada@b\u00fccher.example", SECRET) == in_ascii
    assert address_key("ada@B\u00dcCHER.example", SECRET) == in_ascii


def test_the_domain_is_what_follows_the_last_at() -> None:
    assert address_key('"ada@home"@b\u00fccher.example', SECRET) == address_key(
        '"ada@home"@xn--bcher-kva.example', SECRET
    )


@pytest.mark.parametrize("domain", ["", ".", "x" * 64 + ".example", "\udcff.example"])
def test_a_domain_that_is_none_has_a_key_of_its_own(domain: str) -> None:
    assert address_key(f"ada@{domain}", SECRET) != address_key("ada@example.com", SECRET)


def test_other_mailboxes_and_other_secrets_have_other_keys() -> None:
    keys = {
        address_key("ada@example.com", SECRET),
        address_key("bob@example.com", SECRET),
        address_key("ada@example.com", SECRET + "!"),
    }

    assert len(keys) == 3


def test_the_key_shows_nothing_of_the_address() -> None:
    key = address_key("ada@example.com", SECRET)

    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_an_address_that_is_no_text_at_all_has_a_key_too() -> None:
    assert address_key("\udcff@example.com", SECRET)
    assert address_key("ada@example.com", "\udcff")


def test_what_was_suppressed_stays_so_in_later_releases() -> None:
    """Keys outlive the release that made them."""
    assert address_key("Ada@Example.com", SECRET) == "a330735496750f17f6081fef1d90eb7204d847228229e24dcd36d83d6a8d79cc"


def test_a_domain_is_not_taken_for_one_that_may_be_another_owners() -> None:
    assert address_key("eve@faß.de", SECRET) != address_key("eve@fass.de", SECRET)
    assert address_key("eve@faß.de", SECRET) == address_key("eve@xn--fa-hia.de", SECRET)


def test_a_domain_in_capitals_has_the_key_of_what_mail_to_it_is_addressed_to() -> None:
    assert address_key("eve@ΒΌΛΟΣ.gr", SECRET) == address_key("eve@xn--nxasmq6b.gr", SECRET)


def test_a_full_stop_at_the_end_is_the_same_domain() -> None:
    assert address_key("eve@example.com.", SECRET) == address_key("eve@example.com", SECRET)


def test_an_address_is_looked_up_under_every_secret_and_under_the_key_of_earlier_releases() -> None:
    keys = address_keys("Eve@faß.de", [SECRET, SECRET + "!"])

    assert keys == [
        address_key("eve@xn--fa-hia.de", SECRET),
        address_key("eve@fass.de", SECRET),
        address_key("eve@xn--fa-hia.de", SECRET + "!"),
        address_key("eve@fass.de", SECRET + "!"),
    ]


@pytest.mark.parametrize("email", ["Ada@Bücher.example", '"ada@Home"@Bücher.example', "Ada@Exa mple", "Ada@.Example"])
def test_an_address_that_earlier_releases_wrote_alike_is_looked_up_once(email: str) -> None:
    assert address_keys(email, [SECRET]) == [address_key(email.lower(), SECRET)]


@pytest.mark.parametrize("domain", ["☃.net", "a_b.example", "x" * 64 + ".example", "", "ß" * 64])
def test_what_was_suppressed_under_a_domain_that_is_none_any_more_stays_so(domain: str) -> None:
    """The key of release 0.1.0, written out."""
    written = domain
    with contextlib.suppress(UnicodeError):
        written = domain.encode("idna").decode("ascii")
    before = hmac.new(SECRET.encode(), PURPOSE + f"ada@{written}".encode(), sha256).hexdigest()

    assert before in address_keys(f"Ada@{domain}", [SECRET])
