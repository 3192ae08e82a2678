"""The private side's settings: where it listens, and where people reach it."""

from dataclasses import dataclass
from typing import Protocol

from dunning.errors import ConfigurationError

# What listens on every address of the machine is reached from the machine itself by its loopback address.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - nothing listens here


class _Given(Protocol):
    """The variables that say so."""

    @property
    def console_host(self) -> str: ...
    @property
    def console_port(self) -> int: ...
    @property
    def console_url(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Where the private side listens, and the address that people and programs reach it by, where one was given."""

    host: str
    port: int
    given_url: str | None

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
    return ConsoleSettings(host=given.console_host, port=given.console_port, given_url=given.console_url)
