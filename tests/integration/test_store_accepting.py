import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from dunning import queue
from dunning.paddle.events import EventType
from dunning.store import Accepted, Store
from dunning.store.accepting import AT_MOST
from dunning.store.driver.shared_trip import SharedTrip
from tests.integration.at_rest import NOW, of_transaction, raised, redis_of


class Far:
    """Somewhere to travel to: it notes who came together, and answers when it is told to."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def go(self, asked: Sequence[int]) -> list[str]:
        self.trips.append(list(asked))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return [f"answer {number}" for number in asked]


def asking(trip: SharedTrip[int, str], numbers: range) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(trip.ask(number)) for number in numbers]


async def under_way(far: Far, trips: int) -> None:
    while len(far.trips) < trips:  # noqa: ASYNC110 - a few turns of the loop away
        await asyncio.sleep(0)


async def test_who_comes_while_a_trip_is_under_way_shares_the_next_and_gets_their_own_answer() -> None:
    far = Far()
    trip = SharedTrip(far.go, at_most=10)
    first = asking(trip, range(1))
    await under_way(far, 1)
    others = asking(trip, range(1, 4))

    far.open.set()
    answers = await asyncio.gather(*first, *others)

    assert far.trips == [[0], [1, 2, 3]]
    assert answers == ["answer 0", "answer 1", "answer 2", "answer 3"]


async def test_no_trip_takes_more_than_it_may() -> None:
    far = Far()
    far.open.set()

    answers = await asyncio.gather(*asking(SharedTrip(far.go, at_most=2), range(5)))

    assert far.trips == [[0, 1], [2, 3], [4]]
    assert answers == [f"answer {number}" for number in range(5)]


async def test_a_trip_that_fails_fails_for_all_who_were_on_it_and_for_nobody_else() -> None:
    far = Far()
    trip = SharedTrip(far.go, at_most=10)
    far.error = ConnectionError()
    lost = asking(trip, range(2))
    await under_way(far, 1)
    far.open.set()
    outcomes = await asyncio.gather(*lost, return_exceptions=True)
    far.error = None

    assert [type(outcome) for outcome in outcomes] == [ConnectionError, ConnectionError]
    assert await trip.ask(2) == "answer 2"


@pytest.mark.parametrize("gives_up", [0, 1])
async def test_who_gives_up_holds_nobody_back(gives_up: int) -> None:
    far = Far()
    trip = SharedTrip(far.go, at_most=10)
    on_the_way = asking(trip, range(2))
    await under_way(far, 1)
    on_the_way[gives_up].cancel()
    await raised(asyncio.CancelledError, on_the_way[gives_up])  # type: ignore[type-var] # not an Exception, but raised

    far.open.set()

    assert await on_the_way[1 - gives_up] == f"answer {1 - gives_up}"


async def test_who_gave_up_before_the_trip_is_not_taken_along() -> None:
    far = Far()
    trip = SharedTrip(far.go, at_most=10)
    first = asking(trip, range(1))
    await under_way(far, 1)
    waiting = asking(trip, range(1, 3))
    await asyncio.sleep(0)
    waiting[0].cancel()
    await raised(asyncio.CancelledError, waiting[0])  # type: ignore[type-var] # as above

    far.open.set()
    await asyncio.gather(*first, waiting[1])

    assert far.trips == [[0], [2]]


async def test_a_trip_that_takes_too_long_fails_for_all_who_were_on_it_and_for_nobody_else() -> None:
    far = Far()
    trip = SharedTrip(far.go, at_most=10, within=timedelta(milliseconds=1))
    lost = asking(trip, range(2))

    outcomes = await asyncio.gather(*lost, return_exceptions=True)
    far.open.set()

    assert [type(outcome) for outcome in outcomes] == [TimeoutError, TimeoutError]
    assert await SharedTrip(far.go, at_most=10, within=timedelta(minutes=1)).ask(2) == "answer 2"


async def test_an_answer_that_is_an_error_is_raised_where_it_was_asked_and_nowhere_else() -> None:
    async def go(asked: Sequence[int]) -> list[str | Exception]:
        return [ValueError() if number == 1 else f"answer {number}" for number in asked]

    outcomes = await asyncio.gather(*asking(SharedTrip(go, at_most=10), range(3)), return_exceptions=True)

    assert [str(outcomes[0]), type(outcomes[1]), str(outcomes[2])] == ["answer 0", ValueError, "answer 2"]


async def test_more_events_than_one_trip_takes_are_all_accepted(store: Store) -> None:
    events = [of_transaction() for _ in range(2 * AT_MOST + 1)]

    outcomes = await asyncio.gather(*(store.inbox.accept(event, NOW) for event in events))

    assert set(outcomes) == {Accepted.ACCEPTED}
    assert [await store.inbox.read(event.id) for event in events] == events


async def test_a_redis_that_forgot_the_script_is_told_it_again(store: Store) -> None:
    await store.inbox.accept(of_transaction(), NOW)
    await redis_of(store).script_flush()

    assert await store.inbox.accept(of_transaction(), NOW) is Accepted.ACCEPTED


async def test_events_that_share_a_trip_get_each_their_own_answer(store: Store) -> None:
    known, dead, new = [of_transaction() for _ in range(3)]
    await store.inbox.accept(known, NOW)
    await store.inbox.accept(dead, NOW)
    await store.inbox.give_up(dead.id, "fault", NOW)

    await redis_of(store).delete(queue.QUEUE)
    outcomes = await asyncio.gather(*(store.inbox.accept(event, NOW) for event in (known, new, dead, new)))

    assert outcomes == [Accepted.DUPLICATE, Accepted.ACCEPTED, Accepted.REQUEUED, Accepted.DUPLICATE]
    (job,) = await redis_of(store).zrange(queue.QUEUE, 0, -1)
    payload = await redis_of(store).get(b"arq:job:" + job)
    assert payload.decode() == queue.handle_events_payload([new.id, dead.id], NOW)


async def test_events_of_which_none_is_to_be_handled_queue_no_job(store: Store) -> None:
    known, ends_nothing = of_transaction(), of_transaction(EventType.TRANSACTION_PAID)
    await store.inbox.accept(known, NOW)
    await redis_of(store).delete(queue.QUEUE)

    outcomes = await asyncio.gather(*(store.inbox.accept(event, NOW) for event in (known, ends_nothing)))

    assert outcomes == [Accepted.DUPLICATE, Accepted.NOT_KEPT]
    assert await redis_of(store).exists(queue.QUEUE) == 0
