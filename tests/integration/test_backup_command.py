"""`dunning backup` and `dunning restore`: the data of the server that `dunning up` brings."""

import asyncio
import io
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.rules.case import CaseState
from dunning.rules.out_events import of_write
from dunning.store.server.address import announced
from dunning.store.server.backup import at_rest
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import NOW, a_case, open_case, opened, redis_of


@contextmanager
def up(folder: Path) -> Iterator[EmbeddedServer]:
    """Run a server as `dunning up` does."""
    with EmbeddedServer(folder) as server, announced(server):
        yield server


async def run(*arguments: str | Path, **settings: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, list(map(str, arguments)), env=settings)


async def fill(url: str) -> None:
    """Put two open cases and an ended one."""
    async with opened(url) as store:
        for _ in range(2):
            await open_case(store)
        case = a_case().end(CaseState.RECOVERED, None, NOW)
        await store.cases.commit(case, 0, due_at=None, now=NOW)


async def held(folder: Path) -> int:
    with EmbeddedServer(folder) as server:
        async with opened(server.url) as store:
            return int(await redis_of(store).dbsize())


async def test_what_is_backed_up_while_it_runs_is_there_after_a_restore(tmp_path: Path) -> None:
    data, file, anew = tmp_path / "data", tmp_path / "backup.tar.gz", tmp_path / "anew"
    with up(data) as server:
        await fill(server.url)
        backed_up = await run("backup", file, "--data", data)
        async with opened(server.url) as store:
            assert await redis_of(store).config_get("auto-aof-rewrite-percentage") == {
                "auto-aof-rewrite-percentage": "100"
            }

    restored = await run("restore", file, "--data", anew)

    assert backed_up.stdout == f"{file}: 2 open and 1 ended cases, read back from it.\n"
    assert restored.stdout == (
        f"{anew}: 2 open and 1 ended cases. Start `dunning up`: it heals by itself what was missed since.\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await held(anew) == await held(data) > 0
    assert sorted(path.name for path in anew.iterdir() if path.name != "lock") == ["appendonlydir"]


async def test_what_programs_were_not_told_yet_waits_after_a_restore_too(tmp_path: Path) -> None:
    data, file, anew = tmp_path / "data", tmp_path / "backup.tar.gz", tmp_path / "anew"
    with up(data) as server:
        async with opened(server.url) as store:
            await store.out_webhooks.register(["app"], NOW)
            case = a_case()
            await store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))
            await store.out_webhooks.sweep(["app"], NOW)
            before = await store.out_webhooks.due("app", NOW, 100)
        await run("backup", file, "--data", data)

    await run("restore", file, "--data", anew)

    with EmbeddedServer(anew) as server:
        async with opened(server.url) as store:
            assert await store.out_webhooks.due("app", NOW, 100) == before
    assert len(before) == 1


async def test_a_backup_is_whole_though_the_server_is_written_to_and_rewrites_its_log(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.tar.gz"
    with up(data) as server:
        await fill(server.url)
        async with opened(server.url) as store:
            done = asyncio.Event()

            async def write() -> None:
                while not done.is_set():
                    await open_case(store)

            writing = asyncio.create_task(write())
            await redis_of(store).bgrewriteaof()
            result = await run("backup", file, "--data", data)
            done.set()
            await writing

    assert result.exit_code == 0, result.output
    assert (await run("restore", file, "--data", tmp_path / "anew")).exit_code == 0


async def test_while_it_copies_the_server_begins_no_rewrite_of_its_log(tmp_path: Path) -> None:
    with up(tmp_path) as server:
        async with opened(server.url) as store:

            async def percentage() -> object:
                return await redis_of(store).config_get("auto-aof-rewrite-percentage")

            await redis_of(store).config_set("auto-aof-rewrite-percentage", 77)
            with at_rest(tmp_path):
                while_it_copies = await percentage()
            afterwards = await percentage()

    assert while_it_copies == {"auto-aof-rewrite-percentage": "0"}
    assert afterwards == {"auto-aof-rewrite-percentage": "77"}


async def test_data_that_no_server_uses_is_backed_up_too(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.tar.gz"
    with up(data) as server:
        await fill(server.url)

    assert (await run("backup", file, "--data", data)).stdout.endswith("2 open and 1 ended cases, read back from it.\n")


async def test_nothing_is_written_over(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.tar.gz"
    with up(data) as server:
        await fill(server.url)
        await run("backup", file, "--data", data)
        again = await run("backup", file, "--data", data)
        in_use = await run("restore", file, "--data", data)
    there = await run("restore", file, "--data", data)
    replaced = await run("restore", file, "--data", data, "--replace")

    assert (again.exit_code, again.stderr) == (1, f"Error: {file} is there already, and is not overwritten.\n")
    assert (in_use.exit_code, "is in use by another server" in in_use.stderr) == (2, True)
    assert (there.exit_code, "There is data in" in there.stderr) == (1, True)
    assert replaced.stdout.startswith(f"What was there before is in {data / 'appendonlydir.replaced-'}")
    assert len([*data.glob("appendonlydir.replaced-*/appendonly.aof.manifest")]) == 1


def archive(file: Path, **members: bytes) -> Path:
    with tarfile.open(file, "w:gz") as made:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return file


async def test_what_is_no_backup_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as server:
        await fill(server.url)
    (tmp_path / "text").write_text("no archive")
    files = {
        tmp_path / "text": (1, "can't be read as a backup (ReadError)"),
        archive(tmp_path / "other", passwd=b"x"): (1, "is no backup of Dunning's: it holds 'passwd'."),
        archive(tmp_path / "out", **{"..__..__x": b"x"}): (1, "is no backup of Dunning's: it holds '"),
        archive(tmp_path / "empty"): (1, "it lacks appendonlydir/appendonly.aof.manifest."),
        archive(tmp_path / "broken", appendonlydir__appendonly_aof_manifest=b"file nowhere seq 1 type b\n"): (
            2,
            "The embedded server did not start",
        ),
    }

    before = await held(data)
    for file, (code, told) in files.items():
        result = await run("restore", file, "--data", data, "--replace")
        assert (result.exit_code, told in result.stderr) == (code, True), result.output

    assert await held(data) == before


async def test_without_data_or_with_another_server_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    empty = await run("backup", "--data", tmp_path)
    other = await run("backup", DUNNING_REDIS_URL="redis://127.0.0.1:1")
    unwritable = tmp_path / "data"
    with up(unwritable) as server:
        await fill(server.url)
        nowhere = await run("backup", tmp_path / "no" / "such" / "folder", "--data", unwritable)

    assert (empty.exit_code, "There is no data in" in empty.stderr) == (1, True)
    assert (other.exit_code, "use that server's own backups" in other.stderr) == (1, True)
    assert (nowhere.exit_code, "can't be written: No such file or directory." in nowhere.stderr) == (1, True)


@pytest.mark.parametrize("worlds", [["live"], ["sandbox"], ["live", "sandbox"], []])
async def test_the_folder_is_that_of_the_keys_world_or_the_only_one(tmp_path: Path, worlds: list[str]) -> None:
    for world in worlds:
        with up(tmp_path / "dunning" / world) as server:
            await fill(server.url)
    key = {"DUNNING_PADDLE_API_KEY": "pdl_sdbx_apikey_" + "a" * 26 + "_" + "b" * 22 + "_ccc"}

    plain = await run("backup", tmp_path / "plain", XDG_STATE_HOME=str(tmp_path))
    keyed = await run("backup", tmp_path / "keyed", XDG_STATE_HOME=str(tmp_path), **key)

    assert (plain.exit_code == 0) == (len(worlds) == 1), plain.output
    assert (keyed.exit_code == 0) == ("sandbox" in worlds), keyed.output
