"""Reconciling by itself, beside the sweep: events every ten minutes, debts when a worker starts and daily.

What was lost in money, and what came before payments, is asked every ten minutes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from dunning.alerts import Alert
from dunning.errors import DunningError, OperatorMustActError, TransientError
from dunning.paddle_api.client import NextGrant
from dunning.paddle_api.permissions import EVENTS_NEED, RENEWALS_NEED, SUBSCRIPTIONS_NEED
from dunning.reasons import HoldWord
from dunning.store import REDIS_ERRORS, Reconciled, Turn
from worker.operator import PADDLE_HOLDS, put_on_hold, release_holds
from worker.reconcile.causes import tell_causes
from worker.reconcile.debts import carry_out, find
from worker.reconcile.events import Missed, take_in_missed_events
from worker.reconcile.losses import sum_up_losses
from worker.reconcile.patient_grants import PatientGrants
from worker.reconcile.reconciler import InThread, Reconciler
from worker.services import Services

log = structlog.get_logger()

FAILED: Final = "reconcile_failed"
REFUSED: Final = "reconcile_refused"
GIVE_BACK_WITHIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often each run is due. Of several workers, only one does it."""

    first_after: timedelta = timedelta(seconds=30)
    """The wait after the start, so that what is due then goes first."""
    look_every: timedelta = timedelta(minutes=1)
    events_every: timedelta = timedelta(minutes=10)
    debts_every: timedelta = timedelta(days=1)
    debts_soon: timedelta = timedelta(hours=1)
    """How often debts are looked at when a worker has just started, and while debts wait for the operator."""
    losses_every: timedelta = timedelta(minutes=10)
    causes_every: timedelta = timedelta(minutes=10)


Work = Callable[[Reconciler], Awaitable[None]]
KeepTurn = Callable[[], Awaitable[None]]


def patiently(services: Services, keep_turn: KeepTurn) -> NextGrant:
    """Give grants as there is room for them, each of which keeps the turn."""
    return PatientGrants(services.store.limiter, services.settings.paddle.rate_limit, keep_turn)


async def reconcile_forever(services: Services, rhythm: Rhythm | None = None) -> None:
    """Reconcile until canceled. Whatever goes wrong is logged, and tried again a minute later."""
    rhythm = rhythm or Rhythm()
    now = asyncio.get_running_loop().time
    started = now()
    runs = Runs(services)
    await asyncio.sleep(rhythm.first_after.total_seconds())
    while True:
        await runs.look(rhythm, just_started=now() - started < rhythm.debts_soon.total_seconds())
        await asyncio.sleep(rhythm.look_every.total_seconds())


class Runs:
    """The runs of one worker, and what a run has to know of the run before it."""

    def __init__(
        self,
        services: Services,
        *,
        grants: Callable[[Services, KeepTurn], NextGrant] = patiently,
        in_thread: InThread = asyncio.to_thread,
    ) -> None:
        self.waiting = False
        self._services = services
        self._grants = grants
        self._in_thread = in_thread
        self._redis_is_away = False
        self._missed = Missed()
        self._told_of_history = False

    async def look(self, rhythm: Rhythm, *, just_started: bool) -> None:
        """Do what is due by now."""
        await self.do(Reconciled.EVENTS, self.events, rhythm.events_every)
        soon = just_started or self.waiting
        await self.do(Reconciled.PAST_DUE, self.debts, rhythm.debts_soon if soon else rhythm.debts_every)
        await self.do(Reconciled.LOSSES, sum_up_losses, rhythm.losses_every)
        await self.do(Reconciled.CAUSES, self.causes, rhythm.causes_every)

    async def do(self, what: Reconciled, work: Work, every: timedelta) -> None:
        """Do this if it is due and nobody else does it."""
        services = self._services
        try:
            turn = await services.store.reconciling.take_turn(what, unless_within=every, now=services.clock())
            if turn is not None:
                await self._take(turn, work)
            if self._redis_is_away:
                log.info("reconcile.redis_is_back")
            self._redis_is_away = False
        except REDIS_ERRORS as error:
            if not self._redis_is_away:
                log.warning("reconcile.redis_is_away", error=type(error).__name__)
            self._redis_is_away = True
        except OperatorMustActError as error:
            await self._tell_operator(what, error)
        except DunningError as error:
            log.warning("reconcile.failed", what=what, error=str(error))
            await self._count(FAILED)
        except Exception:  # the next one may well succeed
            log.exception("reconcile.fault", what=what)

    async def events(self, reconciler: Reconciler) -> None:
        """Take in what was missed."""
        self._missed = Missed()
        began_at = self._services.clock()
        try:
            await take_in_missed_events(reconciler, missed=self._missed)
            await release_holds(self._services, *PADDLE_HOLDS, began_at=began_at, shows=EVENTS_NEED)
        finally:
            self.waiting = self.waiting or self._missed.withheld

    async def debts(self, reconciler: Reconciler) -> None:
        """Open and close what was missed."""
        began_at = self._services.clock()
        findings = await find(reconciler, opening=self._missed.transaction_ids)
        outcome = await carry_out(reconciler, findings, asked_to=False)
        self.waiting = outcome.waiting > 0
        shown = (*SUBSCRIPTIONS_NEED, *RENEWALS_NEED)
        await release_holds(self._services, *PADDLE_HOLDS, began_at=began_at, shows=shown)
        log.info(
            "reconcile.done",
            opened=outcome.opened,
            closed=outcome.closed,
            unchanged=findings.unchanged,
            too_old=findings.plan.too_old,
            malformed=findings.malformed,
        )
        if outcome.opened or outcome.closed:
            log.warning("reconcile.missed", opened=outcome.opened, closed=outcome.closed)
        if outcome.waiting:
            log.error(Alert.RECONCILE_NEEDS_APPLY, debts=outcome.waiting, run="dunning reconcile --apply")

    async def causes(self, reconciler: Reconciler) -> None:
        """Ask what came before payments. Reports only tell it less well without, so a failure alerts nobody."""
        try:
            refused = await tell_causes(reconciler)
        except TransientError as error:
            log.info("reconcile.causes_later", problem=str(error))
            return
        if refused and not self._told_of_history:
            log.info("reconcile.history_refused", problem=refused)
        self._told_of_history = refused is not None

    async def _take(self, turn: Turn, work: Work) -> None:
        services = self._services
        reconciling = services.store.reconciling
        reconciler = Reconciler(
            store=services.store,
            paddle=services.paddle,
            campaigns=services.campaigns.all,
            breaker=services.settings.breaker,
            next_grant=self._grants(services, lambda: reconciling.keep_turn(turn)),
            clock=services.clock,
            in_thread=self._in_thread,
            link_secrets=services.link_secrets,
        )
        try:
            await work(reconciler)
            await reconciling.end_turn(turn, services.clock())
        except BaseException:
            # Give the turn back also if we are being stopped, so that another worker need not wait until it lapses.
            with contextlib.suppress(*REDIS_ERRORS):
                async with asyncio.timeout(GIVE_BACK_WITHIN.total_seconds()):
                    await reconciling.give_turn_back(turn)
            raise

    async def _tell_operator(self, what: Reconciled, error: OperatorMustActError) -> None:
        if what is Reconciled.EVENTS and error.hold == HoldWord.PADDLE_PERMISSION:
            # Mail needs no events, so a key that may not read them must not stop mail.
            log.error(Alert.RECONCILE_MUST_ACT, hold=error.hold, problem=str(error))
            await self._count(REFUSED)
            return
        with contextlib.suppress(*REDIS_ERRORS):
            await put_on_hold(self._services, error)

    async def _count(self, name: str) -> None:
        """Count what somebody is told of once it happens often enough."""
        with contextlib.suppress(*REDIS_ERRORS):
            await self._services.store.counters.add(name)
