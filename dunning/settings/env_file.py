"""The file that settings may stand in. The environment overrides it."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import set_key
from dotenv.parser import parse_stream

from dunning.settings.environment import FILE_SUFFIX

ENV_FILE = "DUNNING_ENV_FILE"
"""Names the file, and no other is looked for. An empty file, such as /dev/null, leaves the environment alone."""

# What every reader of such files takes without quotes.
_PLAIN = re.compile(r"[\w.:/@+,=%&?~-]*", re.ASCII)
PLACES = (Path(".env"), Path("/etc/dunning/env"))


@dataclass(frozen=True, slots=True)
class EnvFile:
    """A file of settings as it was read. No problem quotes a value."""

    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: Sequence[str] = ()
    passed_over: bool = False
    """It was not asked for and may not be read: whoever has all settings in the environment needs it not."""


def find_env_file(environ: Mapping[str, str], places: Sequence[Path] = PLACES) -> Path | None:
    """Return the file that the environment names, or else the first of the places that is there."""
    named = environ.get(ENV_FILE, "").strip()
    return Path(named) if named else next((place for place in places if _is_there(place)), None)


def read_env_file(environ: Mapping[str, str], places: Sequence[Path] = PLACES) -> EnvFile | None:
    """Read the file, if there is one. Lines are `NAME=value`, quoted or not, as Docker, systemd and shells take them.

    Nothing in a value is replaced: a dollar sign is one.
    """
    path = find_env_file(environ, places)
    if path is None:
        return None
    values, problems = {}, []
    try:
        with path.open(encoding="utf-8") as lines:
            for binding in parse_stream(lines):
                if binding.error or (binding.key is not None and binding.value is None):
                    place = binding.original.line + _blank_lines(binding.original.string)
                    problems.append(f"{path}:{place}: the line can't be read; it should be NAME=value")
                elif binding.key is not None and binding.value is not None:
                    values[binding.key] = binding.value
    except OSError as error:
        named = bool(environ.get(ENV_FILE, "").strip())
        problem = (
            f"{path}: it can't be read ({error.strerror}); it should be a file of settings that this user may read"
        )
        return EnvFile(path, problems=[problem], passed_over=not named)
    except UnicodeDecodeError:
        return EnvFile(path, problems=[f"{path}: it is not UTF-8 text; it should have lines such as NAME=value"])
    return EnvFile(path, values, problems)


def over_the_file(environ: Mapping[str, str], file: EnvFile | None, prefix: str) -> dict[str, str]:
    """Return the variables with this prefix of both. The environment's win, whichever of the two forms they have."""
    given = {name: value for name, value in environ.items() if name != ENV_FILE}
    if file is None:
        return given
    set_names = {name.removesuffix(FILE_SUFFIX) for name, value in given.items() if value.strip()}
    return given | {
        name: value
        for name, value in file.values.items()
        if name.startswith(prefix) and name != ENV_FILE and name.removesuffix(FILE_SUFFIX) not in set_names
    }


def write_setting(path: Path, name: str, value: str) -> None:
    """Set a variable in the file, and let only its owner read it from then on. Other lines stay as they are.

    Where only a group may read it besides, as a service's user may one of root's, that is meant, and stays so.

    Raises:
        OSError: it can't be written.
    """
    target = path.resolve()  # a link stays a link
    before = target.stat() if target.exists() else None
    set_key(target, name, value, quote_mode="never" if _PLAIN.fullmatch(value) else "always")
    for_group = before is not None and before.st_mode & stat.S_IRGRP and not before.st_mode & stat.S_IRWXO
    target.chmod(0o640 if for_group else 0o600)
    if before is not None and (before.st_uid, before.st_gid) != (target.stat().st_uid, target.stat().st_gid):
        os.chown(target, before.st_uid, before.st_gid)  # the file was written anew, by whoever we are


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:  # in a folder that may not be looked into
        return False


def _blank_lines(text: str) -> int:
    """Count the line ends that stand before a binding and are kept with it."""
    return text[: len(text) - len(text.lstrip())].count("\n")
