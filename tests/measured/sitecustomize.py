"""Measure this process with SlipCover if `make test` asks for it.

`make test` puts this folder on PYTHONPATH, so Python imports this file when it starts: in the processes that share the
tests, and in those that tests start. Each writes what it has run into a folder of its own when it ends.
"""

import atexit
import json
import os
from pathlib import Path

# Where to write it. Without it, a process is not measured.
FOLDER = "MEASURED_INTO"

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / name for name in ("dunning", "webhooks", "worker", "console", "cli", "paddle_twin")]
# Beside `if TYPE_CHECKING:` and `# pragma: no cover`, which SlipCover leaves out by itself.
EXCLUDE_ALSO = ["if __name__ == .__main__.:", "@overload", r"\.\.\.$"]


def measure(folder: Path) -> None:
    """Measure this process from here on, and write what came of it into this folder."""
    try:
        import slipcover  # noqa: PLC0415 - an environment with the product alone does not have it
    except ModuleNotFoundError:
        return
    measuring = slipcover.Slipcover(branch=True, exclude_also=EXCLUDE_ALSO)
    slipcover.ImportManager(measuring, slipcover.FileMatcher(sources=SOURCES)).__enter__()
    here = Path.cwd()

    def write() -> None:
        coverage = measuring.get_coverage()
        if coverage["files"]:
            # The names of files are relative to the folder in which the process was started.
            coverage["files"] = {str(here / name): told for name, told in coverage["files"].items()}
            (folder / f"{os.getpid()}.json").write_text(json.dumps(coverage))

    atexit.register(write)


if __name__ == "sitecustomize" and FOLDER in os.environ:
    measure(Path(os.environ[FOLDER]))
