"""Print the pure part as coverage's --include pattern, read from the walls in pyproject.toml."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def pure_files() -> list[Path]:
    """Return the files of the contract named `pure`."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    pure = next(contract for contract in contracts if contract["id"] == "pure")
    places = [ROOT / module.replace(".", "/") for module in pure["source_modules"]]
    return [
        file
        for place in places
        for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")])
    ]


def main() -> None:
    """Print them, comma-separated."""
    print(",".join(str(file.relative_to(ROOT)) for file in pure_files()))  # noqa: T201 - its output is its use


if __name__ == "__main__":
    main()
