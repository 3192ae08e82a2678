"""`dunning reconcile`, as an operator runs it."""

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.commands.reconcile import reconcile
from dunning.audit import Change
from dunning.campaign_file.reader import shipped
from dunning.errors import ConfigurationError
from dunning.store import Store, keys
from paddle_twin import Twin
from tests.dunning_process import ENVIRONMENT
from tests.integration.at_rest import redis_of

DAY = timedelta(days=1)


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with Twin(rate_limit=100_000) as started:
        yield started


def environment(twin: Twin, redis_url: str, **changes: str) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "DUNNING_PADDLE_API_KEY": twin.api_key,
        "DUNNING_PADDLE_API_URL": twin.url,
        "DUNNING_PADDLE_RATE_LIMIT": "100000",
        "DUNNING_REDIS_URL": redis_url,
        **{f"DUNNING_{name}": value for name, value in changes.items()},
    }


async def run(twin: Twin, redis_url: str, *arguments: str, **changes: str) -> Result:
    """Run the command beside the loop that the twin lives in."""
    given = environment(twin, redis_url, **changes)
    return await asyncio.to_thread(CliRunner().invoke, reconcile, list(arguments), env=given)


def declined(twin: Twin, *, ago: timedelta = DAY) -> str:
    customer = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    return twin.world.decline(twin.world.add_subscription(customer), at=datetime.now(UTC) - ago)


def rows(result: Result) -> dict[str, list[str]]:
    """Give the cells of the table's rows by case."""
    found = (re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines() if line.startswith(" txn_"))
    return {cells[0]: cells[1:] for cells in found}


async def unhandled(store: Store) -> int:
    return int(await redis_of(store).zcard("dunning:inbox"))


async def test_who_gets_which_mail_when_is_shown_and_done(twin: Twin, redis_url: str, store: Store) -> None:
    first, reminder, later = declined(twin, ago=2 * DAY), declined(twin, ago=4 * DAY), declined(twin, ago=timedelta(0))

    result = await run(twin, redis_url, "--by", "ada")

    assert result.exit_code == 0, result.output
    assert [(one.who, one.what) for one in await store.audit.newest(0, 2)] == [("ada", Change.RECONCILE)]
    assert {case: [cells[3], cells[4], cells[5]] for case, cells in rows(result).items()} == {
        first: ["renewal", "first", "now"],
        reminder: ["renewal", "reminder", "now"],
        later: ["renewal", "first", rows(result)[later][5]],
    }
    assert rows(result)[later][5].startswith(f"{datetime.now(UTC) + DAY:%Y-%m-%d}")
    assert "3 opened, 0 closed, 0 unchanged, 0 too old, 0 missed events." in result.stdout
    assert await unhandled(store) == 3


async def test_the_document_says_who_gets_which_mail_when_and_what_was_done(twin: Twin, redis_url: str) -> None:
    bill = declined(twin, ago=4 * DAY)

    found = json.loads((await run(twin, redis_url, "--json")).stdout)

    assert (found["opened"], found["waiting"], found["dry_run"]) == (1, 0, False)
    (opening,) = found["openings"]
    assert (opening["id"], opening["campaign"], opening["step"]) == (bill, "renewal", "reminder")
    assert opening["first_mail_at"].endswith("Z")


async def test_a_hold_out_is_told_beside_who_would_be_mailed(twin: Twin, redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(shipped().replace('# hold_out = "10%"', 'hold_out = "10%"'))
    declined(twin)

    result = await run(twin, redis_url, "--dry-run", CAMPAIGN_FILE=str(tmp_path / "mine.toml"))

    assert "Campaign renewal holds out 10% of its customers, who get no mail." in result.stdout


async def test_nothing_but_ids_is_shown(twin: Twin, redis_url: str) -> None:
    declined(twin)

    result = await run(twin, redis_url)

    assert not re.search(r"Ada|@|2400|24\.00|4242|Lantern|token", result.output)


async def test_a_dry_run_shows_everything_and_changes_nothing(twin: Twin, redis_url: str, store: Store) -> None:
    for _ in range(51):
        declined(twin)

    result = await run(twin, redis_url, "--dry-run")

    assert result.exit_code == 0, result.output
    assert len(rows(result)) == 51
    assert "51 opened" in result.stdout
    assert "dry run" in result.stdout
    assert await store.audit.newest(0, 1) == []
    assert [key for key in await redis_of(store).keys("*") if not key.startswith(b"dunning:api:")] == []


async def test_more_cases_than_are_usual_are_shown_and_not_opened(twin: Twin, redis_url: str, store: Store) -> None:
    for _ in range(51):
        declined(twin)

    result = await run(twin, redis_url)

    assert result.exit_code == 1
    assert len(rows(result)) == 51
    assert "0 opened" in result.stdout
    assert "dunning reconcile --apply" in result.stderr
    assert await unhandled(store) == 0


async def test_with_apply_they_are_opened(twin: Twin, redis_url: str, store: Store) -> None:
    for _ in range(51):
        declined(twin)

    result = await run(twin, redis_url, "--apply")

    assert result.exit_code == 0, result.output
    assert "51 opened" in result.stdout
    assert await unhandled(store) == 51


async def test_another_accounts_store_is_refused_and_nothing_is_opened(
    twin: Twin, redis_url: str, store: Store
) -> None:
    declined(twin)
    await redis_of(store).set(keys.ACCOUNT, "acc_other")

    result = await run(twin, redis_url)

    assert result.exit_code != 0
    assert "acc_other" in result.output
    assert await unhandled(store) == 0


async def test_the_breaker_says_what_is_usual(twin: Twin, redis_url: str) -> None:
    for _ in range(3):
        declined(twin)

    result = await run(twin, redis_url, BREAKER="2")

    assert (result.exit_code, "more than the 2 that are usual" in result.stderr) == (1, True)


async def test_the_age_cap_and_what_it_left_alone_are_told(twin: Twin, redis_url: str) -> None:
    declined(twin, ago=8 * DAY)

    result = await run(twin, redis_url, "--max-age", "7d")

    assert "0 opened, 0 closed, 0 unchanged, 1 too old" in result.stdout
    assert "more than 7d ago" in result.stdout


async def test_no_greater_age_is_told_than_that_at_which_cases_end(twin: Twin, redis_url: str) -> None:
    declined(twin, ago=36 * DAY)

    result = await run(twin, redis_url, "--max-age", "60d")

    assert "more than 35d ago" in result.stdout


async def test_without_the_permission_to_read_events_debts_are_looked_at(
    twin: Twin, redis_url: str, store: Store
) -> None:
    twin.api.permissions.discard("notification.read")
    declined(twin)

    result = await run(twin, redis_url)

    assert result.exit_code == 1
    assert result.stderr.startswith("Missed events could not be read, so only debts are looked at: ")
    assert "notification.read" in result.stderr
    assert "1 opened, 0 closed" in result.stdout
    assert await unhandled(store) == 1


async def test_mails_are_spread_over_the_time_given(twin: Twin, redis_url: str) -> None:
    bills = [declined(twin, ago=2 * DAY + timedelta(minutes=number)) for number in range(2)]

    result = await run(twin, redis_url, "--spread", "2h")

    assert [rows(result)[bill][5] == "now" for bill in bills] == [False, True]


async def test_what_is_left_alone_is_told_with_why(twin: Twin, redis_url: str) -> None:
    good, odd = declined(twin), declined(twin)
    twin.world.transactions[odd]["currency_code"] = None
    twin.world.transactions[good]["payments"] = []
    twin.world.transactions[good]["billed_at"] = None

    result = await run(twin, redis_url)

    assert "Left alone: 1, never failed." in result.stdout
    assert "1 debts could not be read" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--dry-run", "--apply"], "give one of them"),
        (["--max-age", "soon"], "a whole number and one of s, m, h or d"),
        (["--spread", "-1h"], "a whole number and one of s, m, h or d"),
    ],
)
async def test_options_that_make_no_sense_are_refused(
    twin: Twin, redis_url: str, arguments: list[str], problem: str
) -> None:
    result = await run(twin, redis_url, *arguments)

    assert (result.exit_code, problem in " ".join(result.stderr.split())) == (2, True)


async def test_a_missing_setting_is_named(twin: Twin) -> None:
    result = await run(twin, "")

    assert isinstance(result.exception, ConfigurationError)
    assert "DUNNING_REDIS_URL" in str(result.exception)


async def test_a_refused_key_is_told_in_one_line(twin: Twin, redis_url: str) -> None:
    result = await run(twin, redis_url, PADDLE_API_KEY="pdl_sdbx_apikey_another")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Paddle answered GET /events with 403")
    assert len(result.stderr.splitlines()) == 1


async def test_a_redis_that_is_away_is_told_in_one_line(twin: Twin) -> None:
    result = await run(twin, "redis://127.0.0.1:9/0")

    assert result.exit_code == 1
    assert result.stderr == "Error: Redis does not answer, or refuses (ConnectionError).\n"


def on_a_terminal(given: dict[str, str]) -> tuple[str, str]:
    """Run the command with its standard error on a terminal, and give what it wrote there and elsewhere."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli.main", "reconcile"],
            env={**os.environ, "TERM": "xterm", **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            check=True,
        )
        return os.read(ours, 65_536).decode(), done.stdout
    finally:
        os.close(ours)
        os.close(theirs)


async def test_progress_is_shown_on_a_terminal_alone(twin: Twin, redis_url: str) -> None:
    declined(twin)

    terminal, piped = await asyncio.to_thread(on_a_terminal, environment(twin, redis_url))

    assert "their debts" in terminal
    assert "their debts" not in piped
    assert "1 opened" in piped
