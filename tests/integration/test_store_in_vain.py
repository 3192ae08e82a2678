"""Tries in vain, in both stores: told after ten minutes without one success, again after thirty, and when it works."""

from datetime import datetime

from dunning.store import InVain, Store, ToTell, Way, keys
from dunning.store.in_vain import READS
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW, later, redis_of
from tests.unit.case_builders import a_case

Either = Store | MemoryStore


async def tried(store: Either, *minutes: float, way: Way = Way.MAIL, why: str = "smtp_451") -> list[InVain]:
    told = [await store.in_vain.note(way, why, later(minutes=minute)) for minute in minutes]
    return [one for one in told if one is not None]


async def a_mail_goes_out(store: Either, at: datetime) -> None:
    await store.cases.commit(a_case(), 0, due_at=None, now=at, counts=["deliveries_sent"])


async def test_ten_minutes_without_one_success_are_a_warning_and_thirty_an_error_each_told_once(
    either: Either,
) -> None:
    assert await tried(either, 0, 1, 3, 7) == []

    assert await either.in_vain.look(Way.MAIL, later(minutes=9.9)) is None
    assert await either.in_vain.look(Way.MAIL, later(minutes=10)) == InVain(ToTell.WARNING, NOW, 4, "smtp_451")
    assert await either.in_vain.look(Way.MAIL, later(minutes=11)) is None
    assert await tried(either, 15, 29.9) == []
    assert await tried(either, 30, why="rcpt_timeout") == [InVain(ToTell.ERROR, NOW, 7, "rcpt_timeout")]
    assert await either.in_vain.look(Way.MAIL, later(minutes=31)) is None


async def test_what_is_looked_at_late_is_an_error_at_once(either: Either) -> None:
    await tried(either, 0, 20)

    assert await either.in_vain.look(Way.MAIL, later(minutes=40)) == InVain(ToTell.ERROR, NOW, 2, "smtp_451")


async def test_a_success_ends_it_and_is_told_once_where_it_was_told_of_before(either: Either) -> None:
    await tried(either, 0, 10)
    await a_mail_goes_out(either, later(minutes=12))

    assert await either.in_vain.look(Way.MAIL, later(minutes=12)) == InVain(ToTell.WORKS_AGAIN, NOW, 2, "smtp_451")
    assert await either.in_vain.look(Way.MAIL, later(minutes=13)) is None


async def test_a_success_before_anything_was_told_ends_it_silently_and_the_next_try_in_vain_counts_anew(
    either: Either,
) -> None:
    await tried(either, 0, 9)
    await a_mail_goes_out(either, later(minutes=9))

    assert await tried(either, 9.5, 11) == []
    assert await either.in_vain.look(Way.MAIL, later(minutes=20)) == InVain(
        ToTell.WARNING, later(minutes=9.5), 2, "smtp_451"
    )


async def test_a_success_that_the_next_try_in_vain_finds_is_told_all_the_same(either: Either) -> None:
    await tried(either, 0, 10)
    await a_mail_goes_out(either, later(minutes=12))

    assert await tried(either, 12) == [InVain(ToTell.WORKS_AGAIN, NOW, 2, "smtp_451")]


async def test_one_try_alone_says_nothing(either: Either) -> None:
    assert await tried(either, 0) == []

    assert await either.in_vain.look(Way.MAIL, later(minutes=20)) is None


async def test_what_is_not_tried_any_more_is_forgotten(either: Either) -> None:
    await tried(either, 0, 10)

    assert await either.in_vain.look(Way.MAIL, later(minutes=35.1)) is None
    assert await tried(either, 35.2, 36) == []
    assert await either.in_vain.look(Way.MAIL, later(minutes=40.3)) is None


async def test_each_way_has_its_own_successes(either: Either) -> None:
    await tried(either, 0, 1)
    await tried(either, 0, 1, way=Way.PADDLE, why="paddle_failed")
    await either.in_vain.works(Way.PADDLE)

    assert await either.in_vain.look(Way.PADDLE, later(minutes=10)) is None
    assert await either.in_vain.look(Way.MAIL, later(minutes=10)) is not None


async def test_tries_in_vain_are_counted_by_cause(store: Store) -> None:
    await tried(store, 0, 1)
    await tried(store, 2, way=Way.PADDLE, why="paddle_failed")
    await store.in_vain.works(Way.PADDLE)

    counters = (await store.health.snapshot(NOW)).counters

    assert counters == {"tries_in_vain_smtp_451": 2, "tries_in_vain_paddle_failed": 1, READS: 1}


async def test_a_gauge_says_for_how_long_and_goes_to_nothing_with_the_first_success(store: Store) -> None:
    async def seconds(minute: float) -> tuple[float, float]:
        gauges = (await store.health.snapshot(later(minutes=minute))).gauges
        return gauges["mail_in_vain_seconds"], gauges["paddle_in_vain_seconds"]

    assert await seconds(0) == (0, 0)
    await tried(store, 0)
    assert await seconds(1) == (0, 0)
    await tried(store, 1)
    await tried(store, 2, 3, way=Way.PADDLE)
    assert await seconds(5) == (300, 180)
    assert await seconds(26.5) == (0, 24.5 * 60)
    await tried(store, 20)
    await store.in_vain.works(Way.PADDLE)
    assert await seconds(26.5) == (26.5 * 60, 0)
    await a_mail_goes_out(store, later(minutes=27))
    assert await seconds(27) == (0, 0)


async def test_what_is_noted_goes_away_by_itself(store: Store) -> None:
    await tried(store, 0)

    assert 0 < await redis_of(store).pttl(keys.in_vain(Way.MAIL)) <= 25 * 60_000
