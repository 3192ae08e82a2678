"""Write docs/reference.md, docs/openapi.json and docs/out-webhooks.schema.json from the code: `make reference`.

tests/unit/test_docs_reference.py holds them to that.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from console.api.openapi import document
from dunning import metrics
from dunning.durations import format_duration
from dunning.rules.out_events import Payload
from dunning.settings.alert_urls import AlertUrls
from dunning.settings.declared import Variables
from dunning.store import keys
from tests import monitoring
from tests.reference_commands import commands

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "reference.md"
OPENAPI = DOCS / "openapi.json"
OUT_WEBHOOKS = DOCS / "out-webhooks.schema.json"


def page() -> str:
    """Return the whole page."""
    return "\n".join([*_head(), *commands(), *_variables(), *_metrics(), *_keys()]) + "\n"


def openapi() -> str:
    """Return what the private side answers to."""
    return json.dumps(document(), indent=2) + "\n"


def out_webhooks() -> str:
    """Return what the seller's own programs are sent, as a JSON Schema."""
    schema = TypeAdapter[Any](Payload).json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


def _head() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "`make reference` writes this page from the code. [Operations](operations.md) says what to do with it."
    yield ""


def _variables() -> Iterator[str]:
    yield ""
    yield "## Variables"
    yield ""
    yield (
        "[Operations](operations.md#variables) says what each is for, and where else they may stand. A value that is "
        "not what the last column says stops the start."
    )
    yield ""
    yield "| Variable | Default | Should be |"
    yield "|---|---|---|"
    for field in Variables.model_fields.values():
        should_be = str(field.description).replace("|", "\\|")
        yield f"| `{field.alias}` | {_default(field)} | {should_be} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, timedelta):
        return f"`{format_duration(field.default)}`"
    return "none" if field.default in {None, AlertUrls(), ()} else f"`{field.default}`"


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield ""
    yield (
        "`GET /metrics` of `console` has them. Each `webhooks` process counts these for itself, so add them up; the "
        "label `process` tells them apart:"
    )
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


def _keys() -> Iterator[str]:
    yield ""
    yield "## What Redis holds"
    yield ""
    yield "Every key of Dunning's own. Those of its job queue begin with `arq:`, but for `dunning:jobs`."
    yield ""
    yield "| Key | Type | Holds | Lives |"
    yield "|---|---|---|---|"
    for row in (keys.__doc__ or "").splitlines():
        if row.startswith("| dunning:"):
            key, kind, holds, lives = (cell.strip() for cell in row.strip("|").split("|"))
            yield f"| `{key}` | {kind} | {holds} | {lives} |"


def _table(some: Iterable[metrics.Metric]) -> Iterator[str]:
    yield "| Metric | Labels | Says |"
    yield "|---|---|---|"
    for metric in some:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.shown}` | {labels} | {metric.help} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    monitoring.write()
    OPENAPI.write_text(openapi(), encoding="utf-8")
    OUT_WEBHOOKS.write_text(out_webhooks(), encoding="utf-8")
