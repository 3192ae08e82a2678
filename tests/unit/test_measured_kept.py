"""What a process measures with instrumented code that another one kept is what it would have measured by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RUNS = """
from datetime import timedelta
from dunning.durations import parse_duration
for _ in range(1000):  # so often that SlipCover takes marks out again
    parse_duration("3d")
"""


def measured(into: Path) -> dict[str, Any]:
    before = set(into.glob("*.json"))
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'tests' / 'measured'}:{ROOT}", "MEASURED_INTO": str(into)}
    subprocess.run([sys.executable, "-c", RUNS], env=environment, check=True)
    (written,) = set(into.glob("*.json")) - before
    return dict(json.loads(written.read_text())["files"])


def test_kept_code_is_measured_as_new_code_is(tmp_path: Path) -> None:
    first = measured(tmp_path)
    kept = list((tmp_path / "compiled").iterdir())
    second = measured(tmp_path)

    assert {file.name for file in kept} >= {"dunning.durations"}
    (durations,) = (file for name, file in first.items() if name.endswith("durations.py"))
    assert durations["executed_lines"]
    assert durations["executed_branches"]
    assert durations["missing_lines"]
    assert second == first
