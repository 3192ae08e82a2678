"""Every interleaving of two workers and a payment, with a death at any point, ends in a true state.

All worlds that can be reached are looked at, breadth first, each once. A world that is untrue fails the test with the
shortest way that leads there.
"""

from collections import deque
from collections.abc import Iterator

import pytest

from dunning.rules.delivery import FINAL, DeliveryState
from dunning.store.due import LEASE
from tests.unit.case_builders import FAILED_AT, a_case
from tests.unit.delivery_moves import Rule, Rules
from tests.unit.delivery_world import DUE_AFTER, Payment, Worker, World, due_at, read, written

SENT, SENDING, UNKNOWN = DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN
GONE = (Worker(), Worker())
# What happens when all goes well, and nobody pays.
WELL = {
    "a worker may send",
    "a worker claims",
    "a worker begins",
    "the mail server takes the mail",
    "a worker records sent",
    "a worker picks a step",
    "a worker sees nothing to do",
    "a worker puts the case back",
    "a worker hears of the end",
    "time passes",
}

Ways = dict[World, tuple[World, str] | None]


def begin(mishaps: int, setbacks: int) -> World:
    return World(written(a_case()), FAILED_AT, FAILED_AT, mishaps, setbacks)


def explore(rules: Rules, start: World) -> int:
    """Go everywhere, check every world, and return how many there are."""
    came_from: Ways = {start: None}
    settle: set[World] = set()
    waiting = deque([start])
    while waiting:
        world = waiting.popleft()
        for what, reached in rules.moves(world):
            after = reached._replace(workers=_in_order(reached.workers))
            if after not in came_from:
                came_from[after] = world, what
                untrue = [*lies(after, rules.repeats), *wrong_turns(world, after), *loose_ends(after, rules, settle)]
                assert not untrue, f"{'; '.join(untrue)}\n" + "\n".join(story(after, came_from))
                waiting.append(after)
    return len(came_from)


def lies(world: World, repeats: int) -> Iterator[str]:
    """Tell what is recorded and not so."""
    case = read(world.case)
    for step, arrived in zip(DUE_AFTER, world.arrived, strict=True):
        delivery = case.delivery(step)
        if arrived > 1 + min(delivery.unknowns, repeats):
            yield f"{arrived} mails of step {step}, with {delivery.unknowns} unknowns and {repeats} repeats"
        if delivery.state is SENT and not arrived:
            yield f"step {step} is sent, and never arrived"
        if arrived and not delivery.unknowns and delivery.state not in {SENDING, SENT}:
            yield f"step {step} is {delivery.state}, and has arrived"
        if not world.gap and (arrived > 1 or delivery.unknowns):
            yield f"step {step} arrived {arrived} times, with {delivery.unknowns} unknowns, though nothing went wrong"
        if delivery.unknowns and delivery.state not in {UNKNOWN, SENDING, SENT, DeliveryState.REFUSED}:
            yield f"step {step} is {delivery.state}, though it may have arrived"
    if world.payment is Payment.RECORDED and case.is_open:
        yield "a payment was forgotten"
    at = due_at(world.case, repeats)
    if at is not None and (world.due is None or world.due > max(at, world.now + LEASE)):
        yield f"the case is to be looked at {at}, and will be {world.due}"


def wrong_turns(before: World, after: World) -> Iterator[str]:
    """Tell what must not become of a delivery."""
    was, now = read(before.case), read(after.case)
    for step, arrived in zip(DUE_AFTER, before.arrived, strict=True) if was is not now else ():
        old, new = was.delivery(step), now.delivery(step)
        if old.state in FINAL and old != new:
            yield f"step {step} was {old.state} for good, and is {new.state}"
        if new.state is SENDING and old.state is not SENDING and not was.is_open:
            yield f"step {step} begins to be sent after the end of its case"
        if (arrived or old.unknowns) and old.dated_at != new.dated_at:
            yield f"step {step} would be another mail the next time"


def loose_ends(world: World, rules: Rules, settle: set[World]) -> Iterator[str]:
    """Tell what stays open when both workers are gone and, from now on, all goes well. `settle` are worlds that do."""
    world = world._replace(workers=GONE, mishaps=0, setbacks=0, gap=True)
    while world not in settle:
        settle.add(world)
        going_well = (after for what, after in rules.moves(world) if what in WELL)
        if (then := next(going_well, None)) is None:
            case = read(world.case)
            if case.is_open or world.due is not None:
                yield f"the case stays {case.state}, due {world.due}"
            for step, delivery in case.deliveries.items():
                if delivery.state not in {*FINAL, UNKNOWN} or delivery.held_until:
                    yield f"step {step} stays {delivery.state}, held until {delivery.held_until}"
        else:
            world = then._replace(workers=_in_order(then.workers))
            yield from lies(world, rules.repeats)


def story(world: World, came_from: Ways) -> list[str]:
    """Tell the way to a world, a move on each line."""
    lines: list[str] = []
    while (came := came_from[world]) is not None:
        states = ", ".join(f"{step} {delivery.state}" for step, delivery in read(world.case).deliveries.items())
        lines.append(f"after {world.now - FAILED_AT}, {came[1]}: {states or 'nothing yet'}; arrived {world.arrived}")
        world = came[0]
    return lines[::-1]


def _in_order(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    """Which worker is which makes no difference."""
    return tuple(sorted(workers, key=lambda worker: (worker.phase, worker.step, worker.seen, _owner(worker))))


def _owner(worker: Worker) -> str:
    return (worker.delivery and worker.delivery.owner) or ""


@pytest.mark.parametrize(("repeats", "mishaps", "setbacks", "at_least"), [(1, 2, 0, 70_000), (0, 1, 1, 30_000)])
def test_every_interleaving_ends_in_a_true_state(repeats: int, mishaps: int, setbacks: int, at_least: int) -> None:
    worlds = explore(Rules(repeats), begin(mishaps, setbacks))

    print(f"{worlds} worlds")  # noqa: T201 - shown by pytest -s
    assert worlds >= at_least  # fewer would mean that something can't happen any more


@pytest.mark.parametrize(
    ("broken", "lie"),
    [
        (Rule.A_WRITE_COMPARES_THE_REVISION, "a payment was forgotten"),
        (Rule.ONLY_THE_OWNER_WRITES, "step one was skipped for good, and is refused"),
        (Rule.SENDING_IS_WRITTEN_BEFORE_DATA, "is planned, and has arrived"),
        (Rule.SENT_IS_WRITTEN_AFTER_THE_ANSWER, "is sent, and never arrived"),
        (Rule.A_SILENCE_IS_UNKNOWN, "2 mails of step one, with 0 unknowns"),
        (Rule.A_LEASE_BRINGS_BACK, "the case stays open, due None"),
    ],
)
def test_without_any_of_its_rules_it_does_not(broken: Rule, lie: str) -> None:
    with pytest.raises(AssertionError, match=lie):
        explore(Rules(1, broken), begin(1, 0))
