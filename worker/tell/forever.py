"""Queues a job, every half second, for each destination that is to be told something."""

from datetime import timedelta

import structlog

from worker.repeat import repeat
from worker.services import WorkerServices

log = structlog.get_logger()

EVERY = timedelta(seconds=0.5)


async def register_destinations(services: WorkerServices) -> None:
    """Have what happens from now on written for the destinations that are set, and for no others."""
    names = [one.name for one in services.settings.out_webhooks]
    buried = await services.store.out_webhooks.register(names, services.clock())
    if buried:
        log.warning("out_webhook.destination_gone", events=buried)


async def tell_forever(services: WorkerServices) -> None:
    """Hand over what is due until canceled, if there is a destination. Any number of workers may."""
    names = [one.name for one in services.settings.out_webhooks]
    if not names:
        return

    async def work() -> None:
        await services.store.out_webhooks.sweep(names, services.clock())

    await repeat(work, EVERY, "out_webhook.sweep_fault")
