"""Storms over the store in memory are survived, and where something is broken, they are not."""

import pytest

from tests.storms.checker import judge, kinds_of
from tests.storms.in_memory import play
from tests.storms.schedule import ONCE, Kind, draw

SEEDS = range(16)
CASES = 8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_is_survived(seed: int) -> None:
    storm = draw(seed, CASES)

    history = play(storm)

    assert judge(history) == []
    assert len(history.mails) >= len(history.debts) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_where_nothing_is_forgotten_or_lost_on_the_way_a_storm_is_survived_without_reading_from_paddle(
    seed: int,
) -> None:
    storm = draw(seed, CASES, [kind for kind in Kind if kind not in {*ONCE, Kind.WEBHOOKS_LOST}])

    assert judge(play(storm, reconciles=False)) == []


def test_the_same_storm_plays_the_same() -> None:
    assert play(draw(3, CASES)) == play(draw(3, CASES))


def test_where_nothing_is_read_from_paddle_lost_webhooks_are_lost_cases() -> None:
    storms = [draw(seed, CASES, [Kind.WEBHOOKS_LOST]) for seed in range(4)]

    assert [problem for storm in storms for problem in judge(play(storm))] == []
    assert "lost" in kinds_of(problem for storm in storms for problem in judge(play(storm, reconciles=False)))


def test_mails_that_were_met_with_silence_are_doubled_and_would_be_told_if_nobody_had_been_silent() -> None:
    histories = [play(draw(seed, CASES, [Kind.MAIL_CUTS])) for seed in range(4, 7)]

    assert [problem for history in histories for problem in judge(history)] == []
    for history in histories:
        history.silenced.clear()
    assert kinds_of(problem for history in histories for problem in judge(history)) == {"doubled"}


def test_workers_die_in_the_one_gap_and_it_would_be_told_if_nobody_had_died() -> None:
    histories = [play(draw(seed, CASES, [Kind.KILL_WORKER])) for seed in range(3)]

    assert [problem for history in histories for problem in judge(history)] == []
    for history in histories:
        history.gaps.clear()
    assert kinds_of(problem for history in histories for problem in judge(history)) == {"doubled"}


def test_what_redis_forgot_would_be_told_if_it_had_not_been_to_forget() -> None:
    histories = [play(draw(seed, CASES, [Kind.FAIL_OVER])) for seed in range(12)]

    assert [problem for history in histories for problem in judge(history)] == []
    for history in histories:
        history.losses.clear()
    assert kinds_of(problem for history in histories for problem in judge(history)) >= {"doubled"}
