"""The variables of the private side."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from dunning.settings.console import Network
from dunning.settings.environment import WrongBesideError
from dunning.settings.reading import PREFIX, Declared, read_by
from dunning.settings.values import parse_host, parse_port, parse_public_url
from dunning.settings.values_of_console import parse_header, parse_host_names, parse_networks, parse_people

_HEADER, _TRUSTED = f"{PREFIX}CONSOLE_PROXY_HEADER", f"{PREFIX}CONSOLE_PROXY_TRUSTED"


class ConsoleVariables(Declared):
    """Where it listens, by which names it is reached, and whose word it takes for who comes."""

    console_host: Annotated[str, read_by(parse_host)] = Field(
        default="127.0.0.1", description="an IP address or host name for the private side to listen on"
    )
    console_port: Annotated[int, read_by(parse_port)] = Field(
        default=8090, description="a whole number from 0 to 65535"
    )
    console_url: Annotated[str | None, read_by(parse_public_url)] = Field(
        default=None,
        description="where people reach the private side, such as https://dunning.internal.example.com",
    )
    console_names: Annotated[tuple[str, ...], read_by(parse_host_names)] = Field(
        default=(), description="host names, comma-separated, by which programs reach the private side"
    )
    console_proxy_header: Annotated[str | None, read_by(parse_header)] = Field(
        default=None, description="the name of a header, such as X-Forwarded-User"
    )
    console_proxy_trusted: Annotated[tuple[Network, ...], read_by(parse_networks)] = Field(
        default=(), validate_default=True, description="IP addresses or networks of your proxy, comma-separated"
    )
    console_proxy_operators: Annotated[tuple[str, ...], read_by(parse_people)] = Field(
        default=(), description="names of people as your proxy gives them, comma-separated"
    )

    @field_validator("console_proxy_trusted")
    @classmethod
    def _stands_beside_the_header(cls, trusted: tuple[Network, ...], info: ValidationInfo) -> tuple[Network, ...]:
        if "console_proxy_header" in info.data:
            header = info.data["console_proxy_header"]
            if header is not None and not trusted:
                raise ValueError(f"it is missing beside {_HEADER}, which anybody could send")
            if header is None and trusted:
                raise WrongBesideError(_HEADER, f"it is missing beside {_TRUSTED}")
        return trusted

    @field_validator("console_proxy_operators")
    @classmethod
    def _are_named_by_a_proxy(cls, people: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if people and info.data.get("console_proxy_header") is None and "console_proxy_header" in info.data:
            raise WrongBesideError(_HEADER, f"it is missing beside {PREFIX}CONSOLE_PROXY_OPERATORS")
        return people
