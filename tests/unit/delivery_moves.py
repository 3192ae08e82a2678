"""What may happen next while one debt's two mails are sent, one atomic move at a time.

The rules are Dunning's own: `case`, `due_steps`, `delivery`. The workers do what find_due.py, batch.py and send_mail.py
in worker/send do. What is done between two writes and seen by nobody else is one move. So is a write that a conflict
lets begin again; a job that a conflict ends is over as soon as somebody else has written.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum, auto
from functools import cache
from typing import NamedTuple

from dunning.reasons import SkipReason
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import note_due
from dunning.rules.verdicts import End, judge
from dunning.store.due import LEASE
from tests.unit.case_builders import ENDS, SECOND, a_live_subscription, a_live_transaction, apply
from tests.unit.delivery_world import (
    CAMPAIGN,
    DUE_AFTER,
    Payment,
    Phase,
    Worker,
    World,
    due_at,
    read,
    tidied,
    turning_points,
    with_delivery,
    written,
)

RETRY = 30 * SECOND
PAID = ENDS[0]
OWED, PAID_UP = a_live_transaction(), a_live_transaction(status="paid")
AUTOMATIC = a_live_subscription()

Move = tuple[str, World]


class Rule(StrEnum):
    """A rule that a test may have broken, to see that it is missed."""

    A_WRITE_COMPARES_THE_REVISION = auto()
    ONLY_THE_OWNER_WRITES = auto()
    SENDING_IS_WRITTEN_BEFORE_DATA = auto()
    SENT_IS_WRITTEN_AFTER_THE_ANSWER = auto()
    A_SILENCE_IS_UNKNOWN = auto()
    A_LEASE_BRINGS_BACK = auto()


class Rules(NamedTuple):
    """Tells the moves of worlds where an `unknown` may be repeated so often, and where one rule may be broken."""

    repeats: int
    broken: Rule | None = None

    def moves(self, world: World) -> Iterator[Move]:
        """Tell everything that may happen next."""
        if world.payment is Payment.OPEN:
            yield "the customer pays", world._replace(payment=Payment.MADE)
        if world.payment is Payment.MADE:
            paid = _paid(world.case, world.now)
            after = world if paid is None else self._write(world, paid)
            yield "the payment's event is handled", after._replace(payment=Payment.RECORDED)
        for index in sorted({world.workers.index(worker) for worker in world.workers}):  # those alike move alike
            yield from self._work(world, index)
        yield from self._wait(world)

    def _work(self, world: World, index: int) -> Iterator[Move]:
        worker = world.workers[index]
        match worker.phase:
            case Phase.LOOK:
                if world.due is not None and world.due <= world.now:
                    yield from self._look(world, index)
                return
            case Phase.PUT_BACK:
                at = due_at(worker.seen, self.repeats) if world.due else None
                yield "a worker puts the case back", _set(world._replace(due=at), index, Worker())
            case Phase.CLAIM:
                yield "a worker claims", self._claim(world, index, worker)
            case Phase.BEGIN:
                yield from self._begin(world, index, worker)
            case Phase.DATA:
                yield from self._give_data(world, index, worker)
            case Phase.RECORD:
                yield f"a worker records {worker.ended}", self._end(world, index, worker.ended)
        if world.mishaps:
            gap = world.gap or worker.phase in {Phase.DATA, Phase.RECORD}
            died = _set(world, index, Worker())._replace(mishaps=world.mishaps - 1, gap=gap)
            yield f"a worker dies before {worker.phase}", died

    def _look(self, world: World, index: int) -> Iterator[Move]:
        """Sweep the due index, read the case, and ask Paddle about a step that is due."""
        world = world._replace(due=None if self.broken is Rule.A_LEASE_BRINGS_BACK else world.now + LEASE)
        case, step = tidied(world.case, self.repeats, world.now)
        worker = Worker(seen=case, time_is_up_at=world.now + LEASE)
        if step is None:
            if case == world.case:
                yield "a worker sees nothing to do", _set(world, index, worker._replace(phase=Phase.PUT_BACK))
            else:
                yield "a worker picks a step", self._write(world, case)
            return
        delivery = read(case).delivery(step)
        verdict = judge(read(case), OWED if world.payment is Payment.OPEN else PAID_UP, AUTOMATIC, None, world.now)
        if isinstance(verdict, End):
            ended = read(case).end(verdict.state, verdict.reason, world.now)
            yield "a worker hears of the end", self._write(world, written(ended))
        else:
            yield "a worker may send", _set(world, index, worker._replace(phase=Phase.CLAIM, step=step))
            skipped = with_delivery(case, step, delivery.skip(SkipReason.SUPPRESSED))
            yield "a worker skips", self._write(world, skipped)
        if world.setbacks:
            put_off = delivery.postpone("paddle_failed", world.now + RETRY, counted=True)
            after = self._write(world, with_delivery(case, step, put_off))
            yield "a worker puts off", after._replace(setbacks=world.setbacks - 1)

    def _claim(self, world: World, index: int, worker: Worker) -> World:
        delivery = read(worker.seen).delivery(worker.step).claim(_new_owner(world), world.now)
        held = worker._replace(phase=Phase.BEGIN, seen="", delivery=delivery, time_is_up_at=delivery.held_until)
        return self._write(_set(world, index, held), with_delivery(worker.seen, worker.step, delivery))

    def _begin(self, world: World, index: int, worker: Worker) -> Iterator[Move]:
        """Hear what the mail server says up to RCPT; where it is willing, write `sending`."""
        yield "a worker hears 550 to RCPT", self._end(world, index, DeliveryState.REFUSED)
        yield "a worker finds that it can't", self._end(world, index, DeliveryState.DEAD)
        if world.setbacks:
            later = self._end(world, index, DeliveryState.PLANNED)
            yield "a worker hears 451 to RCPT", later._replace(setbacks=world.setbacks - 1)
        if self.broken is Rule.SENDING_IS_WRITTEN_BEFORE_DATA:
            yield "a worker begins", _set(world, index, worker._replace(phase=Phase.DATA))
        elif self._is_its_own(world, worker):
            assert worker.delivery
            begun = written_next = worker.delivery.begin_data(worker.delivery.owner or "")
            if self.broken is Rule.SENT_IS_WRITTEN_AFTER_THE_ANSWER:
                written_next = begun.settle(begun.owner or "", DeliveryState.SENT, "smtp_250")
            after = self._write(world, with_delivery(world.case, worker.step, written_next))
            yield "a worker begins", _set(after, index, worker._replace(phase=Phase.DATA, delivery=begun))
        else:
            yield "a worker abandons", _set(world, index, Worker())

    def _give_data(self, world: World, index: int, worker: Worker) -> Iterator[Move]:
        """Give the mail server the mail: it takes it or not, and answers or not."""
        place = list(DUE_AFTER).index(worker.step)
        arrived = tuple(count + (at == place) for at, count in enumerate(world.arrived))
        sent = _set(world, index, worker._replace(phase=Phase.RECORD, ended=DeliveryState.SENT))
        yield "the mail server takes the mail", sent._replace(arrived=arrived)
        yield "the mail server answers 550", self._end(world, index, DeliveryState.REFUSED)
        if world.setbacks:
            later = self._end(world, index, DeliveryState.PLANNED)
            yield "the mail server answers 451", later._replace(setbacks=world.setbacks - 1)
        if world.mishaps:
            unknown = _set(world, index, worker._replace(phase=Phase.RECORD, ended=DeliveryState.UNKNOWN))
            unknown = unknown._replace(mishaps=world.mishaps - 1, gap=True)
            yield "the mail server falls silent", unknown
            yield "the mail server takes the mail and falls silent", unknown._replace(arrived=arrived)

    def _end(self, world: World, index: int, ended: DeliveryState | None) -> World:
        """Record how a send ended, if the delivery is still the worker's own."""
        worker = world.workers[index]
        assert worker.delivery
        after = _set(world, index, Worker())
        if not self._is_its_own(world, worker):
            return after
        delivery = self._ended(worker.delivery, ended, world.now)
        return self._write(after, with_delivery(world.case, worker.step, delivery))

    def _ended(self, delivery: Delivery, ended: DeliveryState | None, now: datetime) -> Delivery:
        owner = delivery.owner or ""
        match ended:
            case DeliveryState.SENT | DeliveryState.REFUSED:
                return delivery.settle(owner, ended, "smtp")
            case DeliveryState.UNKNOWN if self.broken is not Rule.A_SILENCE_IS_UNKNOWN:
                unknown = delivery.settle(owner, ended, "eof_after_data")
                if unknown.is_settled(self.repeats):
                    return unknown
                return unknown.postpone("eof_after_data", now + RETRY, counted=False)
            case DeliveryState.DEAD:
                return delivery.put_back(owner, "not_possible", now, counted=True).die("not_possible")
            case _:
                return delivery.put_back(owner, "smtp_451", now + RETRY, counted=True)

    def _is_its_own(self, world: World, worker: Worker) -> bool:
        assert worker.delivery
        stored = read(world.case).delivery(worker.step)
        return stored.owner == worker.delivery.owner or self.broken is Rule.ONLY_THE_OWNER_WRITES

    def _write(self, world: World, case: str) -> World:
        """Write the case with its due time. Who was about to write it as it was before finds that out, and stops."""
        if not read(case).is_open:
            case = _noted(case, world.now)
        world = world._replace(case=case, due=due_at(case, self.repeats))
        if self.broken is not Rule.A_WRITE_COMPARES_THE_REVISION:
            for index, worker in enumerate(world.workers):
                world = _set(world, index, Worker()) if worker.phase is Phase.CLAIM else world
        return world

    def _wait(self, world: World) -> Iterator[Move]:
        """Let time pass until the next moment at which anything can change."""
        if world.due is None:
            return
        moments = (world.due, *turning_points(world.case))
        later = min((moment for moment in moments if moment > world.now), default=None)
        if later is None:
            return
        slow = [worker for worker in world.workers if worker.time_is_up_at and worker.time_is_up_at <= later]
        if len(slow) <= world.mishaps:
            gap = world.gap or any(worker.delivery for worker in slow)
            for index, worker in enumerate(world.workers):
                if worker in slow:
                    # Sending has time limits of its own, and may still go on; any other job is ended.
                    world = _set(world, index, worker._replace(time_is_up_at=None) if worker.delivery else Worker())
            yield "time passes", world._replace(now=later, mishaps=world.mishaps - len(slow), gap=gap)


@cache
def _paid(text: str, now: datetime) -> str | None:
    """Give what the payment's event makes of a case."""
    paid = apply(PAID, read(text), now)
    return None if paid is None else written(paid)


@cache
def _noted(text: str, now: datetime) -> str:
    """Note what is due in a case that has ended."""
    return written(note_due(read(text), CAMPAIGN, now))


def _set(world: World, index: int, worker: Worker) -> World:
    return world._replace(workers=(*world.workers[:index], worker, *world.workers[index + 1 :]))


def _new_owner(world: World) -> str:
    """Name a claim after none that anybody could still mean, so that worlds alike stay equal."""
    taken = {worker.delivery.owner for worker in world.workers if worker.delivery}
    taken |= {delivery.owner for delivery in read(world.case).deliveries.values()}
    return next(name for name in "abcdef" if name not in taken)
