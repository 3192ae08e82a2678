"""Everything an operator sets, read once, at the start: from the environment, and from the file under it.

Whatever is wrong is told at once, a line each, and no line holds a value: many of them are secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from dunning.addresses import redis
from dunning.addresses.mail_server import MailUrl
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brands
from dunning.campaign_file.reader import CampaignFile, parse_campaign_file, shipped
from dunning.errors import ConfigurationError
from dunning.rules.breaker import Breaker
from dunning.rules.campaign import Campaign
from dunning.settings.alert_urls import AlertUrls
from dunning.settings.console import ConsoleSettings, console_settings
from dunning.settings.declared import (
    CampaignVariables,
    ConnectingVariables,
    LinkSecretVariables,
    PaddleVariables,
    PreviewVariables,
    SignInVariables,
    StoreVariables,
    Variables,
)
from dunning.settings.environment import VariableReader
from dunning.settings.out_webhooks import OutWebhook
from dunning.settings.own_environment import (
    REDIS_URL,
    bare_environment,
    data_folder,
    environment_with_redis,
    own_settings,
    use_env_file,
)
from dunning.settings.paddle_account import paddle_environment
from dunning.settings.reading import PREFIX
from dunning.settings.values import LinkMint

__all__ = [
    "REDIS_URL",
    "ConnectingSettings",
    "LinkMint",
    "Mailbox",
    "PaddleSettings",
    "Settings",
    "StoreSettings",
    "bare_environment",
    "data_folder",
    "environment_with_redis",
    "load_campaigns",
    "load_connecting_settings",
    "load_paddle_settings",
    "load_settings",
    "load_store_settings",
    "use_env_file",
]

CAMPAIGN_FILE = PREFIX + "CAMPAIGN_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddleSettings:
    """How to reach Paddle. `rate_limit` is API calls in any 60 s, over all processes."""

    api_key: SecretStr
    api_url: str
    portal_origins: frozenset[str]
    rate_limit: int
    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the store is; None if a server of our own is wanted."""

    redis_url: SecretStr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectingSettings:
    """What it takes to connect Paddle to us. There may be no secret yet."""

    paddle: PaddleSettings
    public_url: str
    webhook_secrets: tuple[SecretStr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator sets. `redis_url` is None if a server of our own is wanted."""

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
    brands: Brands
    templates: Path | None
    breaker: Breaker
    alerts: AlertUrls
    out_webhooks: tuple[OutWebhook, ...]
    host: str
    port: int
    public_metrics: bool
    console: ConsoleSettings


KNOWN = tuple(PREFIX + name.upper() for name in Variables.model_fields)


def load_settings(environ: Mapping[str, str] | None = None, *, redis_required: bool = True) -> Settings:
    """Read every setting.

    Args:
        environ: in place of the process's own environment and the file under it.
        redis_required: False for `dunning up`, which has a server of its own.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = _reader(environ, strict=True)
    reader.note_unknown()
    variables = reader.read(Variables)
    file = _campaign_file(reader)
    if redis_required:
        reader.require(REDIS_URL, redis.FORMS)
    if variables is None or file is None or reader.problems:
        raise reader.error()
    return Settings(
        paddle=_paddle_settings(variables),
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
        campaigns=file.campaigns,
        brands=file.brands,
        templates=variables.templates,
        breaker=variables.breaker,
        alerts=variables.alert_urls,
        out_webhooks=variables.out_webhooks,
        host=variables.host,
        port=variables.port,
        public_metrics=variables.public_metrics == "on",
        console=console_settings(variables),
    )


def load_paddle_settings(environ: Mapping[str, str] | None = None) -> PaddleSettings:
    """Read only what it takes to reach Paddle, for commands that need nothing else.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = _reader(environ, strict=True)
    reader.note_unknown()
    return _paddle_settings(reader.read_whole(PaddleVariables))


def load_connecting_settings(environ: Mapping[str, str] | None = None) -> ConnectingSettings:
    """Read only what it takes to connect Paddle to us.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = _reader(environ, strict=True)
    reader.note_unknown()
    variables = reader.read_whole(ConnectingVariables)
    return ConnectingSettings(
        paddle=_paddle_settings(variables),
        public_url=variables.public_url,
        webhook_secrets=variables.webhook_secrets,
    )


def load_store_settings(environ: Mapping[str, str] | None = None) -> StoreSettings:
    """Read only what it takes to find the store, so that no other wrong setting keeps an operator from the brake.

    Raises:
        ConfigurationError: the variable is wrong, or it is missing and an unknown one may be a misspelling of it.
    """
    reader = _reader(environ)
    variables = reader.read(StoreVariables)
    if variables is not None and variables.redis_url is None:
        reader.note_unknown(like=REDIS_URL)
    if variables is None or reader.problems:
        raise reader.error()
    return StoreSettings(redis_url=variables.redis_url)


def load_link_secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Read only the secrets that links are signed with, and that addresses are hashed with.

    Raises:
        ConfigurationError: the variable is wrong or missing.
    """
    variables = _reader(environ).read_whole(LinkSecretVariables)
    return tuple(secret.get_secret_value() for secret in variables.link_secrets)


def load_sign_in_settings(environ: Mapping[str, str] | None = None) -> SignInVariables:
    """Read only what it takes to let a person into the private side.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    return _reader(environ).read_whole(SignInVariables)


def load_campaigns(environ: Mapping[str, str] | None = None) -> tuple[Campaign, ...]:
    """Read only what the campaigns are.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = _reader(environ)
    reader.read(CampaignVariables)
    file = _campaign_file(reader)
    if file is None or reader.problems:
        raise reader.error()
    return file.campaigns


def load_preview_settings(environ: Mapping[str, str] | None = None) -> PreviewVariables:
    """Read only what mails and pages are made with. The campaign file is named, and not read.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    reader = _reader(environ)
    reader.note_unknown()
    return reader.read_whole(PreviewVariables)


def _reader(environ: Mapping[str, str] | None, *, strict: bool = False) -> VariableReader:
    """Read from the process's own environment and the file under it, or from `environ` alone.

    Raises:
        ConfigurationError: with `strict`, a line of the file can't be read, or a file was named that can't be.
    """
    if environ is not None:
        return VariableReader(environ, PREFIX, KNOWN)
    given, file = own_settings()
    problems = file.problems if file else ()
    if strict and file and problems and not file.passed_over:
        raise ConfigurationError(list(problems))
    return VariableReader(given, PREFIX, KNOWN, also=problems)


def _paddle_settings(variables: PaddleVariables) -> PaddleSettings:
    environment = paddle_environment(variables.paddle_api_key.get_secret_value(), variables.paddle_api_url)
    return PaddleSettings(
        api_key=variables.paddle_api_key,
        api_url=environment.api_url,
        portal_origins=environment.portal_origins,
        rate_limit=variables.paddle_rate_limit,
        sandbox=environment.sandbox,
    )


def _campaign_file(reader: VariableReader) -> CampaignFile | None:
    """Return what the file that is named says, or the shipped one; note what is wrong with it."""
    path = reader.given.get(CAMPAIGN_FILE)
    try:
        text = Path(path).read_text(encoding="utf-8") if path else shipped()
        return parse_campaign_file(text, path or "default.toml")
    except ConfigurationError as error:
        for problem in error.problems:
            reader.note(CAMPAIGN_FILE, problem)
    except UnicodeDecodeError:
        reader.note(CAMPAIGN_FILE, "the file is not UTF-8 text; it should be a campaign file")
    except OSError as error:
        reader.note(CAMPAIGN_FILE, f"the file can't be read ({error.strerror}); it should be a campaign file")
    except ValueError:
        reader.note(CAMPAIGN_FILE, "it is no path; it should be that of a campaign file")
    return None
