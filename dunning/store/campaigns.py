"""The campaigns that cases began with: a case keeps its version, whatever the campaign file says later."""

from collections.abc import Iterable

import structlog

from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import from_json, to_json, version
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

log = structlog.get_logger()


class CampaignVersions:
    """Every version of a campaign that was ever in use. They are few and small, and none is thrown away."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def keep(self, campaigns: Iterable[Campaign]) -> None:
        """Keep these under their versions."""
        versions = {version(one): to_json(one) for one in campaigns}
        if versions:
            await self._redis.hset(keys.CAMPAIGNS, mapping=versions)

    async def names(self) -> set[str]:
        """Return the names of all there ever were. What can't be read has none."""
        return {campaign.name for campaign in (await self.all()).values()}

    async def all(self) -> dict[str, Campaign]:
        """Return all there ever were by their versions, without those that can't be read."""
        versions = [wanted.decode() for wanted in await self._redis.hkeys(keys.CAMPAIGNS)]
        found = [(wanted, await self.read(wanted)) for wanted in versions]
        return {wanted: campaign for wanted, campaign in found if campaign is not None}

    async def read(self, wanted: str) -> Campaign | None:
        """Return the campaign of this version, or None where it isn't known or can't be read."""
        entry = await self._redis.hget(keys.CAMPAIGNS, wanted)
        if entry is None:
            return None
        try:
            return from_json(entry)
        except ValueError:
            log.error("campaign.unreadable", version=wanted)  # noqa: TRY400 - no fault of ours to trace
            return None
