"""Everything an operator sets, read from the environment once, at the start. No other module reads it.

Whatever is wrong is told at once, a line each, and no line holds a value: many of them are secrets.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from dunning import mail_url, redis_url
from dunning.campaign import Campaign
from dunning.campaign_file import parse_campaigns, shipped
from dunning.errors import ConfigurationError
from dunning.mail_address import MAILBOX_FORM, Mailbox, parse_mailbox
from dunning.mail_url import MailUrl, parse_mail_url
from dunning.paddle_environment import LIVE_API, SANDBOX_API, paddle_environment
from dunning.redis_url import check_redis_url
from dunning.setting_values import (
    LINK_SECRET_LENGTH,
    Breaker,
    LinkMint,
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
    parse_tolerance,
    parse_webhook_secrets,
)
from dunning.variables import VariableReader
from dunning.web_url import WebUrl, parse_web_url

__all__ = [
    "Breaker",
    "LinkMint",
    "MailUrl",
    "Mailbox",
    "PaddleSettings",
    "Settings",
    "bare_environment",
    "data_folder",
    "environment_with_redis",
    "load_paddle_settings",
    "load_settings",
]

PREFIX = "DUNNING_"
CAMPAIGN_FILE = PREFIX + "CAMPAIGN_FILE"
REDIS_URL = PREFIX + "REDIS_URL"

# Minting while sending costs each mail a call besides the two that read the debt, and a click must find room.
LEAST_RATE_TO_MINT_AT_SENDING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddleSettings:
    """How to reach Paddle. `rate_limit` is API calls in any 60 s, over all processes."""

    api_key: SecretStr
    api_url: str
    portal_origins: frozenset[str]
    rate_limit: int
    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator sets. `redis_url` is None where a server of our own is wanted."""

    paddle: PaddleSettings
    webhook_secrets: tuple[SecretStr, ...]
    webhook_tolerance: timedelta
    link_secrets: tuple[SecretStr, ...]
    link_mint: LinkMint
    public_url: str
    portal_login_url: str
    redis_url: SecretStr | None
    mail: MailUrl
    mail_from: Mailbox
    mail_reply_to: Mailbox | None
    mail_redirect: str | None
    campaign_file: Path | None
    campaigns: tuple[Campaign, ...]
    templates: Path | None
    breaker: Breaker
    host: str
    port: int


def _read_by(parse: Callable[[str], object]) -> PlainValidator:
    """Let `parse` read what the environment gives, and leave defaults as they are."""
    return PlainValidator(lambda value: parse(value) if isinstance(value, str) else value)


class _PaddleVariables(BaseModel):
    """The variables that say how to reach Paddle. A description says what the value should be."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, alias_generator=lambda name: PREFIX + name.upper()
    )

    paddle_api_key: Annotated[SecretStr, _read_by(parse_api_key)] = Field(
        description="an API key from Paddle > Developer tools > Authentication"
    )
    paddle_api_url: Annotated[WebUrl | None, _read_by(parse_web_url)] = Field(
        default=None, validate_default=True, description=f"{SANDBOX_API}, {LIVE_API} or what stands in for it"
    )
    paddle_rate_limit: Annotated[int, _read_by(parse_positive)] = Field(
        default=200, description="a whole number from 1: API calls in any 60 s"
    )

    @field_validator("paddle_api_url")
    @classmethod
    def _is_of_the_keys_environment(cls, url: WebUrl | None, info: ValidationInfo) -> WebUrl | None:
        if "paddle_api_key" in info.data:
            paddle_environment(info.data["paddle_api_key"].get_secret_value(), url)
        return url

    def paddle_settings(self) -> PaddleSettings:
        environment = paddle_environment(self.paddle_api_key.get_secret_value(), self.paddle_api_url)
        return PaddleSettings(
            api_key=self.paddle_api_key,
            api_url=environment.api_url,
            portal_origins=environment.portal_origins,
            rate_limit=self.paddle_rate_limit,
            sandbox=environment.sandbox,
        )


class _Variables(_PaddleVariables):
    """All variables."""

    webhook_secrets: Annotated[tuple[SecretStr, ...], _read_by(parse_webhook_secrets)] = Field(
        description="the secret keys of Paddle's notification destinations, comma-separated"
    )
    webhook_tolerance: Annotated[timedelta, _read_by(parse_tolerance)] = Field(
        default=timedelta(seconds=60), description="a duration such as 60s or 5m"
    )
    link_secrets: Annotated[tuple[SecretStr, ...], _read_by(parse_link_secrets)] = Field(
        description=f"random texts of at least {LINK_SECRET_LENGTH} characters each, comma-separated"
    )
    link_mint: Annotated[LinkMint, _read_by(parse_link_mint)] = Field(
        default=LinkMint.CLICK,
        description=f"click or send, and send needs a rate limit of at least {LEAST_RATE_TO_MINT_AT_SENDING}",
    )
    public_url: Annotated[str, _read_by(parse_public_url)] = Field(
        description="where customers reach /pay, such as https://billing.example.com"
    )
    portal_login_url: Annotated[str, _read_by(parse_portal_login_url)] = Field(
        description="the customer portal's login page, such as https://customer-portal.paddle.com/login/cpl_..."
    )
    redis_url: Annotated[SecretStr | None, _read_by(lambda text: SecretStr(check_redis_url(text)))] = Field(
        default=None, description=redis_url.FORMS
    )
    mail_url: Annotated[MailUrl, _read_by(parse_mail_url)] = Field(description=mail_url.FORMS)
    mail_from: Annotated[Mailbox, _read_by(parse_mailbox)] = Field(description=MAILBOX_FORM)
    mail_reply_to: Annotated[Mailbox | None, _read_by(parse_mailbox)] = Field(default=None, description=MAILBOX_FORM)
    mail_redirect: Annotated[str | None, _read_by(parse_address)] = Field(
        default=None, description="the address that gets every mail in place of the customer"
    )
    campaign_file: Annotated[Path | None, _read_by(Path)] = Field(
        default=None, description="the path of a campaign file"
    )
    templates: Annotated[Path | None, _read_by(parse_folder)] = Field(
        default=None, description="the path of a folder of mail templates"
    )
    breaker: Annotated[Breaker, _read_by(parse_breaker)] = Field(
        default="auto", description="auto, off, or a whole number from 1: new cases an hour"
    )
    host: Annotated[str, _read_by(parse_host)] = Field(
        default="0.0.0.0",  # noqa: S104 - a server in a container is reached from outside it
        description="an IP address or host name to listen on",
    )
    port: Annotated[int, _read_by(parse_port)] = Field(default=8080, description="a whole number from 0 to 65535")

    @field_validator("link_mint")
    @classmethod
    def _leaves_room_for_clicks(cls, mint: LinkMint, info: ValidationInfo) -> LinkMint:
        if mint is LinkMint.SEND and info.data.get("paddle_rate_limit", math.inf) < LEAST_RATE_TO_MINT_AT_SENDING:
            raise ValueError(f"it is send, and {PREFIX}PADDLE_RATE_LIMIT leaves no room for that")
        return mint


KNOWN = tuple(PREFIX + name.upper() for name in _Variables.model_fields)


def load_settings(environ: Mapping[str, str] | None = None, *, redis_required: bool = True) -> Settings:
    """Read every setting.

    Args:
        environ: in place of the process's own environment.
        redis_required: False for `dunning up`, which has a server of its own.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = VariableReader(os.environ if environ is None else environ, PREFIX, KNOWN)
    variables = reader.read(_Variables)
    campaigns = _campaigns(reader)
    if redis_required:
        reader.require(REDIS_URL, redis_url.FORMS)
    if variables is None or reader.problems:
        raise reader.error()
    return Settings(
        paddle=variables.paddle_settings(),
        webhook_secrets=variables.webhook_secrets,
        webhook_tolerance=variables.webhook_tolerance,
        link_secrets=variables.link_secrets,
        link_mint=variables.link_mint,
        public_url=variables.public_url,
        portal_login_url=variables.portal_login_url,
        redis_url=variables.redis_url,
        mail=variables.mail_url,
        mail_from=variables.mail_from,
        mail_reply_to=variables.mail_reply_to,
        mail_redirect=variables.mail_redirect,
        campaign_file=variables.campaign_file,
        campaigns=campaigns,
        templates=variables.templates,
        breaker=variables.breaker,
        host=variables.host,
        port=variables.port,
    )


def load_paddle_settings(environ: Mapping[str, str] | None = None) -> PaddleSettings:
    """Read only what it takes to reach Paddle, for commands that need nothing else.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = VariableReader(os.environ if environ is None else environ, PREFIX, KNOWN)
    variables = reader.read(_PaddleVariables)
    if variables is None or reader.problems:
        raise reader.error()
    return variables.paddle_settings()


def _campaigns(reader: VariableReader) -> tuple[Campaign, ...]:
    """Return the campaigns of the file that is named, or of the shipped one; note what is wrong with them."""
    path = reader.given.get(CAMPAIGN_FILE)
    try:
        return parse_campaigns(Path(path).read_text(encoding="utf-8") if path else shipped(), path or "default.toml")
    except ConfigurationError as error:
        for problem in error.problems:
            reader.note(CAMPAIGN_FILE, problem)
    except UnicodeDecodeError:
        reader.note(CAMPAIGN_FILE, "the file is not UTF-8 text; it should be a campaign file")
    except OSError as error:
        reader.note(CAMPAIGN_FILE, f"the file can't be read ({error.strerror}); it should be a campaign file")
    except ValueError:
        reader.note(CAMPAIGN_FILE, "it is no path; it should be that of a campaign file")
    return ()


def data_folder(*, sandbox: bool, environ: Mapping[str, str] | None = None) -> Path:
    """Return where `dunning up` keeps its data: one folder for real debts and one for sandbox ones.

    It doesn't depend on the working folder, so that work goes on wherever the next start is made from. See
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    wanted = (os.environ if environ is None else environ).get("XDG_STATE_HOME", "")
    state = Path(wanted) if wanted.startswith("/") else Path.home() / ".local" / "state"
    return state / "dunning" / ("sandbox" if sandbox else "live")


def environment_with_redis(url: str) -> dict[str, str]:
    """Return the environment for processes of our own that are to use this Redis."""
    return {**os.environ, REDIS_URL: url}


def bare_environment() -> dict[str, str]:
    """Return the environment without any setting of ours, for processes that get theirs from us."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
