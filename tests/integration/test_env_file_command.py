"""Every command finds its settings in the file under the environment."""

import subprocess
import sys
from pathlib import Path

from dunning.settings.env_file import ENV_FILE
from dunning.settings.load import bare_environment


def run(folder: Path, *arguments: str, **given: str) -> tuple[int, str]:
    environment = {name: value for name, value in bare_environment().items() if name != ENV_FILE} | given
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def dunning(folder: Path, *arguments: str, **given: str) -> tuple[int, str]:
    return run(folder, "-P", "-m", "cli.main", *arguments, **given)


def test_a_command_finds_the_store_in_the_working_folders_file(tmp_path: Path, redis_url: str) -> None:
    (tmp_path / ".env").write_text(f"DUNNING_REDIS_URL={redis_url}\n")

    code, said = dunning(tmp_path, "pause")

    assert code == 0
    assert said.startswith("All mail is paused since ")


def test_a_file_may_be_named_before_the_command(tmp_path: Path, redis_url: str) -> None:
    (tmp_path / ".env").write_text("DUNNING_REDIS_URL=redis://127.0.0.1:9\n")
    (tmp_path / "my.env").write_text(f"DUNNING_REDIS_URL={redis_url}\n")

    assert dunning(tmp_path, "--env-file", "my.env", "pause")[0] == 0
    assert dunning(tmp_path, "pause", DUNNING_ENV_FILE="my.env")[0] == 0
    assert dunning(tmp_path, "pause")[0] == 1


def test_up_reads_the_file_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text("DUNNING_PORTT=1\n")

    code, said = dunning(tmp_path, "--env-file", "my.env", "up")

    assert code == 2
    assert "DUNNING_PORTT: it is not known; it should perhaps be DUNNING_PORT" in said


def test_arqs_command_reads_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DUNNING_PORTT=1\n")

    code, said = run(tmp_path, "-m", "arq", "worker.main.WorkerSettings")

    assert code != 0
    assert "DUNNING_PORTT: it is not known; it should perhaps be DUNNING_PORT" in said


def test_a_named_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    code, said = dunning(tmp_path, "--env-file", "nowhere.env", "pause")

    assert code == 2
    assert "nowhere.env does not exist" in said
