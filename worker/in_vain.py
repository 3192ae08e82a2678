"""Telling of tries in vain: tries repeat by themselves, so somebody has to be told when none has worked for long."""

import contextlib

import structlog

from dunning.alerts import Alert
from dunning.store import REDIS_ERRORS, InVain, ToTell, Way
from worker.services import Services

log = structlog.get_logger()

EVENTS = {
    Way.MAIL: (Alert.MAIL_IN_VAIN, Alert.MAIL_WORKS_AGAIN),
    Way.PADDLE: (Alert.PADDLE_IN_VAIN, Alert.PADDLE_WORKS_AGAIN),
}


async def note_in_vain(services: Services, way: Way, why: str) -> None:
    """Note a try in vain, and log it if none has worked for long. A Redis that is away is ignored."""
    with contextlib.suppress(*REDIS_ERRORS):
        _tell(services, way, await services.store.in_vain.note(way, why, services.clock()))


async def note_works(services: Services, way: Way) -> None:
    """Note a success that nothing else counts. A Redis that is away is ignored."""
    with contextlib.suppress(*REDIS_ERRORS):
        await services.store.in_vain.works(way)


async def tell_of_tries_in_vain(services: Services) -> None:
    """Log which ways have been tried in vain for long, and which work again. Only one of all workers logs each."""
    for way in Way:
        _tell(services, way, await services.store.in_vain.look(way, services.clock()))


def _tell(services: Services, way: Way, found: InVain | None) -> None:
    if found is None:
        return
    seconds = round((services.clock() - found.since).total_seconds())
    said = {"since": found.since.isoformat(), "seconds": seconds, "tries": found.tries, "why": found.why}
    in_vain, works_again = EVENTS[way]
    match found.what:
        case ToTell.WARNING:
            log.warning(in_vain, **said)
        case ToTell.ERROR:
            log.error(in_vain, **said)
        case ToTell.WORKS_AGAIN:
            log.info(works_again, **said)
