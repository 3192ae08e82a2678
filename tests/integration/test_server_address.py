"""Commands beside `dunning up` find the server that it runs."""

import asyncio
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import main
from dunning.store import Store
from dunning.store.server.address import announced, running_servers
from dunning.store.server.embedded import EmbeddedServer


async def run(state: Path, *arguments: str) -> Result:
    environment = {"XDG_STATE_HOME": str(state), "DUNNING_REDIS_URL": ""}
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=environment)


async def test_without_a_variable_the_one_that_runs_here_is_used(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "dunning" / "live") as server, announced(server):
        result = await run(tmp_path, "pause")
        store = Store.open(server.url, rate_limit=1)
        paused = await store.brakes.paused()
        await store.close()

    assert result.exit_code == 0, result.output
    assert paused.all is not None


async def test_where_none_runs_the_variable_is_missing(tmp_path: Path) -> None:
    result = await run(tmp_path, "pause")

    assert result.exit_code == 2
    assert result.stderr.startswith("DUNNING_REDIS_URL: it is missing, and no `dunning up` runs here; start that")


async def test_where_two_run_the_variable_has_to_say_which(tmp_path: Path) -> None:
    live, sandbox = (EmbeddedServer(tmp_path / "dunning" / world) for world in ("live", "sandbox"))
    with live, announced(live), sandbox, announced(sandbox):
        result = await run(tmp_path, "cases", "list")

        assert result.exit_code == 2
        assert result.stderr == f"DUNNING_REDIS_URL: two run here; it should be one of {live.url} and {sandbox.url}\n"


def test_a_server_that_is_gone_is_not_found_by_what_it_left(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server, announced(server):
        found = running_servers([tmp_path])
        server.stop()
        killed = running_servers([tmp_path])
    ended = running_servers([tmp_path])

    assert found != []
    assert (killed, ended) == ([], [])
    assert not (tmp_path / "server-address").exists()
