"""What is untraced is so until it ends, and no longer."""

import os
import subprocess
import sys

import pytest

from tests.measured.sitecustomize import FOLDER
from tests.untraced import not_measured

TOLD = f"import os; print(os.environ.get({FOLDER!r}))"


@pytest.mark.untraced
def test_a_test_that_is_marked_starts_no_process_that_is_measured() -> None:
    assert FOLDER not in os.environ


def test_a_process_that_is_started_is_told_to_measure_itself_only_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, "told")

    with not_measured():
        within = subprocess.check_output([sys.executable, "-S", "-c", TOLD], text=True)
    outside = subprocess.check_output([sys.executable, "-S", "-c", TOLD], text=True)

    assert (within, outside) == ("None\n", "told\n")
