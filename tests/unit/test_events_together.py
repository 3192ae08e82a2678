"""Events that are handled together by a worker that dies in between: nothing is lost, and nothing happens twice."""

from datetime import timedelta

from cli.plan.simulate.mortal import Killed, Life, watched
from cli.plan.simulate.rehearsal import Rehearsal, quietly
from dunning.paddle.events import Event
from dunning.store.inbox import HANDLE_WITHIN
from tests.unit.paddle_world import HISTORIES, a_worker, name_of, told
from worker.handle_event import handle_events

# A failure with retries, a second debt beside it, and both stopped with their subscription.
(ACCOUNT,) = [told(history) for history in HISTORIES if name_of(history) == "paused_with_two_debts"]
# More than the longest life below has.
MOST_MOMENTS = 200


async def accepted() -> tuple[Rehearsal, list[Event]]:
    worker = a_worker(ACCOUNT)
    worker.now = ACCOUNT.over_at
    for event in ACCOUNT.events:
        await worker.store.inbox.accept(event, worker.now)
    return worker, [worker.store.kept.inbox[event_id] for event_id in worker.store.kept.events_queued]


async def one_after_the_other() -> Rehearsal:
    worker, events = await accepted()
    for event in events:
        await handle_events(worker.services, [event.id])
    return worker


async def lives(moments: int) -> tuple[Rehearsal, bool]:
    """Let a worker handle all of them in one job and die after so many moments; tell whether it did."""
    worker, events = await accepted()
    worker.store.kept.events_queued.clear()
    try:
        await handle_events(watched(worker.services, Life(moments)), [event.id for event in events])
    except Killed:
        return worker, True
    return worker, False


async def test_wherever_a_worker_is_killed_the_sweep_drives_what_was_left() -> None:
    with quietly():
        true = await one_after_the_other()
        for moments in range(MOST_MOMENTS):
            worker, killed = await lives(moments)
            worker.now += HANDLE_WITHIN + timedelta(seconds=5)
            await worker.redrive()

            assert not worker.store.kept.inbox
            assert list(worker.store.kept.dead) == []
            assert cases(worker) == cases(true), f"killed after {moments} moments"
            assert worker.store.kept.counts == true.store.kept.counts
            assert stories(worker) == stories(true)
            if not killed:
                break
        assert 10 < moments < MOST_MOMENTS - 1


def cases(worker: Rehearsal) -> dict[str, object]:
    return {case_id: kept.case for case_id, kept in worker.store.kept.cases.items()}


def stories(worker: Rehearsal) -> dict[str, list[object]]:
    return {case_id: [entry for _, entry in kept.story] for case_id, kept in worker.store.kept.cases.items()}
