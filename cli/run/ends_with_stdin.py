"""Makes the processes that we start end when we end, in whatever way."""

import contextlib
import os
import signal
import threading

import click

until_stdin_closes = click.option(
    "--until-stdin-closes", is_flag=True, hidden=True, help="End with the process at the other end of standard input."
)


def end_with_stdin() -> None:
    """Treat the end of standard input as a SIGTERM: the process that held its other end is gone, perhaps killed."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="until-stdin-closes", daemon=True).start()
