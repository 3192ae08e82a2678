"""The limit of open files, of a process of its own: ours may not be lowered and raised again."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.run.open_files import BESIDES
from webhooks.limits import Limits

UNIT = Path(__file__).parent.parent.parent / "deploy" / "dunning-webhooks.service"
ASK = """
import json, resource, sys
from dunning import log
from cli.run.open_files import allow_connections
log.configure()
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allowed = allow_connections(1024)
print(json.dumps([allowed, resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))
"""


def ask(soft: int, hard: int) -> tuple[int, int, str]:
    """Return for how many connections it is enough, the limit after that, and what was logged."""
    done = subprocess.run([sys.executable, "-c", ASK, str(soft), str(hard)], capture_output=True, text=True, check=True)
    allowed, limit = json.loads(done.stdout)
    return allowed, limit, done.stderr


@pytest.mark.parametrize(("soft", "limit"), [(256, 1024 + BESIDES), (4096, 4096)])
def test_a_limit_that_is_too_low_is_raised_and_another_left_alone(soft: int, limit: int) -> None:
    assert ask(soft, 4096) == (1024, limit, "")


def test_one_that_cannot_be_raised_far_enough_is_told_and_fewer_connections_are_taken() -> None:
    allowed, limit, said = ask(256, 600)

    assert (allowed, limit) == (600 - BESIDES, 600)
    line = json.loads(said)
    assert (line["event"], line["level"], line["connections"]) == ("files.too_few", "warning", allowed)
    assert f"LimitNOFILE={1024 + BESIDES}" in line["mend"]


def test_the_unit_allows_as_many_as_are_needed() -> None:
    found = re.search(r"^LimitNOFILE=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)

    assert found is not None
    assert int(found[1]) >= Limits().connections + BESIDES
