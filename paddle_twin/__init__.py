"""A twin of Paddle on this machine, for tests and the demo: its API, its webhooks and its portal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddle_twin.server import Twin

__all__ = ["Twin"]


def __getattr__(name: str) -> object:
    """Import the twin only when it is asked for: pytest imports this package in every project that has it installed."""
    if name == "Twin":
        from paddle_twin.server import Twin  # noqa: PLC0415

        return Twin
    raise AttributeError(name)
