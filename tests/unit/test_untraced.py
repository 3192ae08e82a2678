"""What is untraced is so until it ends, and no longer."""

import os
import subprocess
import sys
from types import FrameType

import pytest

from tests.untraced import MEASURE_YOURSELF, not_measured

TOLD = f"import os; print(os.environ.get({MEASURE_YOURSELF!r}))"


@pytest.mark.untraced
def test_a_test_that_is_marked_is_not_traced() -> None:
    assert sys.gettrace() is None
    assert MEASURE_YOURSELF not in os.environ


def test_what_traced_before_traces_again_afterwards() -> None:
    called: list[str] = []

    def trace(frame: FrameType, event: str, argument: object) -> None:
        del event, argument
        called.append(frame.f_code.co_name)

    def watched() -> None:
        """Do nothing."""

    def unwatched() -> None:
        """Do nothing either."""

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with not_measured():
            unwatched()
        watched()
    finally:
        sys.settrace(before)

    assert "watched" in called
    assert "unwatched" not in called


def test_a_process_that_is_started_is_told_to_measure_itself_only_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEASURE_YOURSELF, "told")

    with not_measured():
        within = subprocess.check_output([sys.executable, "-S", "-c", TOLD], text=True)
    outside = subprocess.check_output([sys.executable, "-S", "-c", TOLD], text=True)

    assert (within, outside) == ("None\n", "told\n")
