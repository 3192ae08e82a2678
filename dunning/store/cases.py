"""Cases at rest: read with their revision, written only if nobody wrote them in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.errors import CaseConflictError
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.breaker import hour_of
from dunning.rules.case import Case
from dunning.rules.losses import losses_of
from dunning.rules.out_events import OutEvent
from dunning.rules.recoveries import recoveries_of
from dunning.rules.story import Entry, decode, encode
from dunning.rules.tally import Counted, Sum
from dunning.store import keys
from dunning.store.asked import line_of
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_commands import SharedCommands, SharedScript
from dunning.store.lists import list_of
from dunning.store.out_lines import out_lines

SEARCHED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Versioned:
    """A case as it was read, and the revision it had. Revision 0: there was none."""

    case: Case | None
    revision: int
    unreadable: bool = False
    """Whether there is one that this version of us can't read."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened to a case."""

    at: datetime
    entry: Entry


class EndedBeforeOpeningError(CaseConflictError):
    """The case is not opened: its end had arrived before its beginning."""


class Cases:
    """The cases, each written by one script together with its due time and its story."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._commit = SharedScript(redis, "commit")
        self._reads = SharedCommands(redis)
        self._note = scripts.load(redis, "note")

    async def read(self, case_id: str) -> Case | None:
        """Return the case, or None when there is none (any more)."""
        return (await self.read_versioned([case_id]))[0].case

    async def read_versioned(self, case_ids: Sequence[str]) -> list[Versioned]:
        """Return the cases with their revisions, in the order asked for."""
        if not case_ids:  # which Redis would refuse
            return []
        entries = await self._reads.ask("MGET", *map(keys.case, case_ids))
        return [_parse(case_id, entry) for case_id, entry in zip(case_ids, entries, strict=True)]

    async def open_of_customer(self, customer_id: str) -> list[str]:
        """Return the ids of the customer's open cases."""
        return (await self.open_of_customers([customer_id]))[0]

    async def open_of_customers(self, customer_ids: Sequence[str]) -> list[list[str]]:
        """Return the ids of each customer's open cases, in the order asked for."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for customer_id in customer_ids:
                pipe.smembers(keys.customer(customer_id))
            found: list[set[bytes]] = await pipe.execute()
        return [sorted(member.decode() for member in members) for members in found]

    async def open_of_subscription(self, subscription_id: str) -> list[str]:
        """Return the ids of the subscription's open cases. No index has them, so this looks through all open cases."""
        wanted, found = subscription_id.encode(), set[str]()
        cursor: int | None = None
        while cursor != 0:
            cursor, some = await self._redis.zscan(keys.DUE, cursor or 0, count=SEARCHED_AT_ONCE)
            ids = [member.decode() for member, _ in some]
            entries = await self._redis.mget([keys.case(one) for one in ids]) if ids else []
            found.update(one for one, entry in zip(ids, entries, strict=True) if entry is not None and wanted in entry)
        cases = [read.case for read in await self.read_versioned(sorted(found))]
        return [one.id for one in cases if one and one.is_open and one.subscription_id == subscription_id]

    async def open_or_just_stopped(self, customer_id: str, subscription_id: str) -> list[str]:
        """Return the ids of the customer's open cases, and of the subscription's that were stopped lately."""
        found: set[bytes] = await self._reads.ask("SUNION", keys.customer(customer_id), keys.stopped(subscription_id))
        return sorted(member.decode() for member in found)

    async def story(self, case_id: str) -> list[StoryLine]:
        """Return what happened to the case, oldest first."""
        entry: bytes = await self._redis.get(keys.case(case_id)) or b""
        first = entry.split(b"\n")[1:]
        lines = [*first, *await self._redis.lrange(keys.story(case_id), 0, -1)]
        parts = [line.decode(errors="replace").partition(" ") for line in lines]
        return [StoryLine(from_milliseconds(int(at)), decode(text)) for at, _, text in parts]

    async def note(self, case_id: str, entry: Entry, now: datetime, told: OutEvent | None = None) -> None:
        """Add an entry to the story of a case that is itself unchanged, and tell it. A case that is gone stays gone."""
        line = f"{to_milliseconds(now)} {encode(entry)}"
        await self._note(
            keys=[keys.case(case_id), keys.story(case_id), keys.OUT_DESTINATIONS, keys.OUT_NEW],
            args=[line, *out_lines(told)],
        )

    async def commit(
        self,
        case: Case,
        revision: int,
        *,
        due_at: datetime | None,
        now: datetime,
        late_since: datetime | None = None,
        story: Sequence[Entry] = (),
        counts: Sequence[str] = (),
        event_id: str | None = None,
        opened_by: datetime | None = None,
        counts_as_new: bool = True,
        sums: Sequence[Sum] = (),
        before: Case | None = None,
        told: Sequence[OutEvent] = (),
    ) -> int:
        """Write the case with what belongs to it, in one step, and return its new revision.

        Where this ends an open case, what else is open of its customer is looked at by `now`.

        Args:
            case: the new value.
            revision: what it had when it was read; 0 to create it.
            due_at: when to look at it next; None for never.
            now: the time of the story's entries.
            late_since: since when a step of it is late; None for none. One that was late before counts from then.
            story: what happened.
            counts: counters to raise by one.
            event_id: the event that this handles, if one does.
            opened_by: since when it is a debt, when it is opened; an end since then that is known already forbids it.
            counts_as_new: whether it is one more failure of this hour, and none that was found late.
            sums: what it adds to the sums of days.
            before: the case as it was read, which says in which list it was.
            told: what the seller's programs are told, if there are any.

        Raises:
            CaseConflictError: somebody else wrote it: read again, decide again.
            EndedBeforeOpeningError: its end is already known.
        """
        days = sorted({one.day for one in sums})
        listed, listed_before = list_of(case), list_of(before or case)
        fixed = [
            keys.case(case.id),
            keys.story(case.id),
            keys.DUE,
            keys.customer(case.customer_id),
            keys.COUNTS,
            keys.event(event_id or ""),
            keys.INBOX,
            keys.mark(case.id),
            keys.mark(case.subscription_id),
            keys.OPENED,
            keys.stopped(case.subscription_id),
            keys.ENDED,
            keys.history(case.customer_id),
            keys.history(case.subscription_id),
            keys.LATE,
            keys.listed(listed),
            keys.listed(listed_before),
            keys.LISTS,
            keys.OUT_DESTINATIONS,
            keys.OUT_NEW,
            keys.LOST,
            keys.RECOVERED,
        ]
        asked = [
            *_asked(fixed.index(keys.LOST) + 1, losses_of(case.id, sums), keys.KEEP_LOST),
            *_asked(fixed.index(keys.RECOVERED) + 1, recoveries_of(case.id, sums), keys.KEEP_RECOVERED),
        ]
        new_revision = int(
            await self._commit(
                keys=[*fixed, *(keys.sums(f"{day:%Y-%m-%d}") for day in days)],
                args=[
                    revision,
                    case.id,
                    case.state,
                    case.at_rest(),
                    "" if due_at is None else to_milliseconds(due_at),
                    "" if case.is_open else round(keys.KEEP_ENDED_CASE.total_seconds() * 1000),
                    to_milliseconds(now),
                    event_id or "",
                    round(keys.KEEP_HANDLED.total_seconds() * 1000),
                    round(keys.KEEP_MARK.total_seconds() * 1000),
                    "" if opened_by is None else to_milliseconds(opened_by),
                    "" if opened_by is None or not counts_as_new else hour_of(now),
                    "" if late_since is None else to_milliseconds(late_since),
                    round(keys.KEEP_SUMS.total_seconds() * 1000),
                    listed,
                    len(counts),
                    3 * len(sums),
                    len(story),
                    len(asked),
                    *counts,
                    *(part for one in sums for part in (days.index(one.day), one.field, one.by)),
                    *map(encode, story),
                    *asked,
                    *out_lines(*told),
                ],
            )
        )
        if new_revision < 0:
            raise EndedBeforeOpeningError(f"case {case.id} had ended before it was opened")
        if new_revision == 0:
            raise CaseConflictError(f"case {case.id} is no longer at revision {revision}")
        return new_revision


def _asked(place: int, counted: Sequence[Counted], keep: timedelta) -> list[str | int]:
    """Write what Paddle is asked of later, as the script takes it."""
    return [part for one in counted for part in (place, line_of(one), round(keep.total_seconds() * 1000))]


def _parse(case_id: str, entry: bytes | None) -> Versioned:
    if entry is None:
        return Versioned(None, 0)
    revision, _, rest = entry.partition(b"\n")[0].partition(b" ")
    try:
        case = Case.from_rest(case_id, rest.partition(b" ")[2])
    except ValueError:
        return Versioned(None, int(revision), unreadable=True)
    return Versioned(case, int(revision))
