"""Who does it: what an operator changes is noted with their name. Each command that changes something takes it."""

from collections.abc import Callable
from typing import TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., object])

LONGEST = 64


class Operator(click.ParamType[str]):
    """A name to be noted with what was done."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, without space around it."""
        name = value.strip()
        if not name.isprintable() or not 0 < len(name) <= LONGEST:
            self.fail(f"A name has 1 to {LONGEST} printable characters.", param, ctx)
        return name


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()[:LONGEST] or "unknown"
    except (KeyError, OSError):  # a user without an entry, as in some containers
        return "unknown"


def by_whom(command: Decorated) -> Decorated:
    """Give the command `--by`."""
    return click.option(
        "--by",
        type=Operator(),
        metavar="NAME",
        default=_login_name,
        help="Who does it, as noted in the audit list and in stories.  [default: your login name]",
    )(command)
