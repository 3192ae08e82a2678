"""A worker that ends when its queue is empty, and prints how long it took: as it is, or with jobs that do nothing."""

import asyncio
import time
from typing import Any

import click
from arq.worker import Worker, func

from dunning import log
from dunning.jobs import TIMEOUTS, Job
from dunning.settings.load import load_settings
from worker.main import create_worker


async def do_nothing(ctx: dict[Any, Any], event_id: str) -> None:
    """Take a job as arq gives it, and be done."""
    del ctx, event_id


async def drain(*, no_op: bool) -> float:
    """Work off all that is queued, and return the seconds it took."""
    worker: Worker = create_worker(load_settings())
    worker.burst = True
    if no_op:
        job = func(do_nothing, name=Job.HANDLE_EVENT, timeout=TIMEOUTS[Job.HANDLE_EVENT])
        worker.functions = {**worker.functions, job.name: job}
    began = time.perf_counter()
    await worker.async_run()
    seconds = time.perf_counter() - began
    await worker.close()
    return seconds


@click.command()
@click.option("--no-op", is_flag=True, help="Run jobs that do nothing.")
def main(*, no_op: bool) -> None:
    """Work off the queue."""
    log.configure()
    click.echo(asyncio.run(drain(no_op=no_op)))


if __name__ == "__main__":
    main()
