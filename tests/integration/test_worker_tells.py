"""The job that tells the seller's programs, against real ones: what it sends, when again, and when it gives up."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache

import pytest
from structlog.testing import capture_logs

from dunning.rules.out_events import Brake, of_brake
from dunning.rules.out_retries import WAITS
from dunning.store import keys
from tests.integration.at_rest import NOW, everything_told, redis_of
from tests.integration.edge import settings
from tests.integration.receiver import Receiver, a_secret, receiving
from worker.letters.render import Renderer
from worker.services import WorkerServices, check_templates, open_services
from worker.tell.destination import AT_ONCE, leave_the_rest, tell_destination
from worker.tell.forever import register_destinations


class Telling:
    """A worker's services with destinations set, and a clock to run ahead."""

    def __init__(self, services: WorkerServices, clock: "Clock") -> None:
        self.services = services
        self.clock = clock
        self.store = services.store.out_webhooks
        self.names = [one.name for one in services.settings.out_webhooks]

    async def write(self, count: int = 1) -> None:
        lines = [f"msg_{number} {of_brake(NOW, Brake.BREAKER, on=True).body()}" for number in range(count)]
        await redis_of(self.services.store).rpush(keys.OUT_NEW, *lines)

    async def turn(self, *, later: timedelta = timedelta(0)) -> int:
        """Share out and run each job, as a worker does, and give how many jobs there were."""
        self.clock.now += later
        queued = await self.store.sweep(self.names, self.clock.now)
        redis = redis_of(self.services.store)
        jobs = [job.decode() for job in await redis.zrange("dunning:jobs", 0, -1)]
        await asyncio.gather(*(tell_destination(self.services, job.partition(":")[2]) for job in jobs))
        await redis.delete("dunning:jobs")
        return queued


@cache
def _renderer() -> Renderer:
    """Compile the templates once: nothing is mailed here."""
    return check_templates(settings("redis://localhost"))


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def telling(redis_url: str, *destinations: str) -> AsyncIterator[Telling]:
    given = settings(redis_url, OUT_WEBHOOKS=",".join(destinations))
    clock = Clock()
    services = open_services(given, redis_url, _renderer(), clock)
    try:
        await register_destinations(services)
        yield Telling(services, clock)
    finally:
        await services.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


async def test_it_is_told_once_and_can_verify_it(redis_url: str, receiver: Receiver) -> None:
    async with telling(redis_url, receiver.setting) as world:
        await world.write(25)
        await world.turn()
        again = await world.turn(later=timedelta(days=2))

    assert min(receiver.told, key=lambda told: told[0]) == (
        "msg_0",
        {"type": "sending.held", "timestamp": "2026-05-04T12:00:00Z", "data": {"by": "breaker"}},
    )
    assert set(receiver.asked.values()) == {1}
    assert len(receiver.told) == 25
    assert receiver.most_at_once <= AT_ONCE
    assert again == 0


async def test_while_a_secret_is_replaced_the_old_one_verifies_too(redis_url: str, receiver: Receiver) -> None:
    async with telling(redis_url, f"{receiver.url}#{a_secret('n')}#{receiver.secret}") as world:
        await world.write()
        await world.turn()

    assert receiver.types == ["sending.held"]


async def test_what_it_did_not_take_comes_again_under_the_same_id(redis_url: str, receiver: Receiver) -> None:
    receiver.answer = 500
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        await world.turn()
        too_early = await world.turn(later=timedelta(seconds=4))
        receiver.answer = 200
        await world.turn(later=timedelta(seconds=2))

    assert too_early == 0
    assert receiver.asked == {"msg_0": 2}
    assert receiver.types == ["sending.held"]


async def test_after_a_day_of_failures_it_is_given_up_and_can_be_replayed(redis_url: str, receiver: Receiver) -> None:
    receiver.answer = 404
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        await world.turn()
        for wait in WAITS:
            await world.turn(later=wait * 1.1)
        tries = receiver.asked["msg_0"]
        (dead,) = await world.store.dead()
        receiver.answer = 200
        await world.store.replay(dead.event, world.clock.now)
        await world.turn()

    assert (tries, dead.event.tries, dead.event.why) == (len(WAITS) + 1, len(WAITS) + 1, "http_404")
    assert receiver.types == ["sending.held"]


async def test_one_destination_that_fails_stops_no_other(redis_url: str, receiver: Receiver) -> None:
    async with receiving("s") as other, telling(redis_url, receiver.setting, other.setting) as world:
        receiver.answer = 503
        await world.write()
        await world.turn()
        receiver.answer = 200
        await world.turn(later=WAITS[0] * 1.1)

    assert receiver.asked == {"msg_0": 2}
    assert other.asked == {"msg_0": 1}
    assert receiver.told == other.told


async def test_a_redirect_is_not_followed(redis_url: str, receiver: Receiver) -> None:
    async with receiving(receiver.secret[6]) as other, telling(redis_url, receiver.setting) as world:
        receiver.answer, receiver.headers = 307, {"Location": other.url}
        await world.write()
        await world.turn()
        (waiting,) = await world.store.waiting(0, 10)

    assert waiting.event.why == "http_307"
    assert not other.asked


async def test_a_destination_that_nobody_listens_at_is_tried_again(redis_url: str) -> None:
    async with receiving() as gone:
        setting = gone.setting
    async with telling(redis_url, setting) as world:
        await world.write()
        await world.turn()
        (waiting,) = await world.store.waiting(0, 10)

    assert (waiting.event.why, waiting.event.tries) == ("unreachable", 1)


async def test_a_destination_that_does_not_answer_in_time_is_tried_again(redis_url: str, receiver: Receiver) -> None:
    receiver.stalls = asyncio.Event()
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        await world.store.sweep(world.names, NOW)
        await tell_destination(world.services, world.names[0], within=timedelta(seconds=0.1))
        (waiting,) = await world.store.waiting(0, 10)

    assert waiting.event.why == "timed_out"


@pytest.mark.parametrize(
    ("answer", "headers", "rests"),
    [(429, {"Retry-After": "60"}, 60), (502, {}, 30), (503, {"Retry-After": "7200"}, 7200)],
)
async def test_a_destination_that_asks_for_it_is_left_alone(
    redis_url: str, receiver: Receiver, answer: int, headers: dict[str, str], rests: int
) -> None:
    receiver.answer, receiver.headers = answer, headers
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        await world.turn()
        await world.write()
        queued = await world.turn()
        left = await redis_of(world.services.store).pttl(keys.out_rest(world.names[0]))

    assert queued == 0
    assert receiver.asked.total() == 1
    assert rests - 5 < left / 1000 <= rests


async def test_a_destination_that_takes_none_of_many_is_left_alone(redis_url: str, receiver: Receiver) -> None:
    receiver.answer = 500
    async with telling(redis_url, receiver.setting) as world:
        await world.write(3 * AT_ONCE)
        await world.turn()
        await world.turn()

    assert receiver.asked.total() == AT_ONCE


async def test_a_destination_that_wants_no_more_gets_no_more(redis_url: str, receiver: Receiver) -> None:
    receiver.answer = 410
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        await world.turn()
        receiver.answer = 200
        await redis_of(world.services.store).rpush(
            keys.OUT_NEW, f"msg_9 {of_brake(NOW, Brake.BREAKER, on=False).body()}"
        )
        await world.turn()
        dead = await world.store.dead()
        await world.store.replay(dead[0].event, NOW)
        await world.turn()

    assert [one.event.why for one in dead] == ["http_410"] * 2
    assert receiver.asked == {"msg_0": 2}
    assert receiver.types == ["sending.held"]


async def test_a_destination_that_this_worker_does_not_know_is_left_to_others(redis_url: str) -> None:
    async with telling(redis_url) as world:
        await tell_destination(world.services, "app.example.com-00000000")
        with capture_logs() as logs:
            await leave_the_rest(world.services, "app.example.com-00000000", "fault: KeyError")

    assert [one["event"] for one in logs] == ["out_webhook.fault"]


@pytest.mark.parametrize("answer", [200, 500, 410])
async def test_neither_secret_nor_url_is_logged_or_kept(
    redis_url: str, receiver: Receiver, answer: int, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = answer
    async with telling(redis_url, receiver.setting) as world:
        await world.write()
        with capture_logs() as logs:
            await world.turn()
        kept = await everything_told(redis_of(world.services.store))

    for text in (json.dumps(logs), kept, str(capsys.readouterr())):
        assert "t0ken-in-path" not in text
        assert receiver.secret.removeprefix("whsec_") not in text
