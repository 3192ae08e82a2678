import pytest

from bench.month import play_chunk

pytestmark = pytest.mark.untraced

CASES = 150


def test_no_mail_of_some_hundred_cases_is_wrong_and_all_of_them_end() -> None:
    counts = play_chunk(1, CASES)

    assert counts["mails"] > CASES
    assert [counts[what] for what in ("wrong", "unflagged", "untold", "open")] == [0, 0, 0, 0]


def test_the_same_seed_plays_the_same() -> None:
    assert play_chunk(7, CASES) == play_chunk(7, CASES)


def test_workers_are_killed_and_mails_are_paused_held_and_braked() -> None:
    counts = play_chunk(1, CASES)

    ways = ("killed", "paused", "held", "breaker", "api_hold")
    assert [way for way in ways if counts[f"met: {way}"] == 0] == []
