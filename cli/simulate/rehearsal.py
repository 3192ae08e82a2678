"""One rehearsal: Paddle, Dunning and a mail server on one clock, which jumps to whatever happens next."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Protocol

from cli.simulate.memory import Memory
from cli.simulate.paddle import Happening, Paddle
from cli.simulate.sending import Sending
from cli.simulate.service import Dunning
from dunning.campaign import Campaign
from dunning.delivery import DeliveryState

# How long a webhook is on its way, and a mail.
WEBHOOK_TAKES = timedelta(milliseconds=400)
# A case is open for 35 days at most; one more, and everything has ended.
LASTS = timedelta(days=36)
CODES = {
    DeliveryState.SENT: "smtp_250",
    DeliveryState.REFUSED: "smtp_550",
    DeliveryState.UNKNOWN: "eof_after_data",
}

Act = Callable[[datetime], None]
Travel = Callable[[Happening], Sequence[timedelta]]


def at_once(_happening: Happening) -> Sequence[timedelta]:
    """Let every webhook arrive once, and soon."""
    return (WEBHOOK_TAKES,)


class MailServer(Protocol):
    """Where mails go."""

    def take(self, sending: Sending, now: datetime) -> DeliveryState | None:
        """Take a mail, and say how that ended: `sent`, `refused`, `unknown`, or `planned` for not now.

        None: the worker was killed before it could write how.
        """
        ...


class Rehearsal:
    """Plays what is planned, and what comes of it.

    Args:
        began: the moment of the first failure, mostly.
        campaigns: as the campaign file has them.
        mail_server: where mails go.
        note: is given each line of each case's story, if anybody is to read it.
        hear: is given each of Paddle's events as it arrives.
        is_suppressed: whether an address is not to be mailed.
        names_all: whether a template names every debt that it is given.
        jitter: from 0 to 1, how far retries are spread.
        travel: how long a webhook is on its way, each time that it arrives: not at all, where it is lost.
        lasts: how long it may go on.
    """

    def __init__(
        self,
        began: datetime,
        campaigns: Sequence[Campaign],
        mail_server: MailServer,
        *,
        note: Callable[[str, str, datetime], None] | None = None,
        hear: Callable[[Happening], None] | None = None,
        is_suppressed: Callable[[str], bool] = lambda _address: False,
        names_all: Callable[[str], bool] = lambda _template: True,
        jitter: Callable[[], float] = lambda: 0.0,
        travel: Travel = at_once,
        lasts: timedelta = LASTS,
    ) -> None:
        self.began = began
        self.now = began
        self.paddle = Paddle(self._on_its_way)
        self.memory = Memory(note=note)
        self.dunning = Dunning(
            self.memory, self.paddle, campaigns, is_suppressed=is_suppressed, names_all=names_all, jitter=jitter
        )
        self._mail_server = mail_server
        self._hear = hear
        self._travel = travel
        self._lasts = lasts
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._serial = count()

    def plan(self, at: datetime, act: Act) -> None:
        """Have something done at a moment, of which it is told."""
        heapq.heappush(self._agenda, (at, next(self._serial), act))

    def play(self) -> None:
        """Play on until nothing is left to happen, or the time is over."""
        ends_at = self.began + self._lasts
        while (at := self._next_at()) is not None and at <= ends_at:
            self.now = max(self.now, at)
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2](self.now)
            for case_id in self.memory.sweep(self.now):
                sending = self.dunning.look(case_id, self.now)
                if sending is not None:
                    self._send(sending)

    def _next_at(self) -> datetime | None:
        moments = [self._agenda[0][0]] if self._agenda else []
        return min((*moments, *self.memory.due.values()), default=None)

    def _send(self, sending: Sending) -> None:
        if not (sending.claim(self.now) and sending.begin_data(self.now)):
            return
        match self._mail_server.take(sending, self.now):
            case None:
                return
            case DeliveryState.PLANNED:
                sending.put_back("smtp_451", self.now)
            case ended:
                sending.settle(ended, CODES[ended], self.now)
                if ended is DeliveryState.SENT:
                    sending.cover(self.now)

    def _on_its_way(self, happening: Happening) -> None:
        if happening.event is not None or self._hear is not None:
            for takes in self._travel(happening):
                self.plan(happening.at + takes, partial(self._arrive, happening))

    def _arrive(self, happening: Happening, now: datetime) -> None:
        if self._hear is not None:
            self._hear(happening)
        if happening.event is not None:
            self.memory.accept(happening.event, now)
            self.dunning.handle(happening.event.id, now)
