"""What a mail server or a Paddle that refuses everything for half an hour makes seen, and what its cure does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from dunning.casebook.by_hand import send_now
from dunning.instants import to_milliseconds
from dunning.rules.delivery import DeliveryState
from dunning.store import Way, keys
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import redis_of
from tests.integration.edge import settings
from tests.integration.house import House, house
from tests.integration.several_debts import decline, grants
from tests.unit.case_builders import MINUTE
from worker.handle_event import handle_event
from worker.in_vain import note_in_vain, note_works, tell_of_tries_in_vain
from worker.send.batch import send_steps
from worker.services import WorkerServices, check_templates, open_services
from worker.sweep import sweep_forever, sweep_once

CAUSES = {Way.MAIL: "smtp_rcpt_451", Way.PADDLE: "paddle_failed"}


class Worker:
    """The worker's own functions, run whenever something is due by a clock that is set."""

    def __init__(self, home: House, redis_url: str) -> None:
        self.now = self.began_at = datetime.now(UTC)
        self.services: WorkerServices = open_services(
            home.settings, redis_url, check_templates(home.settings), lambda: self.now
        )

    async def take_in(self, home: House) -> None:
        await home.twin.notifications.settled()
        for notification in home.twin.sent:
            await handle_event(self.services, notification.event_id)

    async def work_until(self, case_id: str, minutes: float) -> None:
        """Do all that is due within so many minutes of the beginning, and look for tries in vain meanwhile."""
        end = self.began_at + minutes * MINUTE
        while True:
            (at,) = await self.services.store.due.when([case_id])
            if at is None or at > end:
                break
            self.now = max(self.now, at)
            assert (await sweep_once(self.services, None)).moved == 1
            await send_steps(self.services, [case_id], await grants(self.services))
            await tell_of_tries_in_vain(self.services)
        self.now = end
        await tell_of_tries_in_vain(self.services)

    async def gauges(self) -> dict[str, float]:
        return (await self.services.store.health.snapshot(self.now)).gauges

    async def counters(self) -> dict[str, int]:
        return (await self.services.store.health.snapshot(self.now)).counters


@asynccontextmanager
async def a_worker(home: House, redis_url: str) -> AsyncIterator[Worker]:
    worker = Worker(home, redis_url)
    try:
        yield worker
    finally:
        await worker.services.close()


def refuse(home: House, way: Way) -> None:
    if way is Way.MAIL:
        home.mailbox.answer("rcpt", 451, times=1_000)
    else:
        home.twin.fail_next("GET /transactions", 503, times=1_000)


def mend(home: House) -> None:
    home.twin.api.faults.clear()
    for planned in home.mailbox._house.faults.values():
        planned.clear()


def levels(logs: list[Any], event: str) -> list[str]:
    return [entry["log_level"] for entry in logs if entry["event"] == event]


@pytest.mark.parametrize("way", Way)
async def test_what_is_refused_for_long_is_late_since_it_was_planned_and_told_and_all_is_well_once_it_is_mended(
    redis_url: str, tmp_path: Path, way: Way
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, a_worker(home, redis_url) as worker:
        bill = decline(home, home.add_subscription(), "expired_card")
        await worker.take_in(home)
        refuse(home, way)
        with capture_logs() as logs:
            await worker.work_until(bill, 9)
            assert levels(logs, f"{way}.in_vain") == []
            await worker.work_until(bill, 24)
            assert levels(logs, f"{way}.in_vain") == ["warning"]
            gauges = await worker.gauges()
            # From when it was planned, a moment before the worker began, to now: no try moved it.
            assert 24 * 60 - 10 < gauges["oldest_due_seconds"] < 25 * 60
            assert 24 * 60 - 10 < gauges[f"{way}_in_vain_seconds"] <= 24 * 60
            await worker.work_until(bill, 35)
            assert levels(logs, f"{way}.in_vain") == ["warning", "error"]

            mend(home)
            await worker.work_until(bill, 35 + 16)  # what is tried is tried again within 15 minutes

        told = [entry for entry in logs if entry["event"] == f"{way}.in_vain"]
        assert {entry["why"] for entry in told} == {CAUSES[way]}
        assert all(entry["tries"] > 8 and entry["since"] for entry in told)
        assert levels(logs, f"{way}.works_again") == ["info"]
        gauges = await worker.gauges()
        assert [gauges[name] for name in ("oldest_due_seconds", f"{way}_in_vain_seconds")] == [0, 0]
        assert (await worker.counters())[f"tries_in_vain_{CAUSES[way]}"] >= 10
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.SENT


async def test_once_it_is_mended_an_operator_need_not_wait_for_the_next_try(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, a_worker(home, redis_url) as worker:
        bill = decline(home, home.add_subscription(), "expired_card")
        await worker.take_in(home)
        refuse(home, Way.MAIL)
        await worker.work_until(bill, 20)
        (again_at,) = await worker.services.store.due.when([bill])
        assert again_at is not None
        assert again_at > worker.now

        mend(home)
        await send_now(worker.services.store, worker.services.campaigns, bill, None, worker.now)
        await worker.work_until(bill, 20)

        assert len(home.mailbox.mails) == 1
        assert (await worker.gauges())["oldest_due_seconds"] == 0


async def test_a_silence_after_data_is_a_try_in_vain(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, a_worker(home, redis_url) as worker:
        bill = decline(home, home.add_subscription(), "expired_card")
        await worker.take_in(home)
        home.mailbox.drop_after_data()
        await worker.work_until(bill, 1)
        counters = await worker.counters()
        assert [count for name, count in counters.items() if name.startswith("tries_in_vain_")] == [1]
        assert len(home.mailbox.mails) == 2


async def test_a_link_that_paddle_does_not_make_is_a_try_in_vain(redis_url: str, tmp_path: Path) -> None:
    async with (
        house(redis_url, tmp_path, working=False, LINK_MINT="send") as home,
        a_worker(home, redis_url) as worker,
    ):
        bill = decline(home, home.add_subscription(), "expired_card")
        await worker.take_in(home)
        home.twin.fail_next("POST /customers/{id}/portal-sessions", 503)
        worker.now += MINUTE
        await send_steps(worker.services, [bill], await grants(worker.services, 3))
        assert (await worker.counters())["tries_in_vain_not_ready"] == 1


async def test_the_sweep_tells_of_tries_in_vain_and_takes_out_what_an_older_version_left_late(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, a_worker(home, redis_url) as worker:
        store, now = worker.services.store, worker.now
        redis = redis_of(store)
        await redis.zadd(keys.LATE, {name: to_milliseconds(now - MINUTE) for name in ("txn_on_time", "txn_tried")})
        await redis.zadd(keys.LATE, {"txn_over": to_milliseconds(now - MINUTE)})
        await redis.zadd(keys.DUE, {"txn_on_time": to_milliseconds(now + timedelta(days=3))})
        await redis.zadd(keys.DUE, {"txn_tried": to_milliseconds(now + 15 * MINUTE)})
        for minutes in (20, 11):
            await store.in_vain.note(Way.MAIL, "smtp_451", now - minutes * MINUTE)
        turns = count(1)
        with capture_logs() as logs:
            await sweep_forever(worker.services, lambda: next(turns) <= 2)
        assert levels(logs, "mail.in_vain") == ["warning"]
        assert await redis.zrange(keys.LATE, 0, -1) == [b"txn_tried"]


async def test_a_redis_that_is_away_stops_nobody_from_going_on(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "data", tcp=True) as server:
        given = settings(server.url)
        services = open_services(given, server.url, check_templates(given))
        try:
            server.stop()

            await note_in_vain(services, Way.MAIL, "smtp_451")
            await note_works(services, Way.PADDLE)
        finally:
            await services.close()
