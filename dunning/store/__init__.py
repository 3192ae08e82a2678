"""Everything at rest in Redis. Nobody else spells its keys."""

from datetime import timedelta

from dunning import time_limits
from dunning.store import keys
from dunning.store.account import AccountOfStore
from dunning.store.alerts import Alerts, SentAlert
from dunning.store.asked import ToAsk
from dunning.store.audit import Audit, AuditEntry
from dunning.store.brakes import Brakes, Pause, Paused
from dunning.store.campaigns import CampaignVersions
from dunning.store.cases import Cases, EndedBeforeOpeningError, StoryLine, Versioned
from dunning.store.clicks import Clicks
from dunning.store.counters import Counters
from dunning.store.dead import Dead
from dunning.store.driver.connection import REDIS_ERRORS, Patience, connect, connection_pool, disconnect
from dunning.store.driver.reach import diagnose
from dunning.store.due import DueIndex, Sweep
from dunning.store.ended import Ended
from dunning.store.exclusions import Exclusion, Exclusions
from dunning.store.forgotten import Forgotten
from dunning.store.health import Health, Snapshot
from dunning.store.hold_out import HoldOut
from dunning.store.holds import Hold, Holds
from dunning.store.in_vain import InVain, ToTell, TriesInVain, Way
from dunning.store.inbox import Accepted, Inbox
from dunning.store.keys import KEEP_SEEN
from dunning.store.limiter import RedisLimiter
from dunning.store.lists import Lists, Place
from dunning.store.out_webhooks import OutWebhooks, Unsent
from dunning.store.people import People, Session, SignInLink
from dunning.store.reaching import find_trouble, look_at_redis, tell_once, tell_until_reached
from dunning.store.reconciling import DebtWithoutCase, Reconciled, Reconciling, Turn
from dunning.store.refusals import Refusals
from dunning.store.seen import Seen
from dunning.store.sign_ins import SignIns
from dunning.store.sums import Sums
from dunning.store.suppressions import Suppressions
from dunning.store.tokens import AccessToken, AccessTokens
from dunning.store.traces import DeadEvent, Mark, Traces
from dunning.store.watching import Role, Watching

__all__ = [
    "KEEP_SEEN",
    "REDIS_ERRORS",
    "Accepted",
    "AccessToken",
    "AuditEntry",
    "DeadEvent",
    "DebtWithoutCase",
    "EndedBeforeOpeningError",
    "Exclusion",
    "Hold",
    "InVain",
    "Mark",
    "Patience",
    "Pause",
    "Paused",
    "Place",
    "Reconciled",
    "Role",
    "SentAlert",
    "Session",
    "SignInLink",
    "Snapshot",
    "Store",
    "StoryLine",
    "Sweep",
    "ToTell",
    "Turn",
    "Unsent",
    "Versioned",
    "Way",
    "connection_pool",
    "diagnose",
    "find_trouble",
    "look_at_redis",
    "tell_once",
    "tell_until_reached",
]


class Store:
    """The store, each part a thing it keeps."""

    def __init__(self, url: str, *, rate_limit: int, accept_within: timedelta = time_limits.REDIS_ANSWER) -> None:
        """Prepare to connect; the first use does.

        Args:
            url: where Redis is, as `DUNNING_REDIS_URL` gives it.
            rate_limit: API calls allowed in any 60 s, over all processes.
            accept_within: how long accepting an event may take.
        """
        self._redis = connect(url, Patience.LITTLE)
        self.account = AccountOfStore(self._redis)
        self.alerts = Alerts(self._redis)
        self.audit = Audit(self._redis)
        self.brakes = Brakes(self._redis)
        self.campaigns = CampaignVersions(self._redis)
        self.cases = Cases(self._redis)
        self.clicks = Clicks(self._redis)
        self.counters = Counters(self._redis)
        self.dead = Dead(self._redis)
        self.due = DueIndex(self._redis, rate_limit)
        self.ended = Ended(self._redis)
        self.exclusions = Exclusions(self._redis)
        self.forgotten = Forgotten(self._redis)
        self.health = Health(self._redis)
        self.hold_out = HoldOut(self._redis)
        self.holds = Holds(self._redis)
        self.in_vain = TriesInVain(self._redis)
        self.inbox = Inbox(self._redis, accept_within)
        self.limiter = RedisLimiter(self._redis, rate_limit)
        self.lists = Lists(self._redis)
        self.lost = ToAsk(self._redis, keys.LOST)
        self.people = People(self._redis)
        self.out_webhooks = OutWebhooks(self._redis)
        self.reconciling = Reconciling(self._redis)
        self.recovered = ToAsk(self._redis, keys.RECOVERED)
        self.refusals = Refusals(self._redis)
        self.seen = Seen(self._redis)
        self.sign_ins = SignIns(self._redis)
        self.sums = Sums(self._redis)
        self.suppressions = Suppressions(self._redis)
        self.tokens = AccessTokens(self._redis)
        self.traces = Traces(self._redis)
        self.watching = Watching(self._redis)

    @classmethod
    def open(cls, url: str, *, rate_limit: int, accept_within: timedelta = time_limits.REDIS_ANSWER) -> "Store":
        """Return a store that connects when it is first used."""
        return cls(url, rate_limit=rate_limit, accept_within=accept_within)

    async def close(self) -> None:
        """Close its connections."""
        await disconnect(self._redis)
