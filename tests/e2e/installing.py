"""The distribution, built and installed as pip does it, without a network."""

import importlib.metadata
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[2]
DISTRIBUTION = "paddle-dunning"


def pip(*arguments: str, into: Path | None = None) -> None:
    """Run pip, for another environment than this one where its Python is given."""
    quietly = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    other = ["--python", str(into)] if into else []
    subprocess.run([sys.executable, "-m", "pip", *other, arguments[0], *quietly, *arguments[1:]], check=True)


def build_wheel(folder: Path) -> Path:
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(CHECKOUT))
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True, slots=True)
class Bare:
    """A new environment that holds us and what we require, and nothing else."""

    folder: Path

    def run(self, program: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a program of it, with these variables alone and no other program in sight."""
        return subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=self.folder,
            env={"PATH": str(self.folder / "bin"), "HOME": str(self.folder), **settings},
            capture_output=True,
            text=True,
            check=False,
        )


def install_bare(folder: Path, wheel: Path) -> Bare:
    """Install the wheel without extras. What it requires is lent by the environment that we run in."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    for distribution in _required():
        for top in {Path(file.parts[0]) for file in distribution.files or []} - {Path(".."), Path("__pycache__")}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    pip("install", str(wheel), into=folder / "bin" / "python")
    return Bare(folder)


def _required() -> Iterator[importlib.metadata.Distribution]:
    """Yield what we require without any extra, and what that requires."""
    seen: set[tuple[str, frozenset[str]]] = set()
    pending = [Requirement(DISTRIBUTION)]
    while pending:
        one = pending.pop()
        for needed in _needed(importlib.metadata.requires(one.name) or [], one.extras or {""}):
            if (needed.name, frozenset(needed.extras)) not in seen:
                seen.add((needed.name, frozenset(needed.extras)))
                pending.append(needed)
                yield importlib.metadata.distribution(needed.name)


def _needed(lines: Iterable[str], extras: set[str]) -> Iterator[Requirement]:
    for needed in map(Requirement, lines):
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield needed
