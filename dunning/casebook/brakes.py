"""The operator's brake on all mail, or on one campaign's."""

from datetime import datetime

from dunning.casebook.paused import paused_lines, since
from dunning.store import Store

BY_HAND = "by_operator"


async def pause(store: Store, campaign: str | None, now: datetime, *, by: str) -> list[str]:
    """Stop a campaign's mail, or all (None), and say what is paused then."""
    new = await store.brakes.pause(campaign, f"{BY_HAND} {by}", now)
    told = [] if new else ["Nothing to do: it was paused already."]
    paused = paused_lines(await store.brakes.paused())
    return [*told, *paused, "Steps stay due, webhooks are taken in, payment links work."]


async def resume(store: Store, campaign: str | None, now: datetime) -> list[str]:
    """Start a campaign's mail, or all (None), again, and say what is still paused."""
    was = await store.brakes.resume(campaign, now)
    subject = "All mail" if campaign is None else f"Mail of the campaign {campaign}"
    if was is None:
        told = [f"Nothing to do: {subject[0].lower()}{subject[1:]} was not paused."]
    else:
        told = [f"{subject} is resumed. It was paused {since(was)}."]
        told += ["The breaker stays off for 24 hours."] if was.is_breakers else []
    still = list(paused_lines(await store.brakes.paused()))
    return [*told, *(still or ["Nothing is paused."])]
