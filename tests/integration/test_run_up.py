import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from dunning.store import Store
from tests.dunning_process import ENVIRONMENT, dunning, is_running

NAMES = ("webhooks", "worker", "console", "dunning-guard", "server")


def children_of(pid: int) -> dict[str, int]:
    """Return the processes that one has started, by what their command line holds."""
    listed = subprocess.run(["ps", "-Aww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)  # noqa: S607
    found = {}
    for line in listed.stdout.splitlines():
        child, parent, command = line.split(maxsplit=2)
        if int(parent) == pid:
            name = next(
                word for word in ("webhooks", "worker", "console", "dunning-guard", "server") if word in command
            )
            found[name] = int(child)
    return found


def eventually(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_up_runs_all_on_a_server_of_its_own_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with dunning("up", "--data", str(tmp_path / "data"), environ=ENVIRONMENT) as process:
        port = process.wait_for("webhooks.listening")["port"]
        with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            status = answer.status
        children = children_of(process.pid)

        process.signal(signal.SIGTERM)

        assert process.end() == 0
        assert status == 200
        assert children.keys() == {"webhooks", "worker", "console", "dunning-guard", "server"}
        assert not any(map(is_running, children.values()))
        assert (tmp_path / "data" / "appendonlydir").is_dir()


def test_up_keeps_its_data_with_the_user_where_nothing_is_said(tmp_path: Path) -> None:
    with dunning("up", environ=ENVIRONMENT | {"XDG_STATE_HOME": str(tmp_path)}) as process:
        process.wait_for("webhooks.listening")
        process.signal(signal.SIGINT)

        assert process.end() == 0
        assert (tmp_path / "dunning" / "sandbox" / "appendonlydir").is_dir()


def test_up_uses_the_redis_it_is_given(redis_url: str) -> None:
    with dunning("up", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url}) as process:
        process.wait_for("webhooks.listening")
        children = children_of(process.pid)

        process.signal(signal.SIGTERM)

        assert process.end() == 0
        assert children.keys() == {"webhooks", "worker", "console"}


@pytest.mark.parametrize("victim", ["webhooks", "worker"])
def test_when_one_process_ends_up_ends_the_rest_and_says_why(victim: str, tmp_path: Path) -> None:
    with dunning("up", "--data", str(tmp_path), environ=ENVIRONMENT) as process:
        process.wait_for("webhooks.listening")
        children = children_of(process.pid)

        os.kill(children[victim], signal.SIGKILL)
        told = process.wait_for("up.process_ended")

        assert process.end() == 1
        assert (told["process"], told["exit_code"]) == (victim, -signal.SIGKILL)
        assert not any(map(is_running, children.values()))


async def test_the_console_is_started_again_while_the_others_go_on(redis_url: str) -> None:
    store = Store.open(redis_url, rate_limit=1)

    def live_on() -> None:
        with dunning("up", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url}) as process:
            process.wait_for("webhooks.listening")
            before = children_of(process.pid)

            os.kill(before["console"], signal.SIGKILL)
            told = process.wait_for("up.process_restarts")
            process.wait_for("console.listening")
            after = children_of(process.pid)
            process.signal(signal.SIGTERM)

            assert process.end() == 0
            assert (told["process"], told["exit_code"]) == ("console", -signal.SIGKILL)
            assert after.keys() == before.keys()
            assert [name for name in before if before[name] != after[name]] == ["console"]

    await asyncio.to_thread(live_on)
    snapshot = await store.health.snapshot(datetime.now(UTC))
    await store.close()

    assert snapshot.counters["console_restarts"] == 1


def test_when_the_server_ends_up_ends_the_rest_and_says_why(tmp_path: Path) -> None:
    with dunning("up", "--data", str(tmp_path), environ=ENVIRONMENT) as process:
        process.wait_for("webhooks.listening")
        children = children_of(process.pid)

        os.kill(children["server"], signal.SIGKILL)
        told = process.wait_for("up.server_ended")

        assert process.end() == 1
        assert told["exit_code"] == -signal.SIGKILL
        assert not any(map(is_running, children.values()))


def test_when_up_is_killed_nothing_of_it_stays(tmp_path: Path) -> None:
    with dunning("up", "--data", str(tmp_path), environ=ENVIRONMENT) as process:
        process.wait_for("webhooks.listening")
        children = children_of(process.pid)

        process.signal(signal.SIGKILL)

        eventually(lambda: not any(map(is_running, children.values())))


def test_a_wrong_start_of_one_process_ends_up(tmp_path: Path) -> None:
    with dunning("up", "--data", str(tmp_path), environ=ENVIRONMENT | {"DUNNING_HOST": "192.0.2.1"}) as process:
        assert process.end() == 1

    assert any(line.startswith("DUNNING_HOST: it can't be listened on (") for line in process.lines)
