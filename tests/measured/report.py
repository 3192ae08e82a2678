"""Show what the tests left unrun, and fail if that is more than it may be."""

import json
import sys
from pathlib import Path
from typing import Any

import slipcover

from tests.measured.sitecustomize import EXCLUDE_ALSO, ROOT, SOURCES
from tests.pure_modules import pure_files

# Percent of lines and branches: of all that is measured, and of each file of the pure part.
OF_ALL, OF_PURE = 95, 100


def main(folder: str) -> int:
    """Show the files that were not run in full, and tell whether both limits are kept."""
    coverage = _together(Path(folder))
    slipcover.print_coverage(coverage, skip_covered=True)
    of_all = coverage["summary"]["percent_covered"]
    problems = [f"{of_all:.1f} % of all is covered, and {OF_ALL} % should be."] if of_all < OF_ALL else []
    for file in (str(file.relative_to(ROOT)) for file in pure_files()):
        covered = coverage["files"][file]["summary"]["percent_covered"]
        if covered < OF_PURE:
            problems.append(f"{file}: {covered:.1f} % is covered, and of the pure part {OF_PURE} % should be.")
    print(*problems or [f"{of_all:.1f} % of all is covered, and the pure part in full."], sep="\n")  # noqa: T201
    return bool(problems)


def _together(folder: Path) -> dict[str, Any]:
    """Put together what the processes have run, and the files that none of them has imported."""
    sources = [str(source) for source in SOURCES]
    nothing = slipcover.Slipcover(branch=True, source=sources, exclude_also=EXCLUDE_ALSO)
    together: dict[str, Any] = nothing.get_coverage()
    for file in sorted(folder.glob("*.json")):
        slipcover.merge_coverage(together, json.loads(file.read_text()))
    return together


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
