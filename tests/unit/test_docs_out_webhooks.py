"""What docs/out-webhooks.md says of the events and the retries is what is done."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dunning import time_limits
from dunning.durations import format_duration
from dunning.rules.out_events import PAYLOADS, Payload
from dunning.rules.out_retries import WAITS

PAGE = (Path(__file__).parents[2] / "docs" / "out-webhooks.md").read_text(encoding="utf-8")


def test_the_table_has_every_type_and_what_it_says() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", PAGE, re.MULTILINE))

    assert rows == {one.model_fields["type"].default.value: inspect.getdoc(one) for one in PAYLOADS}


def test_the_event_that_is_shown_is_one() -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])

    read = TypeAdapter[Any](Payload).validate_python(shown)

    assert json.loads(read.model_dump_json(exclude_none=True)) == shown


def test_the_waits_are_those_that_are_kept_to() -> None:
    told = PAGE.partition("is tried again after ")[2].partition(",  each")[0].partition(", each")[0]
    spans = [span.replace(" min", "m").replace(" ", "") for span in re.split(r", | and ", told)]

    assert spans == [format_duration(wait) for wait in WAITS]
    assert f"within {time_limits.TELL.seconds} s" in PAGE
