"""What the campaign machine plays with: Paddle, wires that lose things, workers that die, and a mailbox that counts."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum, auto

from cli.simulate.memory import Memory
from cli.simulate.paddle import Happening
from cli.simulate.sending import Sending
from cli.simulate.service import Dunning
from dunning.campaign import Campaign
from dunning.case import Case
from dunning.delivery import FINAL, DeliveryState
from dunning.events import Event
from dunning.jobs import TIMEOUTS, Job
from dunning.store import Versioned
from tests.unit.paddle_world import BEGAN, an_account

PLANNED, SENDING, UNKNOWN = DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.UNKNOWN
SENT, REFUSED, SKIPPED, DEAD = DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.SKIPPED, DeliveryState.DEAD

# The chart in dunning/delivery.py: from a state, those it may be written in next.
CHART = {
    PLANNED: {PLANNED, SENDING, REFUSED, SKIPPED, DEAD},
    # Skipped: the mail server would not have it now, and meanwhile the case has ended.
    SENDING: {SENDING, SENT, REFUSED, UNKNOWN, PLANNED, SKIPPED},
    UNKNOWN: {UNKNOWN, SENDING, REFUSED},
    **{state: {state} for state in FINAL},
}
# What happens at Paddle is told within so long.
TOLD_WITHIN = timedelta(seconds=20)


class Phase(StrEnum):
    """How far a send is."""

    ASKED = auto()
    CLAIMED = auto()
    BEGUN = auto()
    GIVEN = auto()
    """The mail server has the mail, and nobody has written so."""


class Heard(StrEnum):
    """What the mail server does with a mail."""

    TAKES = auto()
    TAKES_AND_FALLS_SILENT = auto()
    FALLS_SILENT = auto()
    REFUSES = auto()
    NOT_NOW = auto()


class WatchedMemory(Memory):
    """A memory that refuses to go back."""

    def commit(
        self, case: Case, revision: int, *, due_at: datetime | None, now: datetime, opened_by: datetime | None
    ) -> Versioned:
        before = self.read(case.id)
        kept = super().commit(case, revision, due_at=due_at, now=now, opened_by=opened_by)
        if before.case is not None and kept.case is not None:
            assert_forward(before.case, kept.case)
        return kept


def assert_forward(before: Case, after: Case) -> None:
    assert after.failed_at == before.failed_at
    assert before.is_open or not after.is_open
    for step, delivery in after.deliveries.items():
        was = before.delivery(step)
        assert delivery.state in CHART[was.state]
        assert delivery.unknowns >= was.unknowns
        if was.dated_at is not None and delivery.dated_at != was.dated_at:
            # Dated anew, as nothing can have arrived yet.
            assert not was.unknowns
            assert delivery.dated_at is not None
            assert delivery.dated_at > was.dated_at


class Send:
    """A worker on its way through a send."""

    def __init__(self, sending: Sending, asked_at: datetime) -> None:
        self.sending = sending
        self.asked_at = asked_at
        self.phase = Phase.ASKED
        self.heard: Heard | None = None

    @property
    def mail(self) -> tuple[str, str]:
        return self.sending.case.id, self.sending.mail.step.name


class World:
    """Everything, at one moment."""

    def __init__(self, campaign: Campaign, repeats: int) -> None:
        self.now = BEGAN
        self.wire: list[Event] = []
        self.lost: list[Event] = []
        self.arrived: Counter[tuple[str, str]] = Counter()
        self.sends: list[Send] = []
        self.bounced: set[str] = set()
        self.repeats = repeats
        self.paddle = an_account(self._tell)
        self.memory = WatchedMemory(as_text=True)
        self.dunning = Dunning(
            self.memory, self.paddle, [campaign], repeats=repeats, is_suppressed=self.bounced.__contains__
        )

    def new_bill(self) -> str:
        return f"txn_{len(self.paddle.bills) + 1:026d}"

    def deliver(self, event: Event, *, handled: bool) -> None:
        self.memory.accept(event, self.now)
        if handled:
            self.dunning.handle(event.id, self.now)

    def sweep(self) -> None:
        """Look at what is due, as a worker does: what may be sent is owed at Paddle at this moment."""
        for case_id in self.memory.sweep(self.now):
            sending = self.dunning.look(case_id, self.now)
            if sending is not None:
                named = [case_id, *(one.case.id for one in sending.mail.named)]
                assert all(self.paddle.bills[one].status == "past_due" for one in named)
                self.sends.append(Send(sending, self.now))

    def go_on(self, send: Send, heard: Heard) -> None:
        """Take a send one phase further. A job that has run too long is ended by arq."""
        if self.now >= send.asked_at + TIMEOUTS[Job.SEND_STEPS]:
            self.sends.remove(send)
            return
        match send.phase:
            case Phase.ASKED if send.sending.claim(self.now):
                send.phase = Phase.CLAIMED
            case Phase.CLAIMED if send.sending.begin_data(self.now):
                case = self.memory.read(send.sending.case.id).case
                assert case is not None
                assert case.is_open
                assert not self.arrived[send.mail] or case.delivery(send.mail[1]).unknowns
                send.phase = Phase.BEGUN
            case Phase.BEGUN:
                send.heard, send.phase = heard, Phase.GIVEN
                self.arrived[send.mail] += heard in {Heard.TAKES, Heard.TAKES_AND_FALLS_SILENT}
            case Phase.GIVEN:
                self._record(send)
                self.sends.remove(send)
            case _:  # somebody else was there first
                self.sends.remove(send)

    def run_until(self, end: datetime) -> None:
        """Let everything be well: what is due is sent at once, and taken."""
        while (at := min(self.memory.due.values(), default=None)) is not None and at <= end:
            self.now = max(self.now, at)
            self.sweep()
            for send in list(self.sends):
                while send in self.sends:
                    self.go_on(send, Heard.TAKES)
        self.now = max(self.now, end)

    def _record(self, send: Send) -> None:
        match send.heard:
            case Heard.TAKES:
                send.sending.settle(SENT, "smtp_250", self.now)
                send.sending.cover(self.now)
            case Heard.REFUSES:
                send.sending.settle(REFUSED, "smtp_550", self.now)
            case Heard.NOT_NOW:
                send.sending.put_back("smtp_451", self.now)
            case _:
                send.sending.settle(UNKNOWN, "eof_after_data", self.now)

    def _tell(self, happening: Happening) -> None:
        if happening.event is not None:
            self.wire.append(happening.event)
