"""How mail is sent: the one URL that says which way, and with which login."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, unquote

from pydantic import SecretStr

from dunning.addresses.web import check_host, is_loopback, parse_web_url, split_url

MailKind: TypeAlias = Literal["smtp", "smtps", "resend", "postmark", "file", "console"]

# RFC 6409 and RFC 8314: submission, and submission with TLS from the first byte.
SMTP_PORT = 587
SMTPS_PORT = 465

FORMS = (
    "smtp://USER:PASSWORD@HOST:PORT, smtps://USER:PASSWORD@HOST:PORT, resend://KEY@default, postmark://TOKEN@default, "
    "file:///FOLDER or console:, with %-escapes for any of @ : / ? # % in a password"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailUrl:
    """One way to send mail.

    `host`, `port`, `username`, `password` and `tls` are for smtp and smtps. For a provider, `password` is its key,
    `webhook_secret` the secret of its notifications to us, and `api_url` another address of its API. `path` is for
    file.
    """

    kind: MailKind
    host: str = ""
    port: int = 0
    username: str | None = field(default=None, repr=False)
    password: SecretStr | None = None
    tls: Literal["required", "off"] = "required"
    path: Path | None = None
    webhook_secret: SecretStr | None = None
    api_url: str | None = None


def parse_mail_url(text: str) -> MailUrl:
    """Read the setting `DUNNING_MAIL_URL`.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    parts = split_url(text)
    if parts.fragment or "#" in text:
        raise ValueError("it has a fragment (#...)")
    try:
        read = _KINDS[parts.scheme]
    except KeyError:
        raise ValueError("it starts with none of " + ", ".join(f"{kind}:" for kind in _KINDS)) from None
    return read(parts)


def _smtp(parts: SplitResult) -> MailUrl:
    host = check_host(parts)
    _no_path(parts)
    options = _options(parts, {"tls"})
    tls = options.get("tls", "off" if is_loopback(host) else "required")
    if tls not in {"required", "off"}:
        raise ValueError("its option tls is neither required nor off")
    username, password = _login(parts)
    return MailUrl(
        kind="smtp",
        host=host,
        port=parts.port or SMTP_PORT,
        username=username,
        password=password,
        tls="off" if tls == "off" else "required",
    )


def _smtps(parts: SplitResult) -> MailUrl:
    host = check_host(parts)
    _no_path(parts)
    _options(parts, set())
    username, password = _login(parts)
    return MailUrl(kind="smtps", host=host, port=parts.port or SMTPS_PORT, username=username, password=password)


def _resend(parts: SplitResult) -> MailUrl:
    options = _options(parts, {"webhook_secret", "api_url"})
    secret = options.get("webhook_secret")
    if secret is not None:
        _check_svix_secret(secret)
    return MailUrl(
        kind="resend",
        password=_key(parts),
        webhook_secret=SecretStr(secret) if secret else None,
        api_url=_api_url(options),
    )


def _postmark(parts: SplitResult) -> MailUrl:
    options = _options(parts, {"webhook_password", "api_url"})
    secret = options.get("webhook_password")
    return MailUrl(
        kind="postmark",
        password=_key(parts),
        webhook_secret=SecretStr(secret) if secret else None,
        api_url=_api_url(options),
    )


def _file(parts: SplitResult) -> MailUrl:
    _options(parts, set())
    if parts.netloc or not parts.path.startswith("/"):
        raise ValueError("it names no absolute folder after file://")
    return MailUrl(kind="file", path=Path(_plain(parts.path)))


def _console(parts: SplitResult) -> MailUrl:
    _options(parts, set())
    if parts.netloc or parts.path:
        raise ValueError("it has something after console:")
    return MailUrl(kind="console")


_KINDS: dict[str, Callable[[SplitResult], MailUrl]] = {
    "smtp": _smtp,
    "smtps": _smtps,
    "resend": _resend,
    "postmark": _postmark,
    "file": _file,
    "console": _console,
}


def _no_path(parts: SplitResult) -> None:
    if parts.path not in {"", "/"}:
        raise ValueError("it has a path")


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    # A plus stays a plus, unlike in a form: base64 has it.
    pairs = [option.partition("=")[::2] for option in parts.query.split("&")] if parts.query else []
    options = {name: _plain(value) for name, value in pairs}
    if options.keys() - known:
        allowed = f"only {' and '.join(sorted(known))}" if known else "none"
        raise ValueError(f"it has an option (?...) that is not known, and of options it may have {allowed}")
    if len(options) < len(pairs):
        raise ValueError("it has an option (?...) twice")
    if not all(options.values()):
        raise ValueError("it has an option (?...) without a value")
    return options


def _login(parts: SplitResult) -> tuple[str | None, SecretStr | None]:
    if parts.username is None:
        return None, None
    if not parts.username or not parts.password:
        raise ValueError("it has a user name or a password without the other")
    return _plain(parts.username), SecretStr(_plain(parts.password))


def _key(parts: SplitResult) -> SecretStr:
    _no_path(parts)
    if parts.hostname != "default" or parts.port is not None or not parts.username or parts.password is not None:
        raise ValueError(f"it has something else than KEY@default after {parts.scheme}://")
    return SecretStr(_plain(parts.username))


def _api_url(options: dict[str, str]) -> str | None:
    if "api_url" not in options:
        return None
    try:
        return parse_web_url(options["api_url"]).text
    except ValueError as error:
        raise ValueError(f"its option api_url is wrong: {error}") from None


def _check_svix_secret(secret: str) -> None:
    # https://docs.svix.com/receiving/verifying-payloads/how-manual: whsec_ and the key in base64
    prefix, key = secret[:6], secret[6:]
    try:
        decoded = base64.b64decode(key, validate=True)
    except ValueError:
        decoded = b""
    if prefix != "whsec_" or not decoded:
        raise ValueError("its option webhook_secret is not whsec_ and base64")


def _plain(escaped: str) -> str:
    value = unquote(escaped)
    # A line end in a login or a header would let the value say more than it should.
    if not value.isprintable():
        raise ValueError("it holds an escaped control character")
    return value
