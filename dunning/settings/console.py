"""The private side's settings: where it listens, by which names it is reached, whose word it takes for who comes."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from dunning.errors import ConfigurationError
from dunning.people import PersonRole

# What listens on every address of the machine is reached from the machine itself by its loopback address.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - nothing listens here
# Of a person, as a proxy or an operator gives it.
LONGEST_NAME = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Given(Protocol):
    """The variables that say so."""

    @property
    def console_host(self) -> str: ...
    @property
    def console_port(self) -> int: ...
    @property
    def console_url(self) -> str | None: ...
    @property
    def console_names(self) -> Sequence[str]: ...
    @property
    def console_proxy_header(self) -> str | None: ...
    @property
    def console_proxy_trusted(self) -> Sequence[Network]: ...
    @property
    def console_proxy_operators(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """A proxy that names people in a header. Those it names are viewers, but for the operators."""

    header: str
    trusted: tuple[Network, ...]
    operators: frozenset[str]

    def trusts(self, address: str | None) -> bool:
        """Say whether the proxy is at this address."""
        try:
            found = ipaddress.ip_address((address or "").partition("%")[0])
        except ValueError:  # a socket file has none
            return False
        if found.version == 6 and found.ipv4_mapped:  # noqa: PLR2004 - what a listener on :: calls those of IPv4
            found = found.ipv4_mapped
        return any(found in network for network in self.trusted)

    def role_of(self, name: str) -> PersonRole:
        """Return what somebody may do whom the proxy names."""
        return PersonRole.OPERATOR if name in self.operators else PersonRole.VIEWER


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Where the private side listens, and how people and programs come to it."""

    host: str
    port: int
    given_url: str | None
    names: frozenset[str]
    """By which it is reached, besides IP addresses and `localhost`."""
    proxy: ProxySettings | None

    @property
    def url(self) -> str:
        """Where people reach it, without a slash at the end.

        Raises:
            ConfigurationError: nothing tells.
        """
        if self.given_url is not None:
            return self.given_url
        if not self.port:
            raise ConfigurationError(
                ["DUNNING_CONSOLE_URL: it is missing, and DUNNING_CONSOLE_PORT is 0; it should be an address."]
            )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{_EVERY_ADDRESS.get(self.host, host)}:{self.port}"


def console_settings(given: _Given) -> ConsoleSettings:
    """Read the private side's settings from the variables."""
    proxy = None
    if given.console_proxy_header is not None:
        proxy = ProxySettings(
            header=given.console_proxy_header,
            trusted=tuple(given.console_proxy_trusted),
            operators=frozenset(given.console_proxy_operators),
        )
    host = urlsplit(given.console_url or "").hostname
    return ConsoleSettings(
        host=given.console_host,
        port=given.console_port,
        given_url=given.console_url,
        names=frozenset({given.console_host.lower(), *([host] if host else []), *given.console_names}),
        proxy=proxy,
    )
