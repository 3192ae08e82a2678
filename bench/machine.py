"""What the figures were measured on, in one line."""

import os
import platform
import subprocess
from importlib.metadata import version

from dunning.store.server.embedded import find_server


def told() -> str:
    """Name the machine and what it runs."""
    return (
        f"{os.cpu_count()} cores ({platform.system()}, {platform.machine()}), "
        f"Python {platform.python_version()}, aiohttp {version('aiohttp')}, arq {version('arq')}, {_server()}"
    )


def _server() -> str:
    """Name the server and its version: it prints `Valkey server v=9.1.0 sha=...`, and Redis the like."""
    printed = subprocess.run([find_server(), "--version"], capture_output=True, check=True, text=True)  # noqa: S603 - the program is one we chose
    name, _, rest = printed.stdout.partition(" server v=")
    return f"{name} {rest.split()[0]}"
