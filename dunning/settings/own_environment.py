"""The environment of this process, and of those that it starts. No other module reads it."""

import os
from collections.abc import Mapping
from pathlib import Path

from dunning.errors import NotPossibleError
from dunning.settings.env_file import ENV_FILE, EnvFile, find_env_file, over_the_file, read_env_file, write_setting
from dunning.settings.environment import FILE_SUFFIX
from dunning.settings.reading import PREFIX

REDIS_URL = PREFIX + "REDIS_URL"


def own_settings() -> tuple[dict[str, str], EnvFile | None]:
    """Return the variables that this process was given, over those of the file under it, and the file."""
    file = read_env_file(os.environ)
    return over_the_file(os.environ, file, PREFIX), file


def begin_file() -> Path:
    """Return the file under the environment, made anew where there is none: the one that is named, or .env here.

    Raises:
        NotPossibleError: there is none, and it can't be made.
    """
    named = os.environ.get(ENV_FILE, "").strip()
    path = find_env_file(os.environ) or Path(".env")
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise NotPossibleError(f"{path} can't be written ({error.strerror}).") from None
    if named and not path.is_file():
        raise NotPossibleError(f"{path} is no file that settings could be written to.")
    return path


def keep_setting(name: str, value: str) -> Path:
    """Write a setting into the file under the environment, where all our processes find it, and return the file's path.

    Raises:
        NotPossibleError: there is no file, it can't be written, or what is set elsewhere would go over it.
    """
    path = find_env_file(os.environ)
    if path is None or path == Path(os.devnull):
        raise NotPossibleError("There is no file of settings: neither .env in this folder nor /etc/dunning/env.")
    file = read_env_file(os.environ)
    set_already = {one for one in (name, name + FILE_SUFFIX) if os.environ.get(one, "").strip()}
    if file and file.values.get(name + FILE_SUFFIX):
        set_already.add(name + FILE_SUFFIX)
    if set_already:
        raise NotPossibleError(f"{' and '.join(sorted(set_already))} is set already, and would go over {path}.")
    try:
        write_setting(path, name, value)
    except OSError as error:
        raise NotPossibleError(f"{path} can't be written ({error.strerror}).") from None
    return path


def use_env_file(path: Path) -> None:
    """Let this process, and those that it starts, read settings from this file and no other."""
    os.environ[ENV_FILE] = str(path.absolute())


def data_folder(*, sandbox: bool, environ: Mapping[str, str] | None = None) -> Path:
    """Return where `dunning up` keeps its data: one folder for real debts and one for sandbox ones.

    It doesn't depend on the working folder, so that the next start finds the data from any folder. See
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    wanted = (os.environ if environ is None else environ).get("XDG_STATE_HOME", "")
    state = Path(wanted) if wanted.startswith("/") else Path.home() / ".local" / "state"
    return state / "dunning" / ("sandbox" if sandbox else "live")


def environment_with_redis(url: str) -> dict[str, str]:
    """Return the environment for processes of our own that are to use this Redis."""
    return {**os.environ, REDIS_URL: url}


def bare_environment() -> dict[str, str]:
    """Return the environment without any setting of ours, for processes that get theirs from us, and from no file."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | {ENV_FILE: os.devnull}
