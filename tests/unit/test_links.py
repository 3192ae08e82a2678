import string
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from dunning.errors import ExpiredLinkError, InvalidLinkError
from dunning.links import LINK_LIFETIME, LinkClaim, Links, Purpose

OLD = "the-secret-of-last-year-0123456789abcdef"
NEW = "the-secret-of-this-year-0123456789abcdef"
CASE = "txn_01hv8wptq8987qeep44cyrewp9"
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
EXPIRES_AT = NOW + LINK_LIFETIME

MAILED = "TXN_01HV8WPTQ8987QEEP44CYREWP9.1776245400.GNRHR6XBETF6UARP3MMJNE43UEMKR5H2SLGOES6O75VC4YRTSOUA"
MAILED_EARLIER = f"{CASE}.1776245400.Ac7u_rC2pzd1blFc5Fo5EagRfGZtSx1sNzwloDZGcOI"
URL_SAFE = set(string.ascii_letters + string.digits + "-._~")


def test_a_token_is_good_for_its_case() -> None:
    links = Links([NEW])

    assert links.verify(links.sign(CASE, EXPIRES_AT), NOW) == LinkClaim(CASE)


def test_a_token_is_short_and_needs_no_escaping() -> None:
    token = Links([NEW]).sign(CASE, EXPIRES_AT)

    assert len(token) <= 95
    assert set(token) <= URL_SAFE


def test_the_same_case_and_expiry_give_the_same_token() -> None:
    assert Links([NEW, OLD]).sign(CASE, EXPIRES_AT) == Links([NEW]).sign(CASE, EXPIRES_AT)


def test_links_live_for_45_days() -> None:
    assert timedelta(days=45) == LINK_LIFETIME


def test_a_token_is_good_until_the_second_it_expires() -> None:
    links = Links([NEW])
    token = links.sign(CASE, EXPIRES_AT)

    assert links.verify(token, EXPIRES_AT - timedelta(microseconds=1)).case_id == CASE
    with pytest.raises(ExpiredLinkError, match=CASE):
        links.verify(token, EXPIRES_AT)


def test_a_token_signed_with_the_old_secret_outlives_the_change_to_a_new_one() -> None:
    token = Links([OLD]).sign(CASE, EXPIRES_AT)

    assert Links([NEW, OLD]).verify(token, NOW) == LinkClaim(CASE)


def test_the_first_secret_signs() -> None:
    token = Links([NEW, OLD]).sign(CASE, EXPIRES_AT)

    assert Links([NEW]).verify(token, NOW) == LinkClaim(CASE)


def test_a_secret_taken_away_ends_its_links() -> None:
    token = Links([OLD]).sign(CASE, EXPIRES_AT)

    with pytest.raises(InvalidLinkError):
        Links([NEW]).verify(token, NOW)


def test_a_token_made_for_another_purpose_is_refused() -> None:
    other = Signer([NEW], salt=b"dunning.other", key_derivation="hmac", digest_method=sha256)
    token = other.sign(f"{CASE}.{int(EXPIRES_AT.timestamp())}").decode()

    with pytest.raises(InvalidLinkError):
        Links([NEW]).verify(token, NOW)


def test_a_link_that_was_mailed_is_good_in_later_releases() -> None:
    """Tokens outlive the release that made them: for 45 days."""
    assert Links([NEW]).sign(CASE, EXPIRES_AT) == MAILED


@pytest.mark.parametrize(
    ("language", "brand", "token"),
    [
        ("", "", MAILED_EARLIER),
        ("de", "acme", f"{CASE}.1776245400.de~acme.zScOXL9PAHWkP1xalap6YH6oHC40UHOczPBXLM_kt4o"),
    ],
)
def test_a_link_that_was_mailed_before_there_were_capitals_is_good(language: str, brand: str, token: str) -> None:
    links = Links([OLD, NEW])

    assert links.verify(token, NOW) == LinkClaim(CASE, language, brand)
    with pytest.raises(ExpiredLinkError):
        links.verify(token, EXPIRES_AT)
    for purpose, secret in ((Purpose.STOP_REMINDERS, NEW), (Purpose.PAY, OLD)):
        with pytest.raises(InvalidLinkError):
            Links([secret]).verify(token, NOW, purpose)


@pytest.mark.parametrize("language", ["", "ru", "zh-Hant"])
def test_of_the_small_letters_of_a_token_none_is_of_its_id_or_its_signature(language: str) -> None:
    token = Links([NEW]).sign(CASE, EXPIRES_AT, language=language)

    assert "".join(filter(str.islower, token)) == "".join(filter(str.islower, language))


@pytest.mark.parametrize("token", [MAILED, MAILED_EARLIER])
def test_no_change_of_a_single_character_is_accepted(token: str) -> None:
    links = Links([NEW])
    changed = {
        token[:at] + character + token[at + 1 :] for at in range(len(token)) for character in URL_SAFE - {token[at]}
    }

    accepted = [tampered for tampered in changed if is_accepted(links, tampered)]

    assert accepted == []


@pytest.mark.parametrize("token", [MAILED, MAILED_EARLIER])
def test_no_other_spelling_of_a_token_is_accepted(token: str) -> None:
    """Neither the other alphabet's, nor other letters' case, nor what a decoder would pass over."""
    said, _, signature = token.rpartition(".")
    in_capitals = len(signature) == len(MAILED.rpartition(".")[2])
    digest = b32decode(f"{signature}====") if in_capitals else urlsafe_b64decode(f"{signature}=")
    signatures = {
        spelled
        for written in (b32encode(digest).decode(), urlsafe_b64encode(digest).decode())
        for spelled in (written, written.rstrip("="), written.lower(), written.rstrip("=").lower())
    }
    tokens = {f"{text}.{one}" for text in (said, said.upper(), said.lower()) for one in signatures}

    assert [one for one in tokens if is_accepted(Links([NEW]), one)] == [token]


@pytest.mark.parametrize("added", ["\n", " ", "=", ".", "%", "A", "é", "\x00", "\ud800", "x" * 100_000])
def test_nothing_may_be_added_to_a_token(added: str) -> None:
    links = Links([NEW])
    token = links.sign(CASE, EXPIRES_AT)

    assert not is_accepted(links, token + added)
    assert not is_accepted(links, added + token)


def test_a_token_tampered_with_after_it_expired_is_not_called_expired() -> None:
    links = Links([NEW])
    token = links.sign(CASE, NOW - timedelta(days=1))

    with pytest.raises(InvalidLinkError) as refusal:
        links.verify(token.replace("TXN_01", "TXN_02"), NOW)
    assert not isinstance(refusal.value, ExpiredLinkError)


@given(st.one_of(st.text(), st.from_regex(r"\A[A-Za-z_]{1,9}\.[0-9]{1,12}\.([A-Za-z0-9_-]{42,43}|[A-Z2-7]{51,52})\Z")))
def test_any_text_that_is_not_ours_is_an_invalid_link(text: str) -> None:
    with pytest.raises(InvalidLinkError):
        Links([NEW]).verify(text, NOW)


@pytest.mark.parametrize("case_id", ["", "txn.1", "txn 1", "txn_é", "txn_1\n", "x" * 65, "Txn_1", "ß", "\u0131"])
def test_an_id_that_no_token_can_hold_is_not_signed(case_id: str) -> None:
    with pytest.raises(ValueError, match=r"^a case's id should be at most 64 small letters, digits and underscores;"):
        Links([NEW]).sign(case_id, EXPIRES_AT)


@pytest.mark.parametrize(("language", "brand"), [("de", ""), ("pt-BR", "acme-cloud"), ("zh-Hant", "")])
def test_a_token_tells_the_language_and_the_brand_of_its_mail(language: str, brand: str) -> None:
    links = Links([NEW])
    token = links.sign(CASE, EXPIRES_AT, language=language, brand=brand)

    assert set(token) <= URL_SAFE
    assert links.verify(token, NOW) == LinkClaim(CASE, language, brand)
    with pytest.raises(ExpiredLinkError) as expired:
        links.verify(token, EXPIRES_AT)
    assert (expired.value.language, expired.value.brand) == (language, brand)


@pytest.mark.parametrize(("language", "brand"), [("d", ""), ("de.at", ""), ("de~x", ""), ("de", "a.b"), ("", "acme")])
def test_a_language_or_a_brand_that_no_token_can_hold_is_not_signed(language: str, brand: str) -> None:
    with pytest.raises(ValueError, match="a brand's name may have capitals and dashes too"):
        Links([NEW]).sign(CASE, EXPIRES_AT, language=language, brand=brand)


def test_what_is_raised_holds_no_token() -> None:
    links = Links([NEW])
    token = links.sign(CASE, EXPIRES_AT)
    signature = token.rpartition(".")[2]

    with pytest.raises(ExpiredLinkError) as expired:
        links.verify(token, EXPIRES_AT)
    with pytest.raises(InvalidLinkError) as invalid:
        links.verify(token[::-1], NOW)

    assert signature not in str(expired.value)
    assert str(invalid.value) == "The payment link was not made with any of our link secrets."
    assert invalid.value.__context__ is None


def is_accepted(links: Links, token: str) -> bool:
    try:
        links.verify(token, NOW)
    except InvalidLinkError:
        return False
    return True
