"""Campaigns: those of the campaign file for new cases, and for each old one the version that it began with."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.rules.case import Case


class CampaignVersions(Protocol):
    """Where the campaigns are kept that cases began with."""

    async def keep(self, campaigns: Iterable[Campaign]) -> None: ...
    async def read(self, wanted: str) -> Campaign | None: ...


class Store(Protocol):
    """The part of the store that is read and written here."""

    @property
    def campaigns(self) -> CampaignVersions: ...


class Campaigns:
    """What the campaign file says, and what it said when the open cases began."""

    def __init__(self, store: Store, configured: Sequence[Campaign]) -> None:
        self.all = configured
        """The campaign file's, in its order."""
        self._store = store
        self._known = {version(campaign): campaign for campaign in configured}

    async def keep(self) -> None:
        """Store the campaigns as the file has them now, since the file may change later."""
        await self._store.campaigns.keep(self.all)

    async def of(self, case: Case) -> Campaign:
        """Return the campaign as it was when the case began.

        If that version is lost, return the campaign that has its name now, or else the first one.
        """
        campaign = self._known.get(case.version)
        if campaign is None and case.version:
            campaign = await self._store.campaigns.read(case.version)
        if campaign is None:
            return next((one for one in self.all if one.name == case.campaign), self.all[0])
        self._known[case.version] = campaign
        return campaign
