"""Let a test start processes that are not measured.

A process that is measured takes more than a second of the processor longer to start, since all that it imports is
prepared for it. A test that starts processes of which another one is measured already is marked
`pytest.mark.untraced`. What it asserts stays the same, and `make test` still holds all that is measured to its limits.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.measured.sitecustomize import FOLDER


@contextmanager
def not_measured() -> Iterator[None]:
    """Measure no process that is started."""
    told = os.environ.pop(FOLDER, None)
    try:
        yield
    finally:
        if told is not None:
            os.environ[FOLDER] = told
