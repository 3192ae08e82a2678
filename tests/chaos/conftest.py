"""How long the chaos lasts, and what is told of it at the end.

The short form is part of `make test`; `pytest tests/chaos` runs it alone. `CHAOS=long` asks for the long one, as
`make chaos` does; it also writes what came of it into `docs/reliability.md`.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from dunning.store.server.embedded import EmbeddedServer
from tests.chaos import results
from tests.chaos.history import Round, rounds_table, rounds_told
from tests.chaos.survey import Outcome

LONG = os.environ.get("CHAOS") == "long"
# Lives at a time. Most of a life is waiting.
LANES = 6 if LONG else 3
# Nothing may be stuck a minute after the cut; the rest is what the last send takes. Only the long form holds the
# service to it: the short one is run everywhere, and on a machine that has no time, a minute is soon over.
PATIENCE, A_WHILE = (timedelta(seconds=65), "a minute") if LONG else (timedelta(minutes=5), "five minutes")


@dataclass
class Report:
    """What came of everything."""

    outcomes: list[Outcome] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)


REPORT = pytest.StashKey[Report]()
HANDED_OVER = pytest.StashKey[list[tuple[str, str, str]]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Collect what comes of the tests, for the end."""
    return request.config.stash.setdefault(REPORT, Report())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what there is to tell, where this is one of several processes that share the tests."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["chaos"] = list(_sections(session.config.stash.get(REPORT, Report())))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types
    """Take what such a process hands over."""
    told = getattr(node, "workeroutput", {}).get("chaos", [])
    node.config.stash.setdefault(HANDED_OVER, []).extend(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what came of everything; after the long form with its tables, which the document gets too."""
    for name, summary, table in [*_sections(config.stash.get(REPORT, Report())), *config.stash.get(HANDED_OVER, [])]:
        terminalreporter.section(name)
        terminalreporter.write_line(summary)
        if LONG:
            terminalreporter.write_line(f"\n{table}")
            results.rewrite(name, f"{summary}\n\n{table}")


def _sections(told: Report) -> Iterator[tuple[str, str, str]]:
    """Yield each part's name, what came of it in a sentence, and its table."""
    if told.outcomes:
        yield "cuts", results.cuts_told(told.outcomes, A_WHILE), results.cuts_table(told.outcomes)
    if told.rounds:
        yield "kills", rounds_told(told.rounds), rounds_table(told.rounds)


@pytest.fixture(scope="session")
def servers() -> Iterator[list[EmbeddedServer]]:
    """Give a server for each life that is lived at the same time."""
    with ExitStack() as stack:
        yield [stack.enter_context(EmbeddedServer(tcp=True)) for _ in range(LANES)]
