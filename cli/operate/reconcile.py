"""`dunning reconcile`: compare Paddle with what we have, and mend what webhooks did not bring."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click
from aiohttp import ClientSession
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.operate.reconcile_table import as_json, output, report, show_openings
from cli.run.changes import note_change
from cli.run.open_store import store_address
from dunning import log
from dunning.audit import Change
from dunning.errors import DunningError, OperatorMustActError
from dunning.one_account import check_account
from dunning.paddle_api.client import PaddleClient
from dunning.reasons import HoldWord
from dunning.rules.healing import MAX_AGE, most_unasked
from dunning.settings.load import Settings, load_settings
from dunning.store import REDIS_ERRORS, Store
from worker.reconcile.debts import Findings, Healed, carry_out, find
from worker.reconcile.events import Missed, take_in_missed_events
from worker.reconcile.patient_grants import PatientGrants
from worker.reconcile.reconciler import Reconciler

KEY_REFUSED = HoldWord.PADDLE_KEY

Tell = Callable[[str, int, int | None], None]


def reconcile(
    *,
    dry_run: bool,
    apply: bool,
    max_age: timedelta,
    spread: timedelta | None,
    by: str,
    in_json: bool,
) -> None:
    """Find what webhooks did not bring, mend it unless it is a dry run, and print a report.

    Raises:
        ClickException: cases wait for --apply, or something could not be reached.
        SystemExit: events could not be read.
    """
    log.configure()
    settings = load_settings(redis_required=False)
    redis_url = store_address(settings.redis_url)
    try:
        asyncio.run(
            _reconcile(
                settings,
                redis_url,
                dry_run=dry_run,
                apply=apply,
                max_age=max_age,
                spread=spread,
                by=by,
                in_json=in_json,
            )
        )
    except DunningError as error:
        raise click.ClickException(str(error)) from None
    except REDIS_ERRORS as error:
        raise click.ClickException(f"Redis does not answer, or refuses ({type(error).__name__}).") from None


async def _reconcile(
    settings: Settings,
    redis_url: str,
    *,
    dry_run: bool,
    apply: bool,
    max_age: timedelta,
    spread: timedelta | None,
    by: str,
    in_json: bool,
) -> None:
    if not dry_run:
        await check_account(settings, redis_url)
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    errors = Console(stderr=True)
    try:
        if not dry_run:
            await note_change(store, by, Change.RECONCILE)
        async with ClientSession() as http:
            # The progress is shown on a terminal only, and removed at the end, so that a script reads the report alone.
            with Progress(*_COLUMNS, console=errors, transient=True, disable=not errors.is_terminal) as progress:
                reconciler = _reconciler(settings, store, http, _shown_on(progress), _utc_now)
                missed = Missed()
                has_events = await _take_in_events(reconciler, missed, dry_run=dry_run, asked_to=apply)
                findings = await find(reconciler, max_age=max_age, spread=spread, opening=missed.transaction_ids)
                outcome = Healed() if dry_run else await carry_out(reconciler, findings, asked_to=apply)
    finally:
        await store.close()
    done = _as_if_done(findings) if dry_run else outcome
    if in_json:
        click.echo(json.dumps(as_json(findings, done, missed.events, dry_run=dry_run), indent=2))
    else:
        console = output()
        show_openings(console, findings.plan.openings, _utc_now())
        console.print(report(findings, done, missed.events, max_age=max_age, dry_run=dry_run))
    if outcome.waiting:
        raise click.ClickException(
            f"{outcome.waiting} cases would be opened, more than the {most_unasked(settings.breaker)} that are "
            "usual, so none was. To open them all, with the same options: dunning reconcile --apply"
        )
    if not has_events:
        raise SystemExit(1)


async def _take_in_events(reconciler: Reconciler, missed: Missed, *, dry_run: bool, asked_to: bool) -> bool:
    """Take in missed events, and return whether that worked. If not, debts are looked at anyway: they need no events.

    Raises:
        OperatorMustActError: the API key itself is refused, so the debts can't be read either.
    """
    try:
        await take_in_missed_events(reconciler, dry_run=dry_run, asked_to=asked_to, missed=missed)
    except DunningError as error:
        if isinstance(error, OperatorMustActError) and error.hold == KEY_REFUSED:
            raise
        click.echo(f"Missed events could not be read, so only debts are looked at: {error}", err=True)
        return False
    return True


async def heal(
    settings: Settings, store: Store, clock: Callable[[], datetime], *, apply: bool
) -> tuple[Findings, list[str]]:
    """Find what webhooks did not bring, mend it if it is to be applied, and return what was found and a report.

    Raises:
        DunningError: Paddle can't be asked.
    """
    async with ClientSession() as http:
        reconciler = _reconciler(settings, store, http, lambda *_: None, clock)
        missed = Missed()
        await take_in_missed_events(reconciler, dry_run=not apply, asked_to=apply, missed=missed)
        findings = await find(reconciler, opening=missed.transaction_ids)
        outcome = await carry_out(reconciler, findings, asked_to=True) if apply else _as_if_done(findings)
    return findings, report(findings, outcome, missed.events, max_age=MAX_AGE, dry_run=not apply).splitlines()


def _shown_on(progress: Progress) -> Tell:
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, of: int | None) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=of)
        progress.update(tasks[what], completed=done, total=of)

    return tell


def _reconciler(
    settings: Settings,
    store: Store,
    http: ClientSession,
    tell: Tell,
    clock: Callable[[], datetime],
) -> Reconciler:
    return Reconciler(
        store=store,
        paddle=PaddleClient(
            http,
            api_url=settings.paddle.api_url,
            api_key=settings.paddle.api_key.get_secret_value(),
            limiter=store.limiter,
        ),
        campaigns=settings.campaigns,
        breaker=settings.breaker,
        next_grant=PatientGrants(store.limiter, settings.paddle.rate_limit),
        clock=clock,
        tell=tell,
        link_secrets=[secret.get_secret_value() for secret in settings.link_secrets],
    )


_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def _as_if_done(findings: Findings) -> Healed:
    return Healed(opened=len(findings.plan.openings), closed=len(findings.closings))


def _utc_now() -> datetime:
    return datetime.now(UTC)
