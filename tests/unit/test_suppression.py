import pytest

from dunning.suppression import address_key

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
