"""The variables there are, as pydantic reads them: each with its default and, in words, what it should be."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from dunning.addresses import mail_server, redis
from dunning.addresses.mail_server import MailUrl, parse_mail_url
from dunning.addresses.mailbox import MAILBOX_FORM, Mailbox, parse_mailbox
from dunning.addresses.redis import check_redis_url
from dunning.addresses.web import WebUrl, parse_web_url
from dunning.rules.breaker import Breaker
from dunning.settings import out_webhooks
from dunning.settings.alert_urls import AlertUrls, parse_alert_urls
from dunning.settings.console_variables import ConsoleVariables
from dunning.settings.environment import WrongBesideError
from dunning.settings.out_webhooks import OutWebhook, parse_out_webhooks
from dunning.settings.paddle_account import (
    LIVE_API,
    SANDBOX_API,
    check_key_shape,
    check_portal_page,
    paddle_environment,
)
from dunning.settings.reading import PREFIX, Declared, read_by
from dunning.settings.values import (
    LINK_SECRET_LENGTH,
    LinkMint,
    Switch,
    parse_address,
    parse_api_key,
    parse_breaker,
    parse_folder,
    parse_host,
    parse_link_mint,
    parse_link_secrets,
    parse_port,
    parse_portal_login_url,
    parse_positive,
    parse_public_url,
    parse_switch,
    parse_tolerance,
    parse_webhook_secrets,
)

# Minting while sending costs one call for each mail, besides the two that read the debts. Clicks need room as well.
LEAST_RATE_TO_MINT_AT_SENDING = 4


_RedisUrl = Annotated[
    SecretStr | None,
    read_by(lambda text: SecretStr(check_redis_url(text))),
    Field(description=redis.FORMS),
]
_LinkSecrets = Annotated[
    tuple[SecretStr, ...],
    read_by(parse_link_secrets),
    Field(
        description=f"random texts of at least {LINK_SECRET_LENGTH} characters each, comma-separated, such as "
        "`openssl rand -hex 32` makes"
    ),
]
_CampaignFile = Annotated[Path | None, read_by(Path), Field(description="the path of a campaign file")]
_Templates = Annotated[Path | None, read_by(parse_folder), Field(description="the path of a folder of mail templates")]
_PUBLIC_URL = "what stands before /pay where customers reach it, such as https://billing.example.com"
_PORTAL_LOGIN_URL = "the customer portal's login page, such as https://customer-portal.paddle.com/login/cpl_..."


_WebhookSecrets = Annotated[
    tuple[SecretStr, ...],
    read_by(parse_webhook_secrets),
    Field(description="the secret keys of Paddle's notification destinations, comma-separated"),
]
_WebhookSecretsSoFar = Annotated[
    tuple[SecretStr, ...],
    read_by(parse_webhook_secrets, placeholder=()),
    Field(description="the secret keys of Paddle's notification destinations, comma-separated"),
]
_PublicUrl = Annotated[
    str,
    read_by(parse_public_url),
    Field(description=_PUBLIC_URL),
]


class PaddleVariables(Declared):
    """The variables that say how to reach Paddle. A description says what the value should be."""

    paddle_api_key: Annotated[SecretStr, read_by(parse_api_key)] = Field(
        description="an API key from Paddle > Developer tools > Authentication"
    )
    paddle_api_url: Annotated[WebUrl | None, read_by(parse_web_url)] = Field(
        default=None, validate_default=True, description=f"{SANDBOX_API}, {LIVE_API} or what stands in for it"
    )
    paddle_rate_limit: Annotated[int, read_by(parse_positive)] = Field(
        default=200, description="a whole number from 1: API calls in any 60 s"
    )

    @field_validator("paddle_api_url")
    @classmethod
    def _is_of_the_keys_environment(cls, url: WebUrl | None, info: ValidationInfo) -> WebUrl | None:
        if "paddle_api_key" in info.data:
            api_key = info.data["paddle_api_key"].get_secret_value()
            paddle_environment(api_key, url)
            try:
                check_key_shape(api_key, url)
            except ValueError as error:
                raise WrongBesideError(f"{PREFIX}PADDLE_API_KEY", str(error)) from None
        return url


class StoreVariables(Declared):
    """The variable that says where the store is."""

    redis_url: _RedisUrl = None


class LinkSecretVariables(Declared):
    """The variable that signs links, and makes the keys of suppressed addresses."""

    link_secrets: _LinkSecrets


class ConnectingVariables(PaddleVariables):
    """The variables that it takes to connect Paddle to us."""

    public_url: _PublicUrl
    webhook_secrets: _WebhookSecretsSoFar = ()


class SignInVariables(ConsoleVariables, StoreVariables, LinkSecretVariables):
    """The variables that it takes to let a person into the private side."""


class CampaignVariables(Declared):
    """The variable that says where the campaigns are."""

    campaign_file: _CampaignFile = None


class PreviewVariables(CampaignVariables):
    """The variables that say how mails and pages look, and by which way one may be sent. None has to be set."""

    public_url: Annotated[str | None, read_by(parse_public_url)] = Field(default=None, description=_PUBLIC_URL)
    portal_login_url: Annotated[str | None, read_by(parse_portal_login_url)] = Field(
        default=None, description=_PORTAL_LOGIN_URL
    )
    mail_url: Annotated[MailUrl | None, read_by(parse_mail_url)] = Field(default=None, description=mail_server.FORMS)
    mail_from: Annotated[Mailbox | None, read_by(parse_mailbox)] = Field(default=None, description=MAILBOX_FORM)
    mail_reply_to: Annotated[Mailbox | None, read_by(parse_mailbox)] = Field(default=None, description=MAILBOX_FORM)
    templates: _Templates = None


class _OtherVariables(PaddleVariables):
    """All but those of the private side."""

    webhook_secrets: _WebhookSecrets
    webhook_tolerance: Annotated[timedelta, read_by(parse_tolerance)] = Field(
        default=timedelta(seconds=60), description="a duration such as 60s or 5m"
    )
    link_secrets: _LinkSecrets
    link_mint: Annotated[LinkMint, read_by(parse_link_mint)] = Field(
        default=LinkMint.CLICK,
        description=f"click or send, and send needs a rate limit of at least {LEAST_RATE_TO_MINT_AT_SENDING}",
    )
    public_url: _PublicUrl
    portal_login_url: Annotated[str, read_by(parse_portal_login_url)] = Field(description=_PORTAL_LOGIN_URL)
    redis_url: _RedisUrl = None
    mail_url: Annotated[MailUrl, read_by(parse_mail_url)] = Field(description=mail_server.FORMS)
    mail_from: Annotated[Mailbox, read_by(parse_mailbox)] = Field(description=MAILBOX_FORM)
    mail_reply_to: Annotated[Mailbox | None, read_by(parse_mailbox)] = Field(default=None, description=MAILBOX_FORM)
    mail_redirect: Annotated[str | None, read_by(parse_address)] = Field(
        default=None, description="the address that gets every mail in place of the customer"
    )
    campaign_file: _CampaignFile = None
    templates: _Templates = None
    breaker: Annotated[Breaker, read_by(parse_breaker)] = Field(
        default="auto", description="auto, off, or a whole number from 1: new cases an hour"
    )
    alert_urls: Annotated[AlertUrls, read_by(parse_alert_urls)] = Field(
        default=AlertUrls(), description="URLs as apprise takes them, and ping+https:// before what is to be pinged"
    )
    out_webhooks: Annotated[tuple[OutWebhook, ...], read_by(parse_out_webhooks)] = Field(
        default=(), description=out_webhooks.FORM
    )
    host: Annotated[str, read_by(parse_host)] = Field(
        default="0.0.0.0",  # noqa: S104 - a server in a container is reached from outside it
        description="an IP address or host name to listen on",
    )
    port: Annotated[int, read_by(parse_port)] = Field(default=8080, description="a whole number from 0 to 65535")
    public_metrics: Annotated[Switch, read_by(parse_switch)] = Field(default="off", description="on or off")

    @field_validator("link_secrets")
    @classmethod
    def _are_for_links_alone(cls, secrets: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        others = {info.data.get("paddle_api_key"), *info.data.get("webhook_secrets", ())}
        if others.intersection(secrets):
            raise ValueError(f"it holds what {PREFIX}PADDLE_API_KEY or {PREFIX}WEBHOOK_SECRETS holds too")
        return secrets

    @field_validator("webhook_secrets")
    @classmethod
    def _hold_no_api_key(cls, secrets: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        if info.data.get("paddle_api_key") in secrets:
            raise ValueError("it holds the API key, not a destination's secret")
        return secrets

    @field_validator("portal_login_url")
    @classmethod
    def _is_of_the_keys_world(cls, url: str, info: ValidationInfo) -> str:
        if "paddle_api_key" in info.data and "paddle_api_url" in info.data:
            key, api_url = info.data["paddle_api_key"], info.data["paddle_api_url"]
            check_portal_page(url, paddle_environment(key.get_secret_value(), api_url))
        return url

    @field_validator("link_mint")
    @classmethod
    def _leaves_room_for_clicks(cls, mint: LinkMint, info: ValidationInfo) -> LinkMint:
        if mint is LinkMint.SEND and info.data.get("paddle_rate_limit", math.inf) < LEAST_RATE_TO_MINT_AT_SENDING:
            raise ValueError(f"it is send, and {PREFIX}PADDLE_RATE_LIMIT leaves no room for that")
        return mint


class Variables(ConsoleVariables, _OtherVariables):
    """All variables."""
