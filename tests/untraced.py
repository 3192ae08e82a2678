"""Let tests run as fast as they do without coverage.

On Python 3.11, being measured costs every line that runs, ours or not, up to as much again as the line itself; a
process that is started pays for it once more, with all that it imports. A file of tests that goes again and again
through what others have gone through, or that starts many processes, is marked `pytest.mark.untraced`. What it
asserts stays the same, and `make test` still holds all that is measured to its limits.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Through this, coverage tells the processes that are started to measure themselves.
MEASURE_YOURSELF = "COVERAGE_PROCESS_CONFIG"


@contextmanager
def not_measured() -> Iterator[None]:
    """Measure neither this thread nor any process that it starts."""
    tracer, told = sys.gettrace(), os.environ.pop(MEASURE_YOURSELF, None)
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        if told is not None:
            os.environ[MEASURE_YOURSELF] = told
