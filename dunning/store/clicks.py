"""Clicks on a payment link: enough for anybody, too few for a scanner that posts forms."""

from datetime import datetime, timedelta
from uuid import uuid4

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

AN_HOUR = 5
A_DAY = 20
_HOUR_MS = round(timedelta(hours=1).total_seconds() * 1000)
_DAY_MS = round(keys.KEEP_CLICKS.total_seconds() * 1000)


class Clicks:
    """How often each link may mint a portal session: 5 times an hour and 20 times a day."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._click = scripts.load(redis, "click")

    async def allow(self, case_id: str, now: datetime) -> float | None:
        """Count a click and return None, or return in how many seconds the next one is allowed."""
        wait = await self._click(
            keys=[keys.clicks(case_id)],
            args=[to_milliseconds(now), uuid4().hex, _HOUR_MS, AN_HOUR, _DAY_MS, A_DAY],
        )
        return float(wait) / 1000 or None

    async def last(self, case_id: str) -> datetime | None:
        """Return when the last click was that led somewhere, if it was within a day."""
        found = await self._redis.zrevrange(keys.clicks(case_id), 0, 0, withscores=True)
        return from_milliseconds(int(found[0][1])) if found else None

    async def is_news(self, case_id: str) -> bool:
        """Tell whether a click that was refused is the first within the hour: a scanner must not fill the story."""
        lives = round(keys.KEEP_CLICK_REFUSED.total_seconds() * 1000)
        return bool(await self._redis.set(keys.click_refused(case_id), "1", px=lives, nx=True))

    async def take_back(self, case_id: str) -> None:
        """Forget the last click: it led nowhere, and the customer will want to try again."""
        await self._redis.zpopmax(keys.clicks(case_id))
