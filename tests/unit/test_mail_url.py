from pathlib import Path

import pytest

from dunning.addresses.mail_server import parse_mail_url


def test_smtp_elsewhere_demands_tls_and_takes_the_submission_port() -> None:
    url = parse_mail_url("smtp://user%40example.com:p%3A%2F%40ss@Mail.example.com")

    assert (url.kind, url.host, url.port, url.tls) == ("smtp", "mail.example.com", 587, "required")
    assert url.username == "user@example.com"
    assert url.password is not None
    assert url.password.get_secret_value() == "p:/@ss"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_smtp_on_this_machine_goes_without_tls(host: str) -> None:
    url = parse_mail_url(f"smtp://{host}:1025/")

    assert (url.port, url.tls, url.username, url.password) == (1025, "off", None, None)


@pytest.mark.parametrize(
    ("text", "tls"),
    [("smtp://localhost?tls=required", "required"), ("smtp://mail.example.com?tls=off", "off")],
)
def test_smtp_with_an_option_does_as_it_says(text: str, tls: str) -> None:
    assert parse_mail_url(text).tls == tls


def test_smtps_has_a_port_of_its_own() -> None:
    url = parse_mail_url("smtps://user:p%2Bw@mail.example.com")

    assert (url.kind, url.host, url.port, url.tls) == ("smtps", "mail.example.com", 465, "required")
    assert url.username == "user"
    assert url.password is not None
    assert url.password.get_secret_value() == "p+w"


def test_resend_has_a_key_and_a_secret_for_what_it_tells_us() -> None:
    url = parse_mail_url("resend://re_123@default?webhook_secret=whsec_ab+/Yw==")

    assert url.kind == "resend"
    assert url.password is not None
    assert url.password.get_secret_value() == "re_123"
    assert url.webhook_secret is not None
    assert url.webhook_secret.get_secret_value() == "whsec_ab+/Yw=="
    assert url.api_url is None
    assert parse_mail_url("resend://re_123@default?api_url=https://resend.example").api_url == "https://resend.example"


def test_postmark_has_a_token_a_password_and_may_be_reached_elsewhere() -> None:
    url = parse_mail_url("postmark://token@default?webhook_password=p%26w&api_url=http://127.0.0.1:81/")

    assert url.kind == "postmark"
    assert url.password is not None
    assert url.password.get_secret_value() == "token"
    assert url.webhook_secret is not None
    assert url.webhook_secret.get_secret_value() == "p&w"
    assert url.api_url == "http://127.0.0.1:81"


@pytest.mark.parametrize("kind", ["resend", "postmark"])
def test_a_provider_needs_no_secret_for_what_it_tells_us(kind: str) -> None:
    assert parse_mail_url(f"{kind}://key@default").webhook_secret is None


def test_file_names_a_folder() -> None:
    url = parse_mail_url("file:///var/mail%20box")

    assert (url.kind, url.path) == ("file", Path("/var/mail box"))


@pytest.mark.parametrize("text", ["console:", "console://"])
def test_console_is_itself(text: str) -> None:
    assert parse_mail_url(text).kind == "console"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no URL may hold"),
        ("mail.example.com", "none of smtp:, smtps:, resend:, postmark:, file:, console:$"),
        ("http://mail.example.com", "none of smtp:"),
        ("smtp://", "no host"),
        ("smtp://mail.example.com:99999", "port"),
        ("smtp://mail example.com", "no URL may hold"),
        ("smtp://mail.example.com/path", "a path"),
        ("smtp://mail.example.com#x", "a fragment"),
        ("smtp://mail.example.com#", "a fragment"),
        ("smtp://mail.example.com?tls=maybe", "neither required nor off"),
        ("smtp://mail.example.com?tsl=off", "only tls"),
        ("smtp://mail.example.com?tls=off&tls=off", "twice"),
        ("smtp://mail.example.com?tls=", "without a value"),
        ("smtp://user@mail.example.com", "without the other"),
        ("smtp://:password@mail.example.com", "without the other"),
        ("smtp://user:pass%0d%0aword@mail.example.com", "control character"),
        ("smtps://mail.example.com?tls=off", "it may have none$"),
        ("resend://re_123", "KEY@default"),
        ("resend://re_123@default:1", "KEY@default"),
        ("resend://re_123:x@default", "KEY@default"),
        ("resend://@default", "KEY@default"),
        ("resend://re_123@default/x", "a path"),
        ("resend://re_123@default?webhook_secret=abcd", "whsec_ and base64"),
        ("resend://re_123@default?webhook_secret=whsec_a", "whsec_ and base64"),
        ("resend://re_123@default?webhook_secret=whsec_YWJj!", "whsec_ and base64"),
        ("resend://re_123@default?webhook_password=x", "api_url and webhook_secret"),
        ("postmark://token@default?api_url=http://postmark.example.com", "api_url is wrong: it is http"),
        ("file://folder/x", "no absolute folder"),
        ("file:folder", "no absolute folder"),
        ("file:///folder?x=y", "none"),
        ("console:x", "after console:"),
        ("console:?x=y", "none"),
    ],
)
def test_what_is_wrong_is_told(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^its? .*{wrong}"):
        parse_mail_url(text)


def test_nothing_secret_is_shown() -> None:
    smtp = parse_mail_url("smtp://s3cr3t:s3cr3t@mail.example.com")
    resend = parse_mail_url("resend://s3cr3t@default?webhook_secret=whsec_c2Vj")

    assert "s3cr3t" not in repr(smtp)
    assert "s3cr3t" not in repr(resend)
    assert "whsec" not in repr(resend)
