"""Print the pure part as coverage's --include pattern, read from the walls in pyproject.toml."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Print the files of the contract named `pure`, comma-separated."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    pure = next(contract for contract in contracts if contract["id"] == "pure")
    print(",".join(module.replace(".", "/") + ".py" for module in pure["source_modules"]))  # noqa: T201 - its output is its use


if __name__ == "__main__":
    main()
