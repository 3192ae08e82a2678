"""Real processes tell a real listener what fails, and that it is mended, with nobody asking."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.demo.story import CAMPAIGN
from cli.lab.clock import ShiftedClock
from cli.lab.stack import Stack, running_stack
from dunning.instants import to_milliseconds
from dunning.settings.load import LinkMint
from dunning.store import Role, Store, keys
from tests.integration.at_rest import redis_of
from tests.integration.listener import Listener, listening
from tests.until import until

GREETING = "alerts arrive here"


class World:
    """The running service, somebody who is told, and a clock to run ahead."""

    def __init__(self, stack: Stack, listener: Listener, clock: ShiftedClock) -> None:
        self.stack = stack
        self.listener = listener
        self._clock = clock
        self.store = Store.open(stack.server.url, rate_limit=1)

    def pass_time(self, span: timedelta) -> None:
        self._clock.forward_to(self._clock() + span)

    async def silence(self, role: Role) -> None:
        """Kill all processes of a role, as long ago as it takes to be missed."""
        await self.stack.parts[role].kill()
        long_ago = datetime.now(UTC) - timedelta(minutes=3)
        await redis_of(self.store).hset(keys.BEATS, role, to_milliseconds(long_ago))

    async def was_pinged(self) -> bool:
        return self.listener.pings > 0

    async def hears(self, title: str) -> str:
        return str((await self.listener.hears(title))["message"])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        yield world


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    clock = ShiftedClock(folder / "ahead")
    async with listening() as listener:
        settings = {"DUNNING_ALERT_URLS": f"{listener.url},{listener.ping_url}"}
        async with running_stack(mint=LinkMint.CLICK, campaign=CAMPAIGN, settings=settings, clock=clock) as stack:
            world = World(stack, listener, clock)
            try:
                await world.hears(GREETING)
                yield world
            finally:
                await world.store.close()
                print(stack.logs())  # noqa: T201 - pytest shows it for a test that failed


async def test_a_dead_worker_is_told_by_webhooks_and_the_other_way_round(world: World) -> None:
    await until(world.was_pinged)
    await world.silence(Role.WORKER)
    await world.hears("No worker is running")
    await world.stack.start("worker")
    await world.hears("Over: No worker is running")

    await world.silence(Role.WEBHOOKS)
    await world.hears("No webhooks process is running")
    await world.stack.start("webhooks")
    await world.hears("Over: No webhooks process is running")
    assert len(world.listener.told) == 5


async def test_a_redis_that_hangs_and_one_that_refuses_writes_are_told_by_each_process(world: World) -> None:
    async def is_told_by_both() -> bool:
        return world.listener.titles.count("Redis is away") == 2

    os.kill(world.stack.server.pid, signal.SIGSTOP)
    try:
        while not await is_told_by_both():
            world.pass_time(timedelta(minutes=1))
            await until_a_look_has_passed()
    finally:
        os.kill(world.stack.server.pid, signal.SIGCONT)
    await world.hears("Over: Redis is away")

    await redis_of(world.store).config_set("maxmemory", "1")
    try:
        while "Redis refuses writes" not in world.listener.titles:
            world.pass_time(timedelta(minutes=1))
            await until_a_look_has_passed()
    finally:
        await redis_of(world.store).config_set("maxmemory", "0")
    assert "(OOM)" in await world.hears("Redis refuses writes")
    await world.hears("Over: Redis refuses writes")


async def test_a_mail_server_that_hangs_is_told_with_why_and_its_return(world: World) -> None:
    mailbox = world.stack.parts["mailbox"].process
    mailbox.send_signal(signal.SIGSTOP)
    try:
        customer = await world.stack.twin(
            "customers", name="Ada Lovelace", email="ada@customer.example", locale="en-GB"
        )
        subscription = await world.stack.twin("subscriptions", customer_id=customer["id"], currency="EUR", price=2900)
        await world.stack.twin(f"subscriptions/{subscription['id']}/decline", code="expired_card")

        async def was_tried_twice() -> bool:
            snapshot = await world.store.health.snapshot(datetime.now(UTC))
            return "mail" in snapshot.in_vain and snapshot.in_vain["mail"].tries > 1

        await until(was_tried_twice)
        world.pass_time(timedelta(minutes=11))
        message = await world.hears("The mail server takes no mail")
    finally:
        mailbox.send_signal(signal.SIGCONT)
    assert "tries. The last one: " in message
    assert not any(word in str(world.listener.told) for word in ("Ada", "ada@", "txn_", "ctm_", "sub_"))

    world.pass_time(timedelta(minutes=16))
    await world.hears("Over: The mail server takes no mail")


async def until_a_look_has_passed() -> None:
    """Wait for as long as a process rests between two looks, and Redis is waited for in one."""
    await asyncio.sleep(12)
