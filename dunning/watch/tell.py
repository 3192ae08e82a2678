"""Telling what was found: each thing once, over all processes as far as Redis can be asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from dunning.alerts import Alert
from dunning.casebook.lift_words import lift_in_short
from dunning.casebook.report import read_report
from dunning.rules.growth import news_of, note_growth
from dunning.rules.telling import News, Told, What, decide, decide_untold
from dunning.rules.troubles import Looked, Seen, Trouble, find_troubles
from dunning.store import SentAlert, Snapshot, Store
from dunning.store.counters import Counters
from dunning.watch import digest
from dunning.watch.send import AlertSender
from dunning.watch.words import Message, message

log = structlog.get_logger()

# Between two looks of all processes together.
REST: Final = timedelta(seconds=5)
# After a message that reached nobody.
TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
# The counter of messages that a URL did not take.
NOT_DELIVERED: Final = "alerts_not_delivered"
SILENT: Final = frozenset({Trouble.WORKER_GONE, Trouble.WEBHOOKS_GONE})

# Keeps a message that was sent.
Note = Callable[[Message], Awaitable[None]]


class Teller:
    """Sends what there is to tell, and remembers what this process alone was to tell."""

    def __init__(self, sender: AlertSender, place: str) -> None:
        self.place = place
        self._sender = sender
        self._told: Mapping[str, Told] = {}
        self._again_at = 0.0

    @property
    def services(self) -> tuple[str, ...]:
        """By which services people are told."""
        return self._sender.services

    @property
    def has_listeners(self) -> bool:
        """Whether there is anybody to tell, or anything to ping."""
        return self._sender.has_listeners

    @property
    def all_told(self) -> bool:
        """Whether the last message reached somebody."""
        return self._again_at == 0

    async def count_failures(self, counters: Counters) -> None:
        """Count what URLs did not take since the last time."""
        if failed := self._sender.failed:
            await counters.add(NOT_DELIVERED, failed)
            self._sender.failed -= failed

    async def tell_of_redis(self, seen: Sequence[Seen], now: datetime) -> None:
        """Tell what each process tells by itself, since Redis can't hold what was told."""
        self._told = await self.tell(seen, self._told, now)

    async def tell(
        self, seen: Sequence[Seen], told: Mapping[str, Told], now: datetime, note: Note | None = None
    ) -> dict[str, Told]:
        """Tell what there is to tell, note what was sent, and return what to remember."""
        news, remember = decide(seen, told, now)
        if not news:
            return remember
        text = message(news, self.place, now)
        if not await self.send(text):
            return decide_untold(told, remember)
        if note is not None:
            await note(text)
        for one in news:
            _log(one)
        return remember

    async def send(self, one: Message) -> bool:
        """Send a message, unless one reached nobody a moment ago. Return whether it reached somebody."""
        now = asyncio.get_running_loop().time()
        if now < self._again_at:
            return False
        sent = await self._sender.tell(one)
        self._again_at = 0.0 if sent else now + TRY_AGAIN_AFTER.total_seconds()
        return sent


class SharedTelling:
    """Tells what all processes see alike. Of several, one at a time looks and tells."""

    def __init__(self, store: Store, teller: Teller) -> None:
        self._store = store
        self._teller = teller
        self.all_live = False
        """Whether processes of every kind showed that they live, at the last look of this one."""

    async def look(self, now: datetime) -> None:
        """Look, tell and remember, if it is this process' turn.

        While a process has somebody to tell, those that haven't leave it to that one.
        """
        await self._teller.count_failures(self._store.counters)
        if self._teller.has_listeners:
            await self._store.alerts.note_listeners()
        elif await self._store.alerts.has_listeners():
            return
        if not await self._store.alerts.take_turn():
            return
        snapshot = await self._store.health.snapshot(now)
        seen = find_troubles(await self._looked(snapshot, now))
        self.all_live = SILENT.isdisjoint(one.trouble for one in seen)
        told = await self._store.alerts.told()
        after = await self._teller.tell(seen, told, now, lambda text: self._note(text, now))
        if after != told:
            await self._store.alerts.keep_told(after)
        await self._digest(snapshot, seen, now)
        await self._store.alerts.end_turn(REST)

    async def _note(self, text: Message, now: datetime) -> None:
        await self._store.alerts.note_sent(SentAlert(now, text.title, text.body, text.bad, self._teller.services))

    async def _looked(self, snapshot: Snapshot, now: datetime) -> Looked:
        before = await self._store.alerts.growth()
        growth = note_growth(snapshot.counters, before, now)
        if growth != before:
            await self._store.alerts.keep_growth(growth)
        holds = await self._store.holds.all() if snapshot.gauges["holds"] else []
        return Looked(
            gauges=snapshot.gauges,
            holds={hold.word: hold.sentence for hold in holds},
            in_vain=snapshot.in_vain,
            news=news_of(growth, now),
        )

    async def _digest(self, snapshot: Snapshot, seen: Sequence[Seen], now: datetime) -> None:
        if not self._teller.has_listeners:
            return
        last = await self._store.alerts.digested()
        if last is None:
            text = digest.greeting(self._teller.place, seen)
        elif digest.is_due(last.at, now):
            text = digest.digest(
                last.counters, snapshot.counters, last.at, seen, self._teller.place, lift=await self._lift(now)
            )
        else:
            return
        if await self._teller.send(text):
            await self._note(text, now)
            await self._store.alerts.keep_digested(snapshot.counters, now)

    async def _lift(self, now: datetime) -> list[str]:
        """Say what mails bring, by the cases of the last year; nothing where none was held out."""
        found = await read_report(self._store.sums, now.date(), now.date())
        days = f"Of the cases that failed {found.compared.first} to {found.compared.last}: "
        return [f"{days}{lift_in_short(one)}\n" for one in found.comparisons]


def _log(one: News) -> None:
    said = {"trouble": one.seen.key, "since": one.since.isoformat(), "detail": one.seen.detail}
    if one.what is What.OVER:
        log.info(Alert.OVER, **said)
    else:
        log.error(Alert.ON, **said)
