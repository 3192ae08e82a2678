"""The right to make one API call, and whoever gives it out.

Paddle allows 240 calls a minute per IP address and shuts the address out for a minute past that:
https://developer.paddle.com/api-reference/about/rate-limiting
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Grant:
    """Room for one API call."""

    id: str


class Budget(Protocol):
    """What gives grants out of the budget of API calls that all processes share."""

    async def ask(self, count: int, *, background: bool) -> list[Grant] | None:
        """Reserve `count` grants at once, or none at all when there is no room. Background work leaves some room."""


class Limiter(Budget, Protocol):
    """The budget, as whoever makes the calls knows it."""

    async def begin(self, grant: Grant) -> bool:
        """Tell that the call is made now. If it returns False, don't call: the grant has lapsed or a hold is on."""

    async def end(self, grant: Grant) -> None:
        """Tell that the call is over. The grant counts for 60 s more, since Paddle may have counted it just now."""

    async def hold(self, seconds: float) -> None:
        """Stop everybody for `seconds`: Paddle answered 429."""


class Unlimited:
    """A limiter for one short run by hand, which has no Redis to share a budget through."""

    async def ask(self, count: int, *, background: bool) -> list[Grant]:
        """Give every grant asked for."""
        del background  # nobody else is waiting
        return [Grant(id=f"unlimited-{number}") for number in range(count)]

    async def begin(self, grant: Grant) -> bool:
        """Let every call go ahead."""
        del grant
        return True

    async def end(self, grant: Grant) -> None:
        """Forget the grant: nothing is counted."""

    async def hold(self, seconds: float) -> None:
        """Hold nobody: the error that follows ends the run."""
