import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from dunning.brands.brand import Brand, Brands
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.paddle.portal import LIVE_PORTAL
from dunning.settings.load import (
    KNOWN,
    LinkMint,
    Mailbox,
    bare_environment,
    data_folder,
    environment_with_redis,
    load_paddle_settings,
    load_settings,
)
from dunning.settings.values import parse_switch
from tests.unit.good_settings import GOOD, SECRET, api_key, problems_of


def test_what_is_required_is_enough_and_everything_else_has_its_default() -> None:
    settings = load_settings(GOOD)

    assert settings.paddle.api_url == "https://api.paddle.com"
    assert settings.paddle.portal_origins == {LIVE_PORTAL}
    assert settings.paddle.rate_limit == 200
    assert settings.paddle.sandbox is False
    assert settings.webhook_tolerance == timedelta(seconds=60)
    assert settings.link_mint is LinkMint.CLICK
    assert settings.mail_from == Mailbox("Acme Billing", "billing@example.com")
    assert settings.mail_reply_to is None
    assert settings.mail_redirect is None
    assert settings.campaign_file is None
    assert settings.campaigns == parse_campaigns(shipped(), "default.toml")
    assert settings.brands == Brands()
    assert settings.templates is None
    assert settings.breaker == "auto"
    assert not settings.public_metrics
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)  # noqa: S104 - the default as it is written down


def test_everything_can_be_set(tmp_path: Path) -> None:
    campaign_file = tmp_path / "campaign.toml"
    campaign_file.write_text('[brand]\nname = "Acme"\n' + shipped())

    settings = load_settings(
        GOOD
        | {
            "DUNNING_PADDLE_RATE_LIMIT": "40",
            "DUNNING_WEBHOOK_SECRETS": "pdl_ntfset_1, pdl_ntfset_2",
            "DUNNING_WEBHOOK_TOLERANCE": "5m",
            "DUNNING_LINK_SECRETS": f"{'abcdefgh' * 4},{'hgfedcba' * 4}",
            "DUNNING_LINK_MINT": "send",
            "DUNNING_PUBLIC_URL": "https://Billing.example.com:443/",
            "DUNNING_MAIL_REPLY_TO": "help@example.com",
            "DUNNING_MAIL_REDIRECT": "Me <me@example.com>",
            "DUNNING_CAMPAIGN_FILE": str(campaign_file),
            "DUNNING_TEMPLATES": str(tmp_path),
            "DUNNING_BREAKER": "120",
            "DUNNING_HOST": "::1",
            "DUNNING_PORT": "0",
            "DUNNING_PUBLIC_METRICS": "on",
        }
    )

    assert settings.paddle.rate_limit == 40
    assert [secret.get_secret_value() for secret in settings.webhook_secrets] == ["pdl_ntfset_1", "pdl_ntfset_2"]
    assert settings.webhook_tolerance == timedelta(minutes=5)
    assert [secret.get_secret_value()[0] for secret in settings.link_secrets] == ["a", "h"]
    assert settings.link_mint is LinkMint.SEND
    assert settings.public_url == "https://billing.example.com"
    assert settings.mail_reply_to == Mailbox(None, "help@example.com")
    assert settings.mail_redirect == "me@example.com"
    assert settings.campaign_file == campaign_file
    assert settings.brands == Brands(Brand(name="Acme"))
    assert settings.templates == tmp_path
    assert settings.breaker == 120
    assert (settings.host, settings.port) == ("::1", 0)
    assert settings.public_metrics


WRONG = [
    ("DUNNING_PADDLE_API_KEY", "", "missing"),
    ("DUNNING_PADDLE_API_KEY", "pdl_live_ x", "a space"),
    ("DUNNING_PADDLE_API_KEY", "pdl_live_ü", "outside ASCII"),
    ("DUNNING_PADDLE_API_KEY", "test_1234", "client-side token"),
    ("DUNNING_PADDLE_API_KEY", "live_1234", "client-side token"),
    ("DUNNING_PADDLE_API_KEY", GOOD["DUNNING_WEBHOOK_SECRETS"], "notification destination"),
    ("DUNNING_PADDLE_API_KEY", "ntfset_1", "notification destination"),
    ("DUNNING_PADDLE_API_KEY", api_key("live")[:-1], "not shaped as Paddle's keys are"),
    ("DUNNING_PADDLE_API_KEY", "pdl_live_" + SECRET, "not shaped as Paddle's keys are"),
    ("DUNNING_PADDLE_API_KEY", "changeme", "placeholder"),
    ("DUNNING_PADDLE_API_URL", "https://sandbox-api.paddle.com", "it belongs to another environment than the API key"),
    ("DUNNING_PADDLE_API_URL", "http://paddle.example.com", "this machine itself"),
    ("DUNNING_PADDLE_API_URL", "api.paddle.com", "neither https"),
    ("DUNNING_PADDLE_API_URL", "https://", "no host"),
    ("DUNNING_PADDLE_RATE_LIMIT", "0", "less than 1"),
    ("DUNNING_PADDLE_RATE_LIMIT", "1", None),
    ("DUNNING_PADDLE_RATE_LIMIT", "-1", "no whole number"),
    ("DUNNING_PADDLE_RATE_LIMIT", "1.5", "no whole number"),
    ("DUNNING_PADDLE_RATE_LIMIT", "٣", "no whole number"),
    ("DUNNING_WEBHOOK_SECRETS", "", "missing"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_ntfset_1,", "before or after a comma"),
    ("DUNNING_WEBHOOK_SECRETS", "ntfset_1", "id, not its secret"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_ntfset_1, ntfset_1", "id, not its secret"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_live_apikey_1", "an API key"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_sdbx_apikey_1", "an API key"),
    ("DUNNING_WEBHOOK_SECRETS", GOOD["DUNNING_PADDLE_API_KEY"], "an API key"),
    ("DUNNING_WEBHOOK_SECRETS", "test_1234", "client-side token"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_ntfset_" + "x" * 40, "few different characters"),
    ("DUNNING_WEBHOOK_SECRETS", f"pdl_ntfset_1,{'0' * 32}", "few different characters"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_ntfset_aabbaabb", "few different characters"),
    ("DUNNING_WEBHOOK_SECRETS", "pdl_ntfset_aabbccc", None),
    ("DUNNING_WEBHOOK_TOLERANCE", "60", "no duration"),
    ("DUNNING_WEBHOOK_TOLERANCE", "0s", "no notification"),
    ("DUNNING_LINK_SECRETS", "", "missing"),
    ("DUNNING_LINK_SECRETS", f"{'abcdefgh' * 4},{'abcdefgh' * 3}", "too short"),
    ("DUNNING_LINK_SECRETS", "a" * 64, "few different characters"),
    ("DUNNING_LINK_SECRETS", f"{'abcdefgh' * 4},{'abcdefg' * 8}", "few different characters"),
    ("DUNNING_LINK_SECRETS", "0123456789abcdef" * 2, None),
    ("DUNNING_LINK_SECRETS", "pdl_live_apikey_01gtgztp8f4kek3yd4g1wrksa3", "others know"),
    ("DUNNING_LINK_SECRETS", "pdl_ntfset_01gkpjp8bkm3tm53kdgkx6sms7_6h3qd3uFSi9YCD3OLYAShQI90XTI5vEI", "others know"),
    ("DUNNING_LINK_SECRETS", "test_7d279f61a3499fed520f7cd8c08", "others know"),
    ("DUNNING_LINK_MINT", "never", "it is not known; it should be click or send"),
    ("DUNNING_PUBLIC_URL", "", "missing"),
    ("DUNNING_PUBLIC_URL", "http://billing.example.com", "this machine itself"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com?a=b", "a query"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com#", "a fragment"),
    ("DUNNING_PUBLIC_URL", "https://me@billing.example.com", "user name"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com:0", "port"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com:x", "port"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com;script-src", "no host name"),
    ("DUNNING_PUBLIC_URL", "https://[::1", "no URL"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com/\n", None),  # space around a value is no part of it
    ("DUNNING_PUBLIC_URL", "https://billing.example\n.com", "no URL may hold"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com/pay", "has a path"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com/billing/", "has a path"),
    ("DUNNING_PUBLIC_URL", "https://billing.example.com/payments", "has a path"),
    ("DUNNING_PORTAL_LOGIN_URL", "", "missing"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://sandbox-customer-portal.paddle.com/login/cpl_1", "other environment"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://Sandbox-Customer-Portal.paddle.com:443/cpl_1", "other environment"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://sandbox-buyer-portal.paddle.com/login/cpl_1", "other environment"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://buyer-portal.paddle.com/login/cpl_1", None),
    ("DUNNING_PORTAL_LOGIN_URL", "https://acme.example/billing", None),
    ("DUNNING_PORTAL_LOGIN_URL", "http://customer-portal.paddle.com", "this machine itself"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://customer-portal.paddle.com/cpl_1?token=pga_x", "a token"),
    ("DUNNING_PORTAL_LOGIN_URL", "https://customer-portal.paddle.com/cpl_1?token=", "a token"),
    ("DUNNING_REDIS_URL", "", "missing"),
    ("DUNNING_REDIS_URL", "localhost:6379", "none of redis://"),
    ("DUNNING_REDIS_URL", "redis://", "no host"),
    ("DUNNING_MAIL_URL", "", "missing"),
    ("DUNNING_MAIL_URL", "mail.example.com", "none of smtp:"),
    ("DUNNING_MAIL_FROM", "", "missing"),
    ("DUNNING_MAIL_FROM", "Acme", "no mail address"),
    ("DUNNING_MAIL_FROM", "Acme <a@example.com>, <b@example.com>", "more than one"),
    ("DUNNING_MAIL_FROM", "Acme\r\nBcc: x <a@example.com>", "line end"),
    ("DUNNING_MAIL_REPLY_TO", "a@b@example.com", "more than one"),
    ("DUNNING_MAIL_REDIRECT", "me", "no mail address"),
    ("DUNNING_CAMPAIGN_FILE", "/nowhere/campaign.toml", "No such file"),
    ("DUNNING_TEMPLATES", "/nowhere", "no such folder"),
    ("DUNNING_TEMPLATES", "x" * 5000, "the folder can't be looked into (File name too long)"),
    ("DUNNING_CAMPAIGN_FILE", "a\x00b", "it is no path"),
    ("DUNNING_BREAKER", "on", "no whole number"),
    ("DUNNING_BREAKER", "0", "less than 1"),
    ("DUNNING_PUBLIC_METRICS", "yes", "it is neither on nor off"),
    ("DUNNING_HOST", "not a host", "neither an IP address"),
    ("DUNNING_PORT", "65536", "too large"),
    ("DUNNING_PORT", "65535", None),
    ("DUNNING_PORT", "http", "no whole number"),
]


@pytest.mark.parametrize(("name", "value", "wrong"), WRONG)
def test_a_wrong_value_gives_one_line_that_names_its_variable(name: str, value: str, wrong: str | None) -> None:
    if wrong is None:
        load_settings(GOOD | {name: value})
        return

    (problem,) = problems_of(GOOD | {name: value})

    assert problem.startswith((f"{name}: it ", f"{name}: its ", f"{name}: the", f"{name}: there "))
    assert wrong in problem
    assert "; it should be " in problem
    assert "\n" not in problem


PATHS = {"DUNNING_CAMPAIGN_FILE", "DUNNING_TEMPLATES"}  # what is not there is refused whatever its name


@pytest.mark.parametrize("name", sorted({*KNOWN} - PATHS))
@pytest.mark.parametrize("value", ["replace_me", "pdl_sdbx_apikey_replace_me_too", "REPLACE-ME", "pdl_ntfset_...", "…"])
def test_no_setting_is_what_an_example_says_in_place_of_a_value(name: str, value: str) -> None:
    (problem,) = problems_of(GOOD | {name: value})

    assert problem.startswith(f"{name}: it still holds a placeholder of an example, such as replace_me or three dots; ")


@pytest.mark.parametrize(
    "url",
    [
        "smtp://USER:PASSWORD@HOST:587",
        "smtp://user:password@mail.example.com:587",
        "resend://KEY@default",
        "resend://re_KEY1@default?webhook_secret=whsec_…",
        "postmark://TOKEN@default?webhook_password=PASSWORD",
    ],
)
def test_mail_does_not_leave_as_the_documents_show(url: str) -> None:
    (problem,) = problems_of(GOOD | {"DUNNING_MAIL_URL": url})

    assert "placeholder" in problem
    assert load_settings(GOOD | {"DUNNING_MAIL_URL": "resend://KEY1@default"})
    assert load_settings(GOOD | {"DUNNING_MAIL_URL": "smtp://user:password@localhost"})


def test_no_link_is_signed_with_a_secret_that_guards_something_else() -> None:
    key = "0123456789-an-old-key-without-a-prefix"
    environ = GOOD | {"DUNNING_PADDLE_API_KEY": key, "DUNNING_PADDLE_API_URL": "https://api.paddle.com"}

    (as_link,) = problems_of(environ | {"DUNNING_LINK_SECRETS": f"{'abcdefgh' * 4},{key}"})
    (as_webhook,) = problems_of(environ | {"DUNNING_WEBHOOK_SECRETS": key})

    assert as_link.startswith("DUNNING_LINK_SECRETS: it holds what DUNNING_PADDLE_API_KEY or DUNNING_WEBHOOK_SECRETS ")
    assert as_webhook.startswith("DUNNING_WEBHOOK_SECRETS: it holds the API key, not a destination's secret; ")


@pytest.mark.parametrize(
    ("key", "page", "told"),
    [
        (api_key("sdbx"), "https://customer-portal.paddle.com/login/cpl_1", True),
        (api_key("sdbx"), "https://buyer-portal.paddle.com/login/cpl_1", True),
        (api_key("sdbx"), "https://sandbox-customer-portal.paddle.com/login/cpl_1", False),
        (api_key("sdbx"), "http://127.0.0.1:8123/login/cpl_1", False),
        ("an-old-key-that-does-not-tell", "https://customer-portal.paddle.com/login/cpl_1", False),
        ("an-old-key-that-does-not-tell", "https://sandbox-customer-portal.paddle.com/login/cpl_1", False),
    ],
)
def test_the_portal_is_of_the_world_that_the_key_tells_beside_a_stand_in_too(
    key: str, page: str, *, told: bool
) -> None:
    environ = GOOD | {"DUNNING_PADDLE_API_KEY": key, "DUNNING_PADDLE_API_URL": "http://127.0.0.1:8123"}
    environ |= {"DUNNING_PORTAL_LOGIN_URL": page}

    if told:
        assert "belongs to another environment than the API key" in problems_of(environ)[0]
    else:
        assert load_settings(environ).portal_login_url == page


@pytest.mark.parametrize("name", KNOWN)
def test_no_problem_repeats_a_value(name: str) -> None:
    environ = dict.fromkeys(KNOWN, f"\x7f {SECRET}")

    lines = "\n".join(problems_of(environ))

    assert f"{name}: " in lines
    assert SECRET not in lines


def test_every_problem_is_told_at_once_in_the_order_of_the_variables() -> None:
    told = problems_of({"DUNNING_PORT": "x", "DUNNING_NONSENSE": "x", "DUNNING_CAMPAIGN_FILE": "/nowhere"})

    assert [problem.partition(":")[0] for problem in told] == [
        "DUNNING_PADDLE_API_KEY",
        "DUNNING_WEBHOOK_SECRETS",
        "DUNNING_LINK_SECRETS",
        "DUNNING_PUBLIC_URL",
        "DUNNING_PORTAL_LOGIN_URL",
        "DUNNING_REDIS_URL",
        "DUNNING_MAIL_URL",
        "DUNNING_MAIL_FROM",
        "DUNNING_CAMPAIGN_FILE",
        "DUNNING_PORT",
        "DUNNING_NONSENSE",
    ]


def test_each_problem_of_a_campaign_file_is_a_line(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text('[campaign.renewal]\non = "renewal_faild"\nmodee = 1\n')

    told = problems_of(GOOD | {"DUNNING_CAMPAIGN_FILE": str(file)})

    assert len(told) > 1
    assert all(problem.startswith(f"DUNNING_CAMPAIGN_FILE: {file}:") for problem in told)


def test_a_campaign_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_bytes(b"\xff\xfe")

    (problem,) = problems_of(GOOD | {"DUNNING_CAMPAIGN_FILE": str(file)})

    assert problem == "DUNNING_CAMPAIGN_FILE: the file is not UTF-8 text; it should be a campaign file"


@pytest.mark.parametrize("breaker", ["auto", "off"])
def test_the_breaker_may_find_its_own_limit_or_have_none(breaker: str) -> None:
    assert load_settings(GOOD | {"DUNNING_BREAKER": breaker}).breaker == breaker


@pytest.mark.parametrize(("switch", "on"), [("on", True), ("off", False)])
def test_the_metrics_are_public_where_that_is_on(switch: str, *, on: bool) -> None:
    assert parse_switch(switch) == switch
    assert load_settings(GOOD | {"DUNNING_PUBLIC_METRICS": switch}).public_metrics is on


def test_up_needs_no_redis() -> None:
    environ = {name: value for name, value in GOOD.items() if name != "DUNNING_REDIS_URL"}

    assert load_settings(environ, redis_required=False).redis_url is None


def test_minting_at_sending_needs_room_for_more_calls_than_a_mail_makes() -> None:
    (problem,) = problems_of(GOOD | {"DUNNING_LINK_MINT": "send", "DUNNING_PADDLE_RATE_LIMIT": "3"})

    assert problem.startswith("DUNNING_LINK_MINT: it is send, and DUNNING_PADDLE_RATE_LIMIT leaves no room")
    assert load_settings(GOOD | {"DUNNING_LINK_MINT": "send", "DUNNING_PADDLE_RATE_LIMIT": "4"})


def test_secrets_are_not_shown() -> None:
    environ = GOOD | {
        "DUNNING_REDIS_URL": f"redis://:{SECRET}@localhost",
        "DUNNING_MAIL_URL": f"smtp://{SECRET}:{SECRET}@mail.example.com",
    }

    assert SECRET not in repr(load_settings(environ))


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(GOOD)

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc] # what the test is about


def test_the_process_environment_is_read_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)

    assert load_settings() == load_settings(GOOD)
    assert load_paddle_settings() == load_settings(GOOD).paddle
    assert environment_with_redis("unix:///x")["DUNNING_REDIS_URL"] == "unix:///x"
    assert environment_with_redis("unix:///x")["DUNNING_MAIL_URL"] == GOOD["DUNNING_MAIL_URL"]


def test_processes_that_get_their_settings_from_us_get_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNNING_PORT", "1")
    monkeypatch.setenv("PORT", "1")

    assert "DUNNING_PORT" not in bare_environment()
    assert bare_environment()["PORT"] == "1"


def test_real_and_sandbox_debts_are_kept_apart() -> None:
    environ = {"XDG_STATE_HOME": "/var/lib"}

    assert data_folder(sandbox=False, environ=environ) == Path("/var/lib/dunning/live")
    assert data_folder(sandbox=True, environ=environ) == Path("/var/lib/dunning/sandbox")


def test_data_is_kept_at_home_where_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative/paths/do/not/count")

    assert data_folder(sandbox=False) == tmp_path / ".local" / "state" / "dunning" / "live"
