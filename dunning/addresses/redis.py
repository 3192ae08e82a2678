"""Where Redis is: what `DUNNING_REDIS_URL` may say."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote

from dunning.addresses.web import check_host, split_text, split_url

REDIS_PORT = 6379
SENTINEL_PORT = 26379

FORMS = (
    "redis://[USER:PASSWORD@]HOST[:PORT][/DB], the same with rediss:// for TLS, unix:///SOCKET[?db=DB] or "
    "redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,...]/SERVICE[/DB]"
)

# The options of redis-py's from_url that are of use to an operator. We set the time limits ourselves.
_OPTIONS = frozenset(
    {
        "db",
        "ssl_ca_certs",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
    }
)
_SENTINEL_TLS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile"})
_SENTINEL_OPTIONS = _SENTINEL_TLS | {"sentinel_password", "tls"}
_VALUES = {"ssl_cert_reqs": ("none", "optional", "required"), "ssl_check_hostname": ("true", "false"), "tls": ("on",)}
_NUMBER = re.compile(r"[0-9]{1,5}")
_SERVICE = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Which certificates to trust, and which one to show. All paths name PEM files.

    The system's certificates are trusted besides `ca_certs`.
    """

    ca_certs: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    check_hostname: bool = True


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """Sentinels that know where the master of `service` is.

    The login is the master's; `sentinel_password` is the sentinels' own, if they ask for one. With `tls`, both the
    sentinels and the master are reached over TLS.
    """

    sentinels: tuple[tuple[str, int], ...]
    service: str
    db: int = 0
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tls: TlsFiles | None = None
    sentinel_password: str | None = field(default=None, repr=False)


def check_redis_url(text: str) -> str:
    """Return the URL of a Redis server, or of the sentinels that know it, after checking that it is one.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    scheme, slashes, _ = text.partition("://")
    if not slashes or scheme not in {"redis", "rediss", "unix", "redis+sentinel"}:
        raise ValueError("it starts with none of redis://, rediss://, unix:// and redis+sentinel://")
    if scheme == "redis+sentinel":
        parse_sentinel_url(text)
        return text
    parts = split_url(text)
    _options(parts, _OPTIONS)
    if scheme != "unix":
        check_host(parts)
        _db(parts.path.removeprefix("/"))
    elif parts.hostname or not parts.path.strip("/"):
        raise ValueError("it names no socket: the path starts with the third slash")
    return text


def parse_sentinel_url(text: str) -> SentinelUrl:
    """Read a `redis+sentinel://` URL.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    parts = split_text(text)
    options = _options(parts, _SENTINEL_OPTIONS)
    if "tls" not in options and options.keys() & _SENTINEL_TLS:
        raise ValueError("it has an option of TLS (ssl_...) without tls=on")
    login, _, places = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    service, _, db = parts.path.removeprefix("/").partition("/")
    if not _SERVICE.fullmatch(service):
        raise ValueError("it names no service after the sentinels")
    return SentinelUrl(
        sentinels=tuple(_sentinel(place) for place in places.split(",")),
        service=service,
        db=_db(db),
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls=_tls(options) if "tls" in options else None,
        sentinel_password=options.get("sentinel_password"),
    )


def _sentinel(place: str) -> tuple[str, int]:
    parts = split_url(f"redis://{place}")
    return check_host(parts), parts.port or SENTINEL_PORT


def _tls(options: dict[str, str]) -> TlsFiles:
    return TlsFiles(
        ca_certs=options.get("ssl_ca_certs"),
        certfile=options.get("ssl_certfile"),
        keyfile=options.get("ssl_keyfile"),
        check_hostname=options.get("ssl_check_hostname") != "false",
    )


def _options(parts: SplitResult, known: frozenset[str]) -> dict[str, str]:
    if parts.fragment:
        raise ValueError("it has a fragment (#...)")
    pairs = [option.partition("=")[::2] for option in parts.query.split("&")] if parts.query else []
    options = {name: unquote(value) for name, value in pairs}
    if options.keys() - known:
        raise ValueError(f"it has an option (?...) that is none of {', '.join(sorted(known))}")
    if not all(options.values()):
        raise ValueError("it has an option (?...) without a value")
    if len(options) < len(pairs):
        raise ValueError("it has an option (?...) twice")
    for name, values in _VALUES.items():
        if options.get(name, values[0]) not in values:
            raise ValueError(f"its option {name} is not {' or '.join(values)}")
    if ("ssl_certfile" in options) != ("ssl_keyfile" in options):
        raise ValueError("it has one of ssl_certfile and ssl_keyfile without the other")
    _db(options.get("db", ""))
    return options


def _db(text: str) -> int:
    if text and not _NUMBER.fullmatch(text):
        raise ValueError("its database is no whole number")
    return int(text or 0)
