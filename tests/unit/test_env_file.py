"""The file under the environment: where it is looked for, what may stand in it, and which of the two wins."""

import os
from pathlib import Path

import pytest

from dunning.errors import ConfigurationError
from dunning.settings.env_file import ENV_FILE, find_env_file, over_the_file, read_env_file, write_setting
from dunning.settings.environment import VariableReader
from dunning.settings.load import (
    load_link_secrets,
    load_paddle_settings,
    load_settings,
    load_store_settings,
    use_env_file,
)
from tests.unit.good_settings import GOOD, SECRET, api_key

STORE = "DUNNING_REDIS_URL"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ENV_FILE)
    return tmp_path


def written(path: Path, settings: dict[str, str]) -> Path:
    path.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    return path


class TestWhereItIs:
    def test_it_is_in_the_working_folder_or_else_in_the_systems_place(self, folder: Path) -> None:
        places = (Path(".env"), written(folder / "system", {}))

        assert find_env_file({}, (Path(".env"),)) is None
        assert find_env_file({}, places) == folder / "system"
        written(folder / ".env", {})
        assert find_env_file({}, places) == Path(".env")

    def test_the_one_that_is_named_goes_first(self, folder: Path) -> None:
        written(folder / ".env", {})

        assert find_env_file({ENV_FILE: "/elsewhere/env"}) == Path("/elsewhere/env")

    def test_a_place_that_may_not_be_looked_into_is_no_place(self, folder: Path) -> None:
        written(folder / "file", {})

        assert find_env_file({}, (folder / "file" / "env", Path("x" * 5000))) is None

    def test_processes_that_are_started_use_the_same(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENV_FILE, "")
        use_env_file(Path("my.env"))

        assert os.environ[ENV_FILE] == str(folder / "my.env")


class TestWhatStandsInIt:
    def test_every_loader_reads_it(self, folder: Path) -> None:
        written(folder / ".env", GOOD)

        settings = load_settings()

        assert settings.paddle == load_paddle_settings()
        assert settings.paddle.api_key.get_secret_value() == api_key("live")
        assert load_link_secrets() == (SECRET * 6,)
        assert load_store_settings().redis_url == settings.redis_url

    def test_quotes_comments_and_export_are_as_in_a_shell_and_dollars_are_dollars(self, folder: Path) -> None:
        lines = "# a comment\n\nexport DUNNING_A=x # why\nDUNNING_B='a \\'b'\nDUNNING_C=\"$HOME#c\"\nDUNNING_D=$HOME\n"
        (folder / ".env").write_text(lines)

        file = read_env_file({})

        assert file
        assert file.values == {"DUNNING_A": "x", "DUNNING_B": "a 'b", "DUNNING_C": "$HOME#c", "DUNNING_D": "$HOME"}

    def test_variables_of_others_are_no_concern_and_a_mistyped_one_is_told(self, folder: Path) -> None:
        written(folder / ".env", GOOD | {"OTHER": "x"})
        assert load_settings()

        written(folder / ".env", GOOD | {"DUNNING_PADLE": "x"})
        with pytest.raises(ConfigurationError, match="DUNNING_PADLE: it is not known"):
            load_settings()

    def test_a_file_of_a_variable_may_be_named_in_it(self, folder: Path) -> None:
        (folder / "redis").write_text("redis://127.0.0.1/7\n")
        written(folder / ".env", {STORE + "_FILE": str(folder / "redis")})

        found = load_store_settings().redis_url

        assert found
        assert found.get_secret_value() == "redis://127.0.0.1/7"


class TestWriting:
    @pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o666, 0o600), (0o640, 0o640), (0o600, 0o600)])
    def test_nobody_else_may_read_it_but_a_group_that_was_let(self, folder: Path, before: int, after: int) -> None:
        path = written(folder / "env", {"DUNNING_PORT": "1"})
        path.chmod(before)

        write_setting(path, "DUNNING_HOST", "::1")

        assert path.stat().st_mode & 0o777 == after
        assert path.read_text() == "DUNNING_PORT='1'\nDUNNING_HOST=::1\n"

    def test_a_link_stays_a_link_and_a_new_file_is_the_owners_alone(self, folder: Path) -> None:
        (folder / ".env").symlink_to(folder / "real")

        write_setting(Path(".env"), "DUNNING_MAIL_FROM", "Zoë O'Connor <a@b.example>")

        assert (folder / ".env").is_symlink()
        assert (folder / "real").stat().st_mode & 0o777 == 0o600
        file = read_env_file({})
        assert file
        assert file.values == {"DUNNING_MAIL_FROM": "Zoë O'Connor <a@b.example>"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")
    def test_whose_it_was_it_stays(self, folder: Path) -> None:
        path = written(folder / "env", {})
        os.chown(path, 4321, 4322)

        write_setting(path, "DUNNING_PORT", "1")

        assert (path.stat().st_uid, path.stat().st_gid) == (4321, 4322)


class TestOverIt:
    def test_the_environment_wins(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(folder / ".env", GOOD)
        monkeypatch.setenv("DUNNING_PORT", "1234")
        monkeypatch.setenv(STORE, "redis://127.0.0.1/5")

        settings = load_settings()

        assert settings.port == 1234
        assert settings.redis_url
        assert settings.redis_url.get_secret_value() == "redis://127.0.0.1/5"

    @pytest.mark.parametrize(("outer", "inner"), [(STORE, STORE + "_FILE"), (STORE + "_FILE", STORE)])
    def test_it_wins_in_either_form(self, outer: str, inner: str, folder: Path) -> None:
        file = read_env_file({ENV_FILE: str(written(folder / "env", {inner: "of the file"}))})

        assert over_the_file({outer: "environment's", inner: ""}, file, "DUNNING_") == {
            outer: "environment's",
            inner: "",
        }
        assert over_the_file({outer: " "}, file, "DUNNING_")[inner] == "of the file"


class TestWhatIsWrongWithIt:
    def test_a_line_that_can_not_be_read_is_told_with_its_number_and_without_its_text(self, folder: Path) -> None:
        (folder / ".env").write_text(f"DUNNING_PORT=1\n\n{SECRET}\nA B={SECRET}\n")

        with pytest.raises(ConfigurationError) as caught:
            load_paddle_settings()

        assert [problem.partition(": ")[0] for problem in caught.value.problems] == [".env:3", ".env:4"]
        assert SECRET not in str(caught.value)

    def test_it_keeps_no_operator_from_the_brake(self, folder: Path) -> None:
        (folder / ".env").write_text(f"DUNNING_REDIS_URL=redis://127.0.0.1/0\n{SECRET}\n")

        assert load_store_settings().redis_url

    def test_one_that_was_named_has_to_be_there(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENV_FILE, str(folder / "nowhere"))

        with pytest.raises(ConfigurationError, match=r"nowhere: it can't be read \(No such file or directory\)"):
            load_settings()

    def test_one_that_is_no_text_is_refused(self, folder: Path) -> None:
        (folder / ".env").write_bytes(b"DUNNING_PORT=\xff")

        with pytest.raises(ConfigurationError, match="it is not UTF-8 text"):
            load_settings()

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file here that not even root may read")
    def test_one_that_nobody_named_may_be_unreadable_and_that_is_told_beside_what_is_missing(self) -> None:
        file = read_env_file({}, (Path("/proc/self/mem"),))

        assert file
        assert file.passed_over
        assert over_the_file({"DUNNING_PORT": "1"}, file, "DUNNING_") == {"DUNNING_PORT": "1"}
        reader = VariableReader({}, "DUNNING_", ("DUNNING_PORT",), also=file.problems)
        reader.require("DUNNING_PORT", "a port")
        first, second = reader.error().problems
        assert first == "DUNNING_PORT: it is missing; it should be a port"
        assert second.startswith("/proc/self/mem: it can't be read (")

    def test_one_that_was_named_and_may_not_be_read_is_refused(self, folder: Path) -> None:
        (folder / "env").mkdir()  # root may read every file, and nobody may read a folder as one

        assert read_env_file({}, (folder / "env",)) is None
        named = read_env_file({ENV_FILE: str(folder / "env")})

        assert named
        assert named.problems == [
            f"{folder}/env: it can't be read (Is a directory); it should be a file of settings that this user may read"
        ]
        assert not named.passed_over
