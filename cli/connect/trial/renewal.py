"""A renewal that fails: made at the twin of Paddle, or waited for."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from cli.connect.trial.way import POLL_SECONDS, NotFurtherError
from dunning.addresses.web import parse_web_url
from dunning.rules.case import Case
from dunning.settings.load import Settings
from dunning.store import Store

ALL = 1 << 31
"""More cases than there are."""

ANSWER_WITHIN_SECONDS = 5
CUSTOMER = {"name": "Ada Example", "email": "ada@customer.example", "locale": "en"}


async def decline_at_the_twin(settings: Settings) -> str | None:
    """Decline a renewal of a made-up customer, and return its transaction; None where Paddle is no twin of it."""
    if not parse_web_url(settings.paddle.api_url).loopback:
        return None
    try:
        async with ClientSession(timeout=ClientTimeout(total=ANSWER_WITHIN_SECONDS)) as http:
            customer = await _change(http, settings, "customers", **CUSTOMER)
            subscription = await _change(http, settings, "subscriptions", customer_id=customer["id"])
            declined = await _change(http, settings, f"subscriptions/{subscription['id']}/decline", code="expired_card")
    except (ClientError, OSError, LookupError, ValueError):
        return None
    return str(declined["id"])


async def new_case(store: Store, known: Collection[str], declined: str | None, patience: timedelta) -> Case:
    """Wait for the case of the renewal that was declined, or for any that is not known.

    Raises:
        NotFurtherError: there is none in time.
    """
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                ids = [declined] if declined else [one for one, _ in await store.due.next_up(0, ALL)]
                for case_id in ids:
                    case = None if case_id in known else await store.cases.read(case_id)
                    if case is not None and case.is_open:
                        return case
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise NotFurtherError("Dunning heard of no declined renewal in time.") from None


async def _change(http: ClientSession, settings: Settings, path: str, **body: object) -> dict[str, Any]:
    """Change something in the twin's world.

    Raises:
        LookupError: what answers is no twin.
    """
    async with http.post(f"{settings.paddle.api_url}/_twin/{path}", json=body) as answer:
        if answer.status != HTTPStatus.OK:
            raise LookupError
        told: dict[str, Any] = await answer.json()
        return told
