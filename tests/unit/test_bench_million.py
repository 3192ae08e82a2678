import pytest

from bench.month import Month, play_chunk
from cli.plan.simulate.rehearsal import at_once
from worker.reconcile.debts import CLOSED, OPENED
from worker.reconcile.events import MISSED

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


def test_where_every_webhook_is_lost_reconciling_opens_the_cases_and_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Month, "_travel", lambda _month, _happening: ())

    counts = play_chunk(1, CASES)

    assert counts["mails"] > CASES
    assert [did for did in (MISSED, OPENED, CLOSED) if counts[did] == 0] == []
    assert [counts[what] for what in ("wrong", "unflagged", "untold", "open")] == [0, 0, 0, 0]


def test_where_no_webhook_is_lost_reconciling_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Month, "_travel", lambda _month, happening: at_once(happening))

    counts = play_chunk(1, CASES)

    assert {did: counts[did] for did in (MISSED, OPENED, CLOSED)} == {MISSED: 0, OPENED: 0, CLOSED: 0}
