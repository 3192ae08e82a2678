"""Write docs/reference.md and docs/openapi.json from the code: `make reference`. tests/unit/test_docs_reference.py
holds them to that.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from console.openapi import document
from dunning import metrics

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "reference.md"
OPENAPI = DOCS / "openapi.json"


def page() -> str:
    """Return the whole page."""
    return "\n".join([*_head(), *_metrics()]) + "\n"


def openapi() -> str:
    """Return what the private side answers to."""
    return json.dumps(document(), indent=2) + "\n"


def _head() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "`make reference` writes this page from the code. [Operations](operations.md) says what to do with it."
    yield ""


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield ""
    yield "`GET /metrics` of each `webhooks` process has them. Each process counts these for itself, so add them up:"
    yield ""
    yield from _table(metrics.OF_ONE_PROCESS)
    yield ""
    yield (
        "These come from Redis, so every process reports the same values: use `max()`, never `sum()`. While Redis is "
        "away, only the first two of them are there."
    )
    yield ""
    yield from _table(metrics.GAUGES)
    yield ""
    yield (
        "These count what all processes did together, and also come from Redis. Each appears when it first counts "
        "something. The reasons in their names are [those of a delivery](architecture.md#a-delivery) and [of a case]"
        "(architecture.md#a-case)."
    )
    yield ""
    yield from _table(metrics.COUNTERS)


def _table(some: Iterable[metrics.Metric]) -> Iterator[str]:
    yield "| Metric | Labels | Says |"
    yield "|---|---|---|"
    for metric in some:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.shown}` | {labels} | {metric.help} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    OPENAPI.write_text(openapi(), encoding="utf-8")
