"""The distribution as it is installed: all that is needed is in it, and it works without the checkout."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.installing import CHECKOUT, build_wheel, pip

PACKAGES = ("dunning", "webhooks", "worker", "console", "cli", "paddle_twin")

MODULES = """
import importlib, pkgutil
for name in ("dunning", "webhooks", "worker", "console", "cli"):
    package = importlib.import_module(name)
    print(package.__file__)
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not found.name.endswith("__main__"):
            print(importlib.import_module(found.name).__file__)
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel and the folder that it was installed into."""

    wheel: Path
    folder: Path

    def python(self, *arguments: str, within: Path) -> subprocess.CompletedProcess[str]:
        """Run Python in an empty environment, with this folder before everything else that is installed."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, "-P", *arguments], cwd=within, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build_wheel(folder)
    pip("install", "--target", str(folder / "installed"), str(wheel))
    return Installed(wheel, folder / "installed")


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_every_file_of_the_packages_is_in_the_wheel(installed: Installed) -> None:
    ours = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    with zipfile.ZipFile(installed.wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == ours
    assert {Path(name).suffix for name in packed} >= {".py", ".lua", ".html", ".css", ".txt", ".mjml", ".toml"}
    assert "dunning/py.typed" in packed


def test_every_module_comes_from_where_it_was_installed(installed: Installed, empty_folder: Path) -> None:
    told = installed.python("-c", MODULES, within=empty_folder)

    assert told.stderr == ""
    assert all(line.startswith(f"{installed.folder}/") for line in told.stdout.splitlines())
    assert len(told.stdout.splitlines()) > 80


def test_the_demo_works_from_it_in_an_empty_environment_and_folder(installed: Installed, empty_folder: Path) -> None:
    told = installed.python("-m", "cli.main", "demo", "--once", within=empty_folder)

    assert told.returncode == 0, told.stdout
    assert told.stderr == ""
    assert told.stdout.count("recovered: the case is closed") == 2
    assert "Both ways work." in told.stdout
    assert list(empty_folder.iterdir()) == []
