"""Between our jobs and arq, which runs a job again only on `Retry`, and silently deletes it on any other exception."""

import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

import structlog
from arq import Retry
from arq.typing import WorkerCoroutine

from dunning.errors import PermanentError, TransientError
from dunning.rules.due_steps import backoff
from dunning.store import REDIS_ERRORS
from worker.services import Services

log = structlog.get_logger()

# A fault of ours that happens every time won't go away: after this many tries, about two minutes, the job is given up.
TRIES_OF_A_FAULT = 7

Work: TypeAlias = Callable[..., Awaitable[None]]


def adapt(run: Work, give_up: Work) -> WorkerCoroutine:
    """Return `run(services, *ids)` as a coroutine for arq.

    A job that may work later is run again, after about 1, 2, 4, 8 … s. A job that never will is handed to
    `give_up(services, *ids, reason)`. We do this inside the job, since arq tells nobody when its own limit is reached.
    """

    async def job(ctx: dict[Any, Any], *ids: Any) -> None:  # noqa: ANN401 - as arq hands them over
        services: Services = ctx["services"]
        tries: int = ctx["job_try"]
        try:
            await run(services, *ids)
        except PermanentError as error:
            await give_up(services, *ids, str(error))
        except (TransientError, *REDIS_ERRORS) as error:
            log.warning("job.again", job=ctx["job_id"], tries=tries, error=type(error).__name__)
            raise _again(tries) from None
        except Exception as error:
            log.exception("job.fault", job=ctx["job_id"], tries=tries)
            if tries >= TRIES_OF_A_FAULT:
                await give_up(services, *ids, f"fault: {type(error).__name__}")
                return
            raise _again(tries) from None

    return cast("WorkerCoroutine", job)  # arq asks for a __qualname__, which every function has


def _again(tries: int) -> Retry:
    return Retry(defer=backoff(tries - 1, random.random()))  # noqa: S311 - jitter
