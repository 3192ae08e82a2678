"""What is paused, in words. Pure."""

from collections.abc import Iterator

from dunning.store import Pause, Paused


def paused_lines(paused: Paused) -> Iterator[str]:
    """Say what is paused, a line each."""
    if paused.all is not None:
        yield f"All mail is paused {since(paused.all)}."
    for name, pause in paused.campaigns.items():
        yield f"Mail of the campaign {name} is paused {since(pause)}."


def since(pause: Pause) -> str:
    """Say since when, and why."""
    return f"since {pause.since:%Y-%m-%d %H:%M} UTC ({pause.why})"
