"""What Linux tells of processes in /proc."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROC = Path("/proc")
LISTENING = "0A"

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc here")


def environment_of(pid: int) -> dict[str, str]:
    """Give the environment that a process was started with; nothing for one that has ended."""
    try:
        content = (PROC / str(pid) / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(variable.split("=", 1) for variable in content.split("\0") if "=" in variable)


def belonging_to(mark: str) -> dict[int, str]:
    """Give the processes that have this text about them, whoever is their parent by now: id and command.

    It may be in the environment, the command or the working folder. Valkey writes its title over its environment.
    """
    about = {pid: (_command(pid), str(_folder(pid)), *environment_of(pid).values()) for pid in _pids()}
    return {pid: texts[0] for pid, texts in about.items() if any(mark in text for text in texts)}


def ports_of(pid: int) -> set[int]:
    """Give the ports on which a process listens, by TCP or by UDP."""
    sockets = set()
    for descriptor in (PROC / str(pid) / "fd").iterdir():
        try:
            sockets.add(str(descriptor.readlink()))
        except OSError:  # closed since it was listed
            continue
    return {
        int(local.rpartition(":")[2], 16)
        for table in ("tcp", "tcp6", "udp", "udp6")
        for local, state, inode in _connections(pid, table)
        if f"socket:[{inode}]" in sockets and (state == LISTENING or table.startswith("udp"))
    }


def _connections(pid: int, table: str) -> Iterator[tuple[str, str, str]]:
    for line in (PROC / str(pid) / "net" / table).read_text().splitlines()[1:]:
        words = line.split()
        yield words[1], words[3], words[9]


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _folder(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None
