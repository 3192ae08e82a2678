"""What the notes for contributors name is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")


def test_every_path_that_is_named_exists() -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[\w.*]*|\w+\.md)`", NOTES)

    assert len(named) > 20
    assert [path for path in named if not list(ROOT.glob(path))] == []


def test_every_target_that_is_named_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert set(re.findall(r"`make ([a-z]+)`", NOTES)) <= set(targets)
