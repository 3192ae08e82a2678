"""What has a place in the case's life, and what comes when it will."""

import pytest

from tests.chaos.passages import Passages

POLL = "ZRANGEBYSCORE dunning:jobs"
LOOK = "EXISTS arq:in-progress:send_steps"


def pass_one(passages: Passages, label: str, answer: bytes = b":1") -> None:
    passages.note(passages.arrive("a link", label), answer)


def test_the_first_look_at_a_job_has_a_place_and_the_next_has_none() -> None:
    passages = Passages()
    passages.phase = "decline"

    pass_one(passages, POLL, b"send_steps:txn_1")
    pass_one(passages, LOOK)
    pass_one(passages, LOOK)

    assert [place.label for place in passages.places] == [f"{POLL} → send_steps", LOOK]


@pytest.mark.parametrize("look", ["WATCH arq:in-progress:send_steps", LOOK, "ZSCORE dunning:jobs send_steps"])
def test_a_look_that_lasts_into_the_next_phase_has_no_place_there(look: str) -> None:
    passages = Passages()
    passages.phase = "decline"
    pass_one(passages, POLL, b"send_steps:txn_1")

    passages.phase = "click"
    pass_one(passages, look)

    assert [place.phase for place in passages.places] == ["decline"]


def test_an_idle_poll_and_what_a_connection_begins_with_have_no_place() -> None:
    passages = Passages()
    passages.phase = "decline"

    pass_one(passages, POLL, b"*0")
    pass_one(passages, "CLIENT SETINFO")

    assert passages.places == []


def test_what_is_asked_for_by_the_clock_has_no_place() -> None:
    passages = Passages(beside={"ZCARD dunning:due"})
    passages.phase = "decline"

    pass_one(passages, "ZCARD dunning:due")
    pass_one(passages, "ZCARD dunning:dead")

    assert [place.label for place in passages.places] == ["ZCARD dunning:dead"]
    assert passages.asked == {"ZCARD dunning:due", "ZCARD dunning:dead"}
