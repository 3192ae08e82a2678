"""The edge among strangers who send slowly, much, or nothing at all. A client that behaves is served meanwhile."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from dunning.store.server.embedded import EmbeddedServer
from tests.integration.edge import Edge, notification, paddle_id, running, settings
from tests.until import until
from webhooks.body_budget import Body, BodyBudget
from webhooks.deadlines import Deadlines
from webhooks.keys import BODIES
from webhooks.limits import Limits

NUMBERS = count(1)


@dataclass
class Wire:
    """A connection that sends what it is told to, and no more."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def ended(self) -> bool:
        """Read to the end; True: without an answer."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    async def status(self) -> int:
        return int((await self.reader.readline()).split()[1])


@asynccontextmanager
async def wires(edge: Edge, number: int) -> AsyncIterator[list[Wire]]:
    opened = [Wire(*await asyncio.open_connection(edge.url.host, edge.url.port)) for _ in range(number)]
    try:
        yield opened
    finally:
        for wire in opened:
            wire.writer.transport.abort()


async def served(edge: Edge) -> int:
    """Send a notification of Paddle's over a connection of its own."""
    body = notification(event_id=paddle_id("evt", next(NUMBERS)))
    async with await edge.notify(body, Connection="close") as response:
        return response.status


async def turned_away(edge: Edge, why: str) -> int:
    found = re.search(rf'dunning_http_turned_away_total{{why="{why}"}} (\d+)', await edge.metrics())
    return int(found[1]) if found else 0


async def being_handled(edge: Edge) -> bool:
    return edge.runner.server is not None and edge.runner.server.requests_count > 0


async def being_read(edge: Edge, count: int) -> bool:
    return edge.app[BODIES].taken_bytes >= count


def head(length: int) -> bytes:
    return b"POST /webhooks/paddle HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length


SHORT = Limits(head=timedelta(seconds=0.3))


async def test_a_connection_that_sends_nothing_is_closed(redis_url: str) -> None:
    async with running(settings(redis_url), limits=SHORT) as edge, wires(edge, 1) as [silent]:
        assert await silent.ended()
        assert await turned_away(edge, "slow_head") == 1


async def test_of_connections_that_send_nothing_the_later_is_closed_too(redis_url: str) -> None:
    async with running(settings(redis_url), limits=SHORT) as edge, wires(edge, 1) as [first]:
        await edge.metrics()
        async with wires(edge, 1) as [later]:
            assert await first.ended()
            assert await later.ended()
            assert await turned_away(edge, "slow_head") == 2


async def test_a_head_that_dribbles_in_is_cut_off(redis_url: str) -> None:
    async with running(settings(redis_url), limits=SHORT) as edge, wires(edge, 1) as [slow]:
        slow.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Padding: ")
        ended = asyncio.create_task(slow.ended())
        while not ended.done():
            slow.send(b"x")
            await asyncio.wait([ended], timeout=0.02)

        assert await ended


async def test_a_further_request_has_as_long_for_its_head_as_the_first(redis_url: str) -> None:
    async with running(settings(redis_url), limits=SHORT) as edge, wires(edge, 1) as [wire]:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await wire.status() == 200
        assert (await wire.reader.readuntil(b"ok\n")).endswith(b"ok\n")
        wire.send(b"GET /hea")

        assert await wire.ended()


async def test_an_idle_connection_may_stay_and_ask_again(redis_url: str) -> None:
    async with running(settings(redis_url), limits=SHORT) as edge, wires(edge, 2) as [idle, silent]:
        idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await idle.reader.readuntil(b"ok\n")
        assert await silent.ended()

        idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        assert await idle.status() == 200


async def test_a_head_without_end_is_cut_off(redis_url: str) -> None:
    async with running(settings(redis_url)) as edge, wires(edge, 1) as [endless]:
        endless.send(b"GET /healthz HTTP/1.1\r\n" + b"X-Padding: %b\r\n" % (b"x" * 4000) * 30)

        assert await endless.ended()
        assert await turned_away(edge, "large_head") == 1


async def test_a_request_that_never_ends_is_cut_off(redis_url: str) -> None:
    limits = Limits(request=timedelta(seconds=0.3))
    async with running(settings(redis_url), limits=limits) as edge, wires(edge, 1) as [slow]:
        slow.send(head(1000))

        assert await slow.ended()
        assert await turned_away(edge, "slow_request") == 1


async def test_the_one_idle_for_longest_leaves_first(redis_url: str) -> None:
    limits = Limits(connections=4)
    async with running(settings(redis_url), limits=limits) as edge, wires(edge, 3) as [silent, longest, idle]:
        for wire in (longest, idle):
            wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await wire.reader.readuntil(b"ok\n")
        async with wires(edge, 2) as fresh:
            assert await longest.ended()
            for wire in (idle, silent, *fresh):
                wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                await wire.reader.readuntil(b"ok\n")


async def test_a_crowd_of_silent_connections_keeps_nobody_out(redis_url: str) -> None:
    async with (
        running(settings(redis_url), limits=Limits(connections=20)) as edge,
        wires(edge, 200),
    ):
        assert await served(edge) == 200
        assert await turned_away(edge, "crowded") >= 180
        assert "dunning_http_connections 20.0" in await edge.metrics()


async def test_a_crowd_of_slow_bodies_keeps_nobody_out(redis_url: str) -> None:
    async with (
        running(settings(redis_url), limits=Limits(connections=20)) as edge,
        wires(edge, 20) as crowd,
    ):
        for wire in crowd:
            wire.send(head(1000) + b"x")
        await asyncio.gather(*(wire.writer.drain() for wire in crowd))

        assert await served(edge) == 200


async def test_a_newcomer_is_turned_away_while_everybody_is_served() -> None:
    patient = Deadlines(redis=timedelta(seconds=60))
    with EmbeddedServer(tcp=True) as server:
        async with (
            running(settings(server.url), limits=Limits(connections=1), deadlines=patient) as edge,
            wires(edge, 1) as [asking],
        ):
            os.kill(server.pid, signal.SIGSTOP)  # it takes connections and doesn't answer
            asking.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: being_handled(edge))
            async with wires(edge, 1) as [newcomer]:
                assert await newcomer.status() == 503
            os.kill(server.pid, signal.SIGCONT)

            assert await asking.status() == 200


async def test_a_flood_of_large_bodies_keeps_no_small_one_out(redis_url: str) -> None:
    limits = Limits(bodies_bytes=1024 * 1024)
    async with running(settings(redis_url), limits=limits) as edge, wires(edge, 40) as flood:
        for wire in flood:
            wire.send(head(500_000) + b"x" * 400_000)

        async def some_gave_way() -> bool:
            return await turned_away(edge, "bodies") >= 38

        await until(some_gave_way)
        assert await served(edge) == 200


async def test_who_gives_way_to_other_bodies_is_told_to_come_again(redis_url: str) -> None:
    limits = Limits(bodies_bytes=1000)
    async with running(settings(redis_url), limits=limits) as edge:
        response = await edge.notify(b" " * 200_000)  # more than comes with a head

    assert response.status == 503
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Connection"] == "close"


async def test_the_largest_body_gives_way_to_a_later_one(redis_url: str) -> None:
    limits = Limits(bodies_bytes=2000)
    async with running(settings(redis_url), limits=limits) as edge, wires(edge, 2) as [large, later]:
        large.send(head(5000) + b"x" * 1990)
        await until(lambda: being_read(edge, 1990))

        later.send(head(100) + b"x" * 50)

        assert await large.status() == 503
        later.send(b"x" * 50)
        assert await later.status() == 401
        assert edge.app[BODIES].taken_bytes == 0


async def test_a_body_that_comes_with_its_head_takes_no_room(redis_url: str) -> None:
    limits = Limits(bodies_bytes=0)
    async with running(settings(redis_url), limits=limits) as edge:
        assert await served(edge) == 200


def test_a_body_that_is_done_with_takes_no_memory_whoever_still_holds_it() -> None:
    budget = BodyBudget(100)
    with budget.reading(asyncio.Timeout(None)) as body:
        body.add(b"x" * 90)

    assert not body.content
    assert budget.taken_bytes == 0


async def test_a_body_whose_time_is_up_already_can_give_way() -> None:
    budget = BodyBudget(100)
    bodies: list[Body] = []
    loop = asyncio.get_running_loop()

    async def read_for_too_long() -> None:
        async with asyncio.timeout(None) as patience:
            with budget.reading(patience) as body:
                body.add(b"x" * 90)
                bodies.append(body)
                # Both are due when the loop looks next, in this order, and only then is this task woken.
                patience.reschedule(loop.time() - 1)
                loop.call_at(loop.time(), budget.take, 20)
                await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await read_for_too_long()

    assert bodies[0].evicted
    assert budget.taken_bytes == 20
