"""The million months can fail: whatever rule is taken out of the product, they count wrong mails."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("dunning", "worker", "webhooks", "cli", "bench")
CASES, AT_A_TIME = 1200, 100
PLAY = """
import json, sys
from collections import Counter
from bench.month import play_chunk
cases, at_a_time, until, *packages = sys.argv[1:]
counts, seed = Counter(), 0
while counts["cases"] < int(cases) and not counts[until]:
    counts.update(play_chunk(seed, int(at_a_time)))
    seed += 1
files = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] in packages]
print(json.dumps({"counts": counts, "files": files}))
"""


class Mutant(NamedTuple):
    name: str
    file: str
    changes: dict[str, str]
    """What is written instead of what; each of them is there once."""
    counted_as: str


VERDICTS = "dunning/rules/verdicts.py"

MUTANTS = (
    Mutant("paid", VERDICTS, {"return End(CaseState.RECOVERED, None)": "return None"}, "not owed"),
    Mutant(
        "ended",
        VERDICTS,
        # Paddle cancels the debt along with the subscription, and either is enough to end the case.
        {
            "return End(CaseState.STOPPED, EndReason.DEBT_CANCELED)": "return None",
            "return End(CaseState.STOPPED, EndReason.SUBSCRIPTION_CANCELED)": "return None",
            "return End(CaseState.STOPPED, EndReason.SUBSCRIPTION_PAUSED)": "return None",
        },
        "not owed",
    ),
    Mutant(
        "charged back",
        "dunning/rules/on_event.py",
        {"return _stop(case, EndReason.CHARGED_BACK, now)": 'return Verdict(None, "no_charge_back")'},
        "in dispute",
    ),
    Mutant(
        "collection mode",
        VERDICTS,
        {"return Skip(SkipReason.COLLECTED_BY_INVOICE)": "return None"},
        "not collected automatically",
    ),
    Mutant("ending", VERDICTS, {"return Skip(SkipReason.ENDING_BY_ITSELF)": "return None"}, "ending by itself"),
    Mutant("archived", VERDICTS, {"return Skip(SkipReason.CUSTOMER_ARCHIVED)": "return None"}, "archived"),
    Mutant("other customer", VERDICTS, {"return Skip(SkipReason.OTHER_CUSTOMER)": "return None"}, "somebody else's"),
    Mutant(
        "on its way",
        VERDICTS,
        {"return Later(WaitReason.PAYMENT_ON_ITS_WAY, ASK_ABOUT_PAYMENT_EVERY, counted=False)": "return None"},
        "on its way",
    ),
    Mutant("hours", VERDICTS, {"return Send() if opening <= now else": "return Send() if True else"}, "out of hours"),
    Mutant(
        "distance",
        "dunning/rules/due_steps.py",
        {"return max(moments, default=None)": "return None"},
        "too close to the last",
    ),
    Mutant(
        "suppressed",
        "worker/send/batch.py",
        {"return SkipReason.SUPPRESSED if await services.store.suppressions.has(keys) else None": "return None"},
        "bounced",
    ),
    Mutant(
        "excluded",
        "worker/send/excluded.py",
        {"return frozenset(one.id for one in await services.store.exclusions.of(ids))": "return frozenset()"},
        "excluded",
    ),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


def test_none_is_wrong_where_nothing_was_changed(copy: Path) -> None:
    counts = _play(copy, 400)

    assert counts["cases"] >= 400
    assert counts["mails"] > 400
    assert counts["wrong"] == 0


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_rule_that_is_missing_is_found(copy: Path, mutant: Mutant) -> None:
    source = copy / mutant.file
    text = source.read_text(encoding="utf-8")
    for old, new in mutant.changes.items():
        found = text.count(old)
        assert found == 1, f"{mutant.file} has {old!r} {found} times: this mutant is to be written anew"
        text = text.replace(old, new)
    source.write_text(text, encoding="utf-8")

    wrong = f"wrong: {mutant.counted_as}"
    counts = _play(copy, CASES, until=wrong)

    assert counts["wrong"] > 0
    assert counts.get(wrong, 0) > 0, counts


def _play(copy: Path, cases: int, *, until: str = "wrong") -> dict[str, int]:
    """Play so many cases, or until something is counted."""
    environment = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PLAY, str(cases), str(AT_A_TIME), until, *PACKAGES]
    played = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stderr
    told = json.loads(played.stdout)
    elsewhere = [file for file in told["files"] if not Path(file).is_relative_to(copy)]
    assert told["files"]
    assert not elsewhere, "what was played is not the copy"
    counts: dict[str, int] = told["counts"]
    return counts
