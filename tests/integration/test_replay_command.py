"""`dunning replay`: Paddle's events of some time, read again and taken in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.audit import Change
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.test_reconcile_command import environment, unhandled


class Clock:
    """The twin's own time."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) - timedelta(hours=12)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def twin(clock: Clock) -> AsyncIterator[Twin]:
    async with Twin(rate_limit=100_000, clock=clock) as started:
        yield started


async def run(twin: Twin, redis_url: str, *arguments: str, **changes: str) -> Result:
    given = environment(twin, redis_url, **changes)
    return await asyncio.to_thread(CliRunner().invoke, main, ["replay", *arguments], env=given)


def declined(twin: Twin) -> str:
    customer = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    return twin.world.decline(twin.world.add_subscription(customer))


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


async def test_the_events_of_that_time_are_taken_in_and_no_others(
    twin: Twin, clock: Clock, redis_url: str, store: Store
) -> None:
    bills = []
    for _ in range(3):
        bills.append(declined(twin))
        clock.now += timedelta(hours=2)
    from_, to = clock.now - timedelta(hours=5), clock.now - timedelta(hours=3)

    result = await run(twin, redis_url, "--from", at(from_), "--to", at(to), "--by", "ada")

    assert (result.exit_code, result.stdout) == (
        0,
        "2 events of that time are of a type that is used.\n  2 taken in\n",
    ), result.output
    waiting = [await store.inbox.read(sent.event_id) for sent in twin.sent]
    assert {event.facts.id for event in waiting if event is not None} == {bills[1]}
    (noted,) = await store.audit.newest(0, 2)
    assert (noted.who, noted.what) == ("ada", Change.READ_AGAIN)
    assert noted.about == f"{from_:%Y-%m-%dT%H:%M}/{to:%Y-%m-%dT%H:%M}"


async def test_what_is_known_already_changes_nothing_and_what_is_dead_is_handled_again(
    twin: Twin, redis_url: str, store: Store
) -> None:
    declined(twin)
    await run(twin, redis_url, "--from", "1d")
    ids = [sent.event_id for sent in twin.sent if await store.inbox.read(sent.event_id)]
    await store.inbox.give_up(ids[0], "fault", datetime.now(UTC))

    result = await run(twin, redis_url, "--from", "1d")

    assert "  1 dead before and handled again\n  1 known already\n" in result.stdout
    assert await unhandled(store) == 2


async def test_pages_are_read_back_to_the_time_and_no_further(twin: Twin, clock: Clock, redis_url: str) -> None:
    for _ in range(105):
        declined(twin)
    clock.now += timedelta(hours=6)
    declined(twin)

    late = await run(twin, redis_url, "--from", at(clock.now - timedelta(hours=1)), "--dry-run")
    calls = twin.counts["GET /events"]
    all_ = await run(twin, redis_url, "--from", "1d", "--dry-run")

    assert late.stdout.startswith("2 events of that time")
    assert calls == 1
    assert all_.stdout.startswith("212 events of that time")


async def test_a_dry_run_counts_and_changes_nothing(twin: Twin, redis_url: str, store: Store) -> None:
    declined(twin)

    result = await run(twin, redis_url, "--from", "1d", "--dry-run")

    assert result.stdout == (
        "2 events of that time are of a type that is used.\nThis was a dry run: nothing was changed.\n"
    )
    assert await unhandled(store) == 0
    assert await store.audit.newest(0, 1) == []


async def test_more_failures_than_are_usual_are_taken_in_only_if_asked_to(
    twin: Twin, redis_url: str, store: Store
) -> None:
    for _ in range(4):
        declined(twin)

    withheld = await run(twin, redis_url, "--from", "1d", BREAKER="3")
    applied = await run(twin, redis_url, "--from", "1d", "--apply", BREAKER="3")

    assert withheld.exit_code == 1
    assert "events would open more than the 3 cases that are usual, so they were not taken in." in withheld.stderr
    assert (applied.exit_code, await unhandled(store)) == (0, 8)


async def test_an_end_without_a_case_is_of_no_use(twin: Twin, redis_url: str) -> None:
    twin.world.pay(declined(twin))
    await run(twin, redis_url, "--from", "1d")

    result = await run(twin, redis_url, "--from", "1d")

    assert "of no use, since they end what has no case" in result.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "Missing option '--from'"),
        (["--from", "1h", "--to", "2h"], "--to has to be later than --from."),
        (["--from", "1h", "--dry-run", "--apply"], "--dry-run changes nothing and --apply does"),
        (["--from", "soon"], "'soon' is no moment"),
    ],
)
async def test_a_time_that_is_none_is_refused(twin: Twin, redis_url: str, options: list[str], told: str) -> None:
    result = await run(twin, redis_url, *options)

    assert (result.exit_code, told in result.stderr) == (2, True)


async def test_what_paddle_refuses_is_one_line(twin: Twin, redis_url: str) -> None:
    twin.api.permissions.discard("notification.read")

    result = await run(twin, redis_url, "--from", "1h")

    assert result.exit_code == 1
    assert "notification.read" in result.stderr
