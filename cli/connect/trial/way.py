"""From an open case to the click: waited for by looking at what the processes note."""

import asyncio
from datetime import datetime, timedelta

from dunning.casebook.paused import paused_lines
from dunning.rules.delivery import DeliveryState
from dunning.rules.story import Kind
from dunning.store import Store

POLL_SECONDS = 0.2

# Clicks that did not lead to Paddle's page.
ELSEWHERE = {
    Kind.CLICK_FELL_BACK: "A click led to the portal's login page",
    Kind.CLICK_REFUSED: "A click led nowhere",
    Kind.CLICK_FOUND: "A click found that Paddle takes the debt for settled",
}
NOT_SENT = {DeliveryState.REFUSED, DeliveryState.SKIPPED, DeliveryState.DEAD, DeliveryState.UNKNOWN}


class NotFurtherError(Exception):
    """The way ends here. The sentence says why, as far as that can be seen."""


async def wait_for_mail(store: Store, case_id: str, step: str, patience: timedelta) -> None:
    """Wait until the mail server has taken the step's mail.

    Raises:
        NotFurtherError: it was not sent, or not in time.
    """
    reason = None
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                case = await store.cases.read(case_id)
                delivery = case.delivery(step) if case else None
                if delivery and delivery.state is DeliveryState.SENT:
                    return
                if delivery and delivery.state in NOT_SENT:
                    raise NotFurtherError(f"the mail was not sent: {delivery.state} ({delivery.reason}).")
                reason = delivery.reason if delivery else None
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        why = [*paused_lines(await store.brakes.paused()), *([f"The last try ended with {reason}."] if reason else [])]
        raise NotFurtherError(" ".join(["the mail was not sent in time.", *why])) from None


async def wait_for_click(store: Store, case_id: str, since: datetime, patience: timedelta) -> list[str]:
    """Wait until a click led to Paddle's page, and tell of those before it that led elsewhere.

    Raises:
        NotFurtherError: none did in time. It tells of those that led elsewhere.
    """
    elsewhere: list[str] = []
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                lines = [line.entry for line in await store.cases.story(case_id) if line.at >= since]
                elsewhere = [f"{ELSEWHERE[entry.kind]} ({entry.reason})." for entry in lines if entry.kind in ELSEWHERE]
                if any(entry.kind is Kind.CLICKED for entry in lines):
                    return elsewhere
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise NotFurtherError(" ".join(["no click led to Paddle's page in time.", *elsewhere])) from None
