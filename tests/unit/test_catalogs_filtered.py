"""`pofilter` of the translate toolkit looks at every catalog: https://docs.translatehouse.org/projects/translate-toolkit."""

import subprocess
import sys
from pathlib import Path

from dunning.language.choose import CATALOGS

# Checks that compare what two languages rightly write differently: a sentence that begins or ends with what is filled
# in, German nouns, Polish quotes, a colon after a Spanish greeting, two sentences for one, a bare {amount}. Each of
# their findings was looked at when they were left out.
DIFFER = (
    "brackets",
    "doublequoting",
    "endpunc",
    "nplurals",
    "puncspacing",
    "sentencecount",
    "simplecaps",
    "startcaps",
    "startpunc",
    "unchanged",
)


# Arabic has words for one minute and for two, so these forms have no figure; `test_catalogs.py` knows which may.
ABSENT = "Named placeholders absent in translation: {minutes}"
IN_WORDS = f"ar.po: # (pofilter) pythonbraceformat: {ABSENT}, {ABSENT}"


def findings(folder: Path, into: Path) -> list[str]:
    arguments = [f"--excludefilter={name}" for name in DIFFER]
    subprocess.run(
        [sys.executable, "-m", "translate.filters.pofilter", "--progress=none", *arguments, str(folder), str(into)],
        check=True,
        capture_output=True,
    )
    return [
        f"{file.name}: {line}"
        for file in sorted(into.glob("*.po"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if "(pofilter)" in line
    ]


def test_it_finds_nothing_else_in_any(tmp_path: Path) -> None:
    assert findings(CATALOGS, tmp_path / "found") == [IN_WORDS]


def test_it_finds_a_word_that_is_said_twice_and_a_name_that_is_lost(tmp_path: Path) -> None:
    german = (CATALOGS / "de.po").read_text(encoding="utf-8")
    broken = german.replace("{amount} zahlen", "{amont} zahlen zahlen")
    assert broken != german
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "de.po").write_text(broken, encoding="utf-8")

    found = "\n".join(findings(tmp_path / "in", tmp_path / "found"))

    assert "doublewords" in found
    assert "pythonbraceformat" in found
