"""A storm is data: the seed draws it, JSON keeps it, and of its faults the fewest that matter are found."""

import json
from collections.abc import Sequence

import pytest

from tests.storms.schedule import FEWEST_FAULTS, ONCE, STORM_SECONDS, Kind, Schedule, draw
from tests.storms.shrink import shrink

SEEDS = range(200)


def test_the_same_seed_draws_the_same_storm_and_another_draws_another() -> None:
    assert draw(7, 20) == draw(7, 20)
    assert draw(7, 20) != draw(8, 20)


def test_a_storm_stays_as_it_is_in_json() -> None:
    storm = draw(7, 20)

    assert Schedule.from_json(json.loads(json.dumps(storm.as_json()))) == storm


def test_each_kind_of_fault_is_drawn_and_all_are_over_when_the_storm_is() -> None:
    faults = [fault for seed in SEEDS for fault in draw(seed, 1).faults]

    assert {fault.kind for fault in faults} == set(Kind)
    assert max(fault.until for fault in faults) < STORM_SECONDS


def test_redis_forgets_once_in_a_storm_at_most() -> None:
    for seed in SEEDS:
        assert sum(fault.kind in ONCE for fault in draw(seed, 1).faults) <= 1


def test_lives_stay_as_they_are_when_faults_are_left_out() -> None:
    storm = draw(7, 20)

    fewer = storm.only([2, 0])

    assert fewer.faults == (storm.faults[0], storm.faults[2])
    assert fewer.lives == storm.lives


def test_only_faults_of_the_wanted_kinds_are_drawn() -> None:
    storm = draw(7, 20, [Kind.KILL_WORKER])

    assert {fault.kind for fault in storm.faults} == {Kind.KILL_WORKER}
    assert len(storm.faults) >= FEWEST_FAULTS


@pytest.mark.parametrize("guilty", [{3}, {0, 9}, {1, 2, 3}, {0, 4, 5, 9}, set(range(10))])
async def test_the_fewest_faults_that_still_fail_are_found(guilty: set[int]) -> None:
    played: list[Sequence[int]] = []

    async def fails(places: Sequence[int]) -> bool:
        played.append(places)
        return guilty <= set(places)

    assert set(await shrink(range(10), fails)) == guilty
    assert len(played) < 100


async def test_where_it_fails_without_any_fault_none_is_named() -> None:
    async def fails(_places: Sequence[int]) -> bool:
        return True

    assert await shrink(range(10), fails) == []
