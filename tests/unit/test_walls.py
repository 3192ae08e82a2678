"""What the walls of the house can't say in pyproject.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.pure_modules import pure_files

ROOT = Path(__file__).parent.parent.parent
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
PURE = next(contract for contract in CONTRACTS if contract["id"] == "pure")["source_modules"]
ROOMS = next(contract for contract in CONTRACTS if contract["id"] == "rooms")["layers"]
SOURCES = [path for part in ("dunning", "webhooks", "worker", "console", "cli") for path in (ROOT / part).rglob("*.py")]


def test_the_pure_part_is_every_room_below_the_doors_and_what_is_pure_behind_them() -> None:
    rooms = {
        f"dunning.{room}" for layer in ROOMS[ROOMS.index("campaign_file") :] for room in re.split(r"[|\s]+", layer)
    }
    behind = {
        "dunning.paddle_api.grants",
        "dunning.settings.out_webhooks",
        "dunning.settings.paddle_account",
        "dunning.settings.values",
        "dunning.settings.values_of_console",
        "dunning.watch.digest",
        "dunning.watch.words",
    }
    assert set(PURE) == rooms | behind


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_pure_part_reads_no_clock(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\.now\(|\.today\(|utcnow|(?m:^import time\b)|time\.time\(", text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    reads = re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text())
    assert not reads or path == ROOT / "dunning" / "settings" / "own_environment.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_store_and_the_queue_spell_a_redis_key(path: Path) -> None:
    spells = re.search(r'"(dunning|arq):[a-z]', path.read_text())
    assert not spells or path.is_relative_to(ROOT / "dunning" / "store") or path == ROOT / "dunning" / "queue.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_casebook_writes_a_case(path: Path) -> None:
    writes = re.search(r"\.commit\b(?!\.lua)", path.read_text())
    assert bool(writes) == (path == ROOT / "dunning" / "casebook" / "write.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_two_things(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
