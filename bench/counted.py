"""A module of ours as a process that tells its tasks: `python -m bench.counted TASKS MODULE ARGUMENT ...`.

At SIGUSR1 it writes into the file TASKS how many asyncio tasks it has.
"""

import asyncio
import runpy
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    tasks, module = Path(sys.argv[1]), sys.argv[2]

    def count(_number: int, _frame: object) -> None:
        """Tell it in one step, so that nobody reads half a number."""
        fresh = tasks.with_suffix(".new")
        fresh.write_text(str(len(asyncio.all_tasks())))
        fresh.replace(tasks)

    signal.signal(signal.SIGUSR1, count)
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__")
