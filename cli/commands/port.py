"""A port as an option of a command."""

import click

_HIGHEST = 65_535


class Port(click.ParamType[int]):
    """A port; 0 takes a free one."""

    name = "integer"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        port: int = click.INT(value, param, ctx)
        if not 0 <= port <= _HIGHEST:
            self.fail(f"{port} is no port, which is a whole number up to {_HIGHEST}.", param, ctx)
        return port


PORT = Port()
