"""Measure this process with SlipCover if `make test` asks for it.

`make test` puts this folder on PYTHONPATH, so Python imports this file when it starts: in the processes that share the
tests, and in those that tests start. Each writes what it has run into a folder of its own when it ends.
"""

import ast
import atexit
import json
import marshal
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

# Where to write it. Without it, a process is not measured.
FOLDER = "MEASURED_INTO"

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / name for name in ("dunning", "webhooks", "worker", "console", "cli", "paddle_twin")]
# Beside `if TYPE_CHECKING:` and `# pragma: no cover`, which SlipCover leaves out by itself.
EXCLUDE_ALSO = ["if __name__ == .__main__.:", "@overload", r"\.\.\.$"]


def measure(folder: Path) -> None:
    """Measure this process from here on, and write what came of it into this folder."""
    try:
        from kept import at_rest, instrumented  # type: ignore[import-not-found] # noqa: PLC0415 - it stands beside this
        from slipcover import Slipcover  # noqa: PLC0415 - an environment with the product alone does not have it
        from slipcover.branch import preinstrument  # noqa: PLC0415 - same
        from slipcover.importer import FileMatcher, SlipcoverLoader  # noqa: PLC0415 - same
    except ModuleNotFoundError:
        return
    compiled = folder / "compiled"
    compiled.mkdir(exist_ok=True)
    measuring, matcher = Slipcover(branch=True, exclude_also=EXCLUDE_ALSO), FileMatcher(sources=SOURCES)
    here = Path.cwd()

    class Loader(SlipcoverLoader):  # type: ignore[misc]
        """SlipCover's own, but that a file is instrumented by the first process that imports it, for all."""

        def exec_module(self, module: ModuleType) -> None:
            file = compiled / module.__name__
            try:
                kept = marshal.loads(file.read_bytes())  # noqa: S302 - what a process of this run has written
                code = instrumented(measuring, kept)
            except FileNotFoundError:
                plain = compile(preinstrument(ast.parse(self.origin.read_bytes())), str(self.origin), "exec")
                code = measuring.instrument(plain)
                half = compiled / f"{module.__name__}.{os.getpid()}.half"
                half.write_bytes(marshal.dumps(at_rest(measuring, code)))
                half.replace(file)
            measuring.register_module(module)
            exec(code, module.__dict__)  # noqa: S102 - as every import does

    class Finder(MetaPathFinder):
        measures = True

        def find_spec(
            self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is None or not isinstance(spec.loader, SourceFileLoader) or not matcher.matches(spec.origin):
                return None
            spec.loader = Loader(measuring, spec.loader, spec.origin)
            return spec

    sys.meta_path.insert(0, Finder())

    def write() -> None:
        coverage = measuring.get_coverage()
        if coverage["files"]:
            # The names of files are relative to the folder in which the process was started.
            coverage["files"] = {str(here / name): told for name, told in coverage["files"].items()}
            (folder / f"{os.getpid()}.json").write_text(json.dumps(coverage))

    atexit.register(write)


def measure_before_pytest() -> None:
    """Find our modules before pytest does: it would load the twin itself, unmeasured, as that comes with a plugin."""
    sys.meta_path.sort(key=lambda finder: not getattr(finder, "measures", False))


if __name__ == "sitecustomize" and FOLDER in os.environ:
    measure(Path(os.environ[FOLDER]))
