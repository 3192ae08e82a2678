import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.errors import PermanentError, UnsafePortalUrlError
from dunning.paddle.portal import LIVE_PORTAL, SANDBOX_PORTAL, PortalLinks, PortalSession, check_deep_link
from tests.unit.paddle_bodies import CREATED_AT, CUSTOMER, OTHER_SUBSCRIPTION, SESSION, SUBSCRIPTION, TOKEN, token

ORIGINS = frozenset({LIVE_PORTAL})
LOCAL = "http://127.0.0.1:8123"
PATH = "/cpl_01jq3v8a1b2c3d4e5f6g7h8j9k?action=update_subscription_payment_method"


def session_with(overview: str, *links: PortalLinks) -> PortalSession:
    return PortalSession(
        id=SESSION, customer_id=CUSTOMER, created_at=CREATED_AT, overview=overview, subscriptions=links
    )


def links_of(subscription_id: str, update_link: str) -> PortalLinks:
    return PortalLinks(
        subscription_id=subscription_id,
        update_payment_method=update_link,
        cancel=f"{LIVE_PORTAL}/cpl_x?action=cancel_subscription&token={TOKEN}",
        view=None,
    )


@pytest.mark.parametrize(
    "url",
    [
        f"{LIVE_PORTAL}{PATH}&subscription_id={SUBSCRIPTION}&token={TOKEN}",
        f"{LIVE_PORTAL}/subscriptions/{SUBSCRIPTION}/update-payment-method?token={TOKEN}",
        f"https://Customer-Portal.Paddle.com{PATH}&token={TOKEN}",
        f"HTTPS://customer-portal.paddle.com{PATH}&token={TOKEN}#top",
    ],
)
def test_a_signed_in_link_to_the_portal_is_returned_as_it_is(url: str) -> None:
    assert check_deep_link(url, origins=ORIGINS) == url


@pytest.mark.parametrize("portal", [LIVE_PORTAL, SANDBOX_PORTAL, LOCAL])
def test_each_allowed_origin_is_accepted_and_no_other(portal: str) -> None:
    url = f"{portal}{PATH}&token={TOKEN}"

    assert check_deep_link(url, origins={portal}) == url
    with pytest.raises(UnsafePortalUrlError):
        check_deep_link(url, origins={"https://elsewhere.example"})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "customer-portal.paddle.com",
        f"{PATH}&token={TOKEN}",
        f"//customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"http://customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"ftp://customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"javascript://customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com:8443{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com.evil.example{PATH}&token={TOKEN}",
        f"https://evil-customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com.{PATH}&token={TOKEN}",
        f"https://sandbox-customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com@evil.example{PATH}&token={TOKEN}",
        f"https://someone@customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://@customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com\\@evil.example{PATH}&token={TOKEN}",
        f"https:\\\\evil.example{PATH}&token={TOKEN}",
        f"https://evil.example/https://customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://evil.example?https://customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://evil.example#@customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com\r\nSet-Cookie: a=b{PATH}&token={TOKEN}",
        f"https://customer-portal.paddle.com\t{PATH}&token={TOKEN}",
        f" {LIVE_PORTAL}{PATH}&token={TOKEN}",
        f"https://customer-portal\N{FULLWIDTH FULL STOP}paddle.com{PATH}&token={TOKEN}",
        f"https://[customer-portal.paddle.com{PATH}&token={TOKEN}",
        f"https:///customer-portal.paddle.com{PATH}&token={TOKEN}",
    ],
)
def test_a_link_to_anywhere_else_is_refused(url: str) -> None:
    with pytest.raises(UnsafePortalUrlError):
        check_deep_link(url, origins=ORIGINS)


@pytest.mark.parametrize(
    "query", ["", "&token=", "&token=%20", "&Token=pga_x", "&subscription_id=token", "#token=pga_x"]
)
def test_a_link_that_would_end_at_a_login_wall_is_refused(query: str) -> None:
    with pytest.raises(UnsafePortalUrlError, match="has no token"):
        check_deep_link(f"{LIVE_PORTAL}{PATH}{query}", origins=ORIGINS)


def test_plain_http_is_accepted_only_on_the_very_origin_that_was_allowed() -> None:
    with pytest.raises(UnsafePortalUrlError):
        check_deep_link(f"http://127.0.0.1:9000{PATH}&token={TOKEN}", origins={LOCAL, LIVE_PORTAL})


@given(st.text() | st.builds("{}{}".format, st.sampled_from(["https://", LIVE_PORTAL, LIVE_PORTAL + "/?"]), st.text()))
@example("https://[::1")
@example(f"{LIVE_PORTAL}/?token=%ff")
def test_any_text_is_either_a_safe_link_or_refused(text: str) -> None:
    checked = LIVE_PORTAL + "/"

    with contextlib.suppress(UnsafePortalUrlError):
        checked = check_deep_link(text, origins=ORIGINS)

    assert checked.lower().startswith((LIVE_PORTAL + "/", LIVE_PORTAL + "?"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f" {LIVE_PORTAL}", "The portal link has characters that belong in no URL."),
        ("https://[customer-portal.paddle.com", "The portal link is not a URL."),
        ("ftp://customer-portal.paddle.com", "The portal link is not an https link."),
        ("https://someone@customer-portal.paddle.com", "The portal link names a user before its host."),
        ("https://evil.example", "The portal link leads to a host that is not Paddle's customer portal."),
        (LIVE_PORTAL, "The portal link has no token: the customer would meet a login page."),
    ],
)
def test_a_refused_link_is_refused_with_its_reason(url: str, sentence: str) -> None:
    with pytest.raises(UnsafePortalUrlError) as caught:
        check_deep_link(url, origins=ORIGINS)

    assert str(caught.value) == sentence


def test_a_refused_link_is_not_in_the_error() -> None:
    with pytest.raises(UnsafePortalUrlError) as caught:
        check_deep_link(f"https://evil.example{PATH}&token={TOKEN}", origins=ORIGINS)

    assert TOKEN not in repr(caught.value)
    assert "evil.example" not in repr(caught.value)


def test_the_update_link_is_found_by_the_subscriptions_id_wherever_it_stands() -> None:
    wanted = f"{LIVE_PORTAL}{PATH}&subscription_id={SUBSCRIPTION}&token={TOKEN}"
    other = links_of(OTHER_SUBSCRIPTION, f"{LIVE_PORTAL}/cpl_x?token={TOKEN}")
    session = session_with(wanted, other, links_of(SUBSCRIPTION, wanted))

    assert session.update_link(SUBSCRIPTION, ORIGINS) == wanted


def test_an_unsafe_update_link_is_refused() -> None:
    session = session_with(LIVE_PORTAL, links_of(SUBSCRIPTION, f"https://evil.example/?token={TOKEN}"))

    with pytest.raises(UnsafePortalUrlError):
        session.update_link(SUBSCRIPTION, ORIGINS)


def test_a_subscription_the_session_was_not_made_for_has_no_link() -> None:
    session = session_with(LIVE_PORTAL, links_of(OTHER_SUBSCRIPTION, LIVE_PORTAL))

    with pytest.raises(PermanentError, match=SUBSCRIPTION):
        session.update_link(SUBSCRIPTION, ORIGINS)


def test_links_expire_when_their_token_says() -> None:
    overview = f"{LIVE_PORTAL}/cpl_x?action=overview&token={token({'exp': 1772450000})}"

    assert session_with(overview).expires_at == datetime.fromtimestamp(1772450000, UTC)


@pytest.mark.parametrize("length", range(8))
def test_a_token_of_any_length_is_read(length: int) -> None:
    overview = f"{LIVE_PORTAL}/cpl_x?token={token({'sub': 'x' * length, 'exp': 1772450000})}"

    assert session_with(overview).expires_at == datetime.fromtimestamp(1772450000, UTC)


@pytest.mark.parametrize(
    "unreadable",
    [
        "",
        "pga_opaque",
        "pga_a.b.c",
        "pga_a.é.c",
        token({}),
        token([]),
        token({"exp": "soon"}),
        token({"exp": -1}),
        token({"exp": 1e300}),
        token({"exp": None}),
    ],
)
def test_links_with_an_unreadable_token_expire_a_day_after_they_were_made(unreadable: str) -> None:
    overview = f"{LIVE_PORTAL}/cpl_x?action=overview&token={unreadable}"

    assert session_with(overview).expires_at == CREATED_AT + timedelta(hours=24)


def test_an_overview_that_is_no_url_does_not_keep_the_expiry_from_being_told() -> None:
    assert session_with("https://[").expires_at == CREATED_AT + timedelta(hours=24)


def test_a_session_shows_its_ids_and_nothing_of_its_links() -> None:
    link = f"{LIVE_PORTAL}{PATH}&token={TOKEN}"
    session = session_with(link, links_of(SUBSCRIPTION, link))

    shown = repr(session) + str(session) + repr(session.links(SUBSCRIPTION))

    assert SESSION in shown
    assert SUBSCRIPTION in shown
    assert "pga_" not in shown
    assert "http" not in shown
