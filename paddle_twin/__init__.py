"""A twin of Paddle on this machine, for tests and the demo: its API, its webhooks and its portal."""

from paddle_twin.server import Twin

__all__ = ["Twin"]
