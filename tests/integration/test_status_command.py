"""`dunning status`: how things stand."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from click.testing import CliRunner, Result

from cli.main import main
from cli.operate.status import head
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.status import read_status
from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.settings.load import environment_with_redis
from dunning.store import Store
from tests.integration.at_rest import of_transaction, paddle_id
from tests.integration.cases_by_hand import CAMPAIGN, days_ago, put, sent

NOW = datetime.now(UTC)


async def run(redis_url: str, *arguments: str) -> Result:
    given = {"DUNNING_REDIS_URL": redis_url}
    return await asyncio.to_thread(CliRunner().invoke, main, ["status", *arguments], env=given)


async def document(redis_url: str) -> dict[str, object]:
    result = await run(redis_url, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, object] = json.loads(result.stdout)
    return found


async def test_open_cases_are_counted_by_campaign_next_step_and_class(redis_url: str, store: Store) -> None:
    for decline_class in ("hard", "hard", "soft"):
        await put(store, failed_days_ago=0.01, decline_class=decline_class, subscription_id=paddle_id("sub"))
    await put(store, failed_days_ago=2, deliveries={"first": sent(days_ago(1))}, held_out=True)

    found = await document(redis_url)
    shown = (await run(redis_url)).stdout.splitlines()

    assert (found["open_cases"], found["looked_at"]) == (4, 4)
    assert sorted(found["by_step"], key=str) == sorted(  # type: ignore[call-overload] # it is a list
        [
            {"campaign": "renewal", "step": "first", "decline_class": "hard", "cases": 2},
            {"campaign": "renewal", "step": "first", "decline_class": "soft", "cases": 1},
            {"campaign": "renewal", "step": "reminder", "decline_class": "hard", "cases": 1},
        ],
        key=str,
    )
    assert shown[0].startswith("4 open cases, 0 due now, 0 late")
    assert found["held_out"] == 1
    assert "1 of 4 are held out: left unmailed, to measure what mails bring." in shown
    assert ["renewal", "first", "2", "1"] in [line.split() for line in shown]


async def test_what_is_due_and_waits_is_told_with_its_age(redis_url: str, store: Store) -> None:
    await put(store, failed_days_ago=1)
    await store.inbox.accept(of_transaction(), datetime.now(UTC) - timedelta(seconds=90))
    await store.limiter.ask(3, background=False)
    await store.limiter.hold(30)

    found = await document(redis_url)
    shown = (await run(redis_url)).stdout

    assert (found["due"], found["api_calls_in_60_seconds"]) == (1, 3)
    assert 0 < int(str(found["api_hold_seconds"])) <= 30
    (events,) = [line.split() for line in shown.splitlines() if line.startswith("events to handle")]
    assert events[3:] == ["1", "1", "min"]
    assert "API calls in the last minute: 3." in shown
    assert "Paddle answered 429: nothing is asked for " in shown


async def test_the_last_day_is_told_by_how_cases_began_and_ended(redis_url: str, store: Store) -> None:
    for days, state in ((0.5, CaseState.RECOVERED), (0.6, CaseState.STOPPED), (2.0, CaseState.RECOVERED)):
        case = await put(store, failed_days_ago=days + 1, subscription_id=paddle_id("sub"))
        await store.cases.commit(case.end(state, None, days_ago(days)), 1, due_at=None, now=days_ago(days))
    opened = await put(store, failed_days_ago=0.1)
    await store.cases.commit(
        opened.model_copy(update={"id": paddle_id("txn")}),
        0,
        due_at=None,
        now=datetime.now(UTC),
        opened_by=opened.failed_at,
    )

    found = await document(redis_url)

    assert found["last_24_hours"] == {"opened": 1, "recovered": 1, "exhausted": 0, "stopped": 1}
    assert "Last 24 hours: 1 opened, 1 recovered, 0 exhausted, 1 stopped." in (await run(redis_url)).stdout


async def test_what_is_in_the_way_is_told(redis_url: str, store: Store) -> None:
    await store.holds.raise_(OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY), NOW)
    await store.brakes.pause("renewal", "by_operator ada", NOW)
    await store.reconciling.wait_for_operator(60)

    found, shown = await document(redis_url), (await run(redis_url)).stdout

    assert [one["hold"] for one in found["holds"]] == ["paddle_key"]  # type: ignore[attr-defined] # it is a list
    assert "On hold, paddle_key since " in shown
    assert "(by_operator ada)" in shown
    assert "60 debts wait for `dunning reconcile --apply`." in shown


async def test_of_very_many_cases_those_that_are_due_first_are_counted_and_it_says_so(
    store: Store,
) -> None:
    for _ in range(3):
        await put(store)

    found = await read_status(store, Campaigns(store, [CAMPAIGN]), datetime.now(UTC), most=2)

    assert (found.looked_at, sum(found.by_step.values()), found.open_cases) == (2, 2, 3)
    assert "Below are the 2 that are due first." in head(found)


async def test_the_budget_is_told_where_the_settings_are_at_hand(redis_url: str) -> None:
    given = {
        "DUNNING_REDIS_URL": redis_url,
        "DUNNING_PADDLE_API_KEY": "pdl_sdbx_apikey_" + "a" * 26 + "_" + "b" * 22 + "_ccc",
        "DUNNING_PADDLE_RATE_LIMIT": "120",
    }
    result = await asyncio.to_thread(CliRunner().invoke, main, ["status"], env=given)

    assert "API calls in the last minute: 0 of 120." in result.stdout


async def test_it_is_shown_anew_until_it_is_stopped(redis_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        "status",
        "--watch",
        "--json",
        env=environment_with_redis(redis_url),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        lines = [json.loads(await process.stdout.readline()) for _ in range(2)]
    finally:
        process.terminate()
        await process.wait()

    assert [line["open_cases"] for line in lines] == [0, 0]


async def test_a_redis_that_is_away_is_one_line_and_an_exit_code() -> None:
    result = await run("redis://127.0.0.1:1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: Redis can't be used")
