"""What a Redis that refuses writes is left with: all that it had, and nothing more."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from dunning.paddle.events import Event, EventType
from dunning.rules.case import Case, CaseState
from dunning.rules.story import Entry
from dunning.store import REDIS_ERRORS, Accepted, Store
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import (
    NOW,
    a_burial,
    a_case,
    everything,
    later,
    of_subscription,
    of_transaction,
    open_case,
    opened,
    paddle_id,
    redis_of,
)


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tcp=True) as server:
        yield server


@dataclass
class Full:
    """A store with something in it, on a Redis that refuses writes from `refuse` on."""

    store: Store
    case: Case
    event: Event

    async def refuse(self, how: str) -> None:
        if how == "OOM":
            await redis_of(self.store).config_set("maxmemory", 1)
        else:
            await redis_of(self.store).replicaof("127.0.0.1", 1)


@pytest.fixture
async def full(own_server: EmbeddedServer) -> AsyncIterator[Full]:
    async with opened(own_server.url) as store:
        event, dead = of_transaction(), of_transaction()
        case = await open_case(store)
        await store.inbox.accept(event, NOW)
        await store.inbox.accept(dead, NOW)
        await store.inbox.give_up(dead.id, "fault", NOW)
        await redis_of(store).delete("dunning:jobs")
        yield Full(store, case, event)
        await redis_of(store).replicaof("NO", "ONE")
        await redis_of(store).config_set("maxmemory", 0)
        await redis_of(store).flushall()


async def accept(full: Full) -> object:
    return await full.store.inbox.accept(of_transaction(), NOW)


async def accept_an_end_that_leaves_a_mark(full: Full) -> object:
    return await full.store.inbox.accept(of_subscription(subscription=paddle_id("sub")), NOW)


async def accept_the_end_of_an_open_case(full: Full) -> object:
    event = of_transaction(EventType.TRANSACTION_PAID, transaction=full.case.id)
    return await full.store.inbox.accept(event, NOW)


async def bury(full: Full) -> object:
    return await full.store.inbox.bury(a_burial(paddle_id("evt")), NOW)


async def give_up(full: Full) -> None:
    await full.store.inbox.give_up(full.event.id, "fault", NOW)


async def redrive(full: Full) -> object:
    return await full.store.inbox.redrive(later(minutes=1))


async def open_another(full: Full) -> object:
    return await full.store.cases.commit(
        a_case(full.event.facts.id),
        0,
        due_at=NOW,
        now=NOW,
        story=[Entry.prose("x")],
        counts=["y"],
        event_id=full.event.id,
    )


async def end(full: Full) -> object:
    case = full.case.end(CaseState.RECOVERED, None, NOW)
    return await full.store.cases.commit(
        case, 1, due_at=None, now=NOW, story=[Entry.prose("x")], event_id=full.event.id
    )


async def sweep(full: Full) -> object:
    return await full.store.due.sweep(NOW, calls_per_case=1)


WRITES = [
    accept,
    accept_an_end_that_leaves_a_mark,
    accept_the_end_of_an_open_case,
    bury,
    give_up,
    redrive,
    open_another,
    end,
    sweep,
]


@pytest.mark.parametrize(("how", "error"), [("OOM", OutOfMemoryError), ("READONLY", ReadOnlyError)])
@pytest.mark.parametrize("write", WRITES)
async def test_a_refused_write_is_an_error_and_leaves_nothing_half_done(
    full: Full, write: Callable[[Full], Awaitable[object]], how: str, error: type[ResponseError]
) -> None:
    before = await everything(redis_of(full.store))
    await full.refuse(how)

    with pytest.raises(error) as caught:
        await write(full)

    assert isinstance(caught.value, REDIS_ERRORS)
    assert await everything(redis_of(full.store)) == before


@pytest.mark.parametrize("write", WRITES)
async def test_once_there_is_room_again_the_same_write_succeeds(
    full: Full, write: Callable[[Full], Awaitable[object]]
) -> None:
    await full.refuse("OOM")
    with pytest.raises(OutOfMemoryError):
        await write(full)

    await redis_of(full.store).config_set("maxmemory", 0)

    await write(full)


async def test_an_event_refused_once_is_new_when_paddle_sends_it_again(full: Full) -> None:
    event = of_transaction()
    await full.refuse("OOM")
    with pytest.raises(OutOfMemoryError):
        await full.store.inbox.accept(event, NOW)
    await redis_of(full.store).config_set("maxmemory", 0)

    assert await full.store.inbox.accept(event, NOW) is Accepted.ACCEPTED
