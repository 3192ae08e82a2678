import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.campaign_file.reader import parse_campaigns
from dunning.store import Paused, Store
from tests.integration.at_rest import open_case, redis_of

OLDER = """
[campaign.older]
on = "renewal_failed"

[[campaign.older.step]]
name = "first"
after = "0s"
template = "payment_failed"
"""
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(redis_url: str) -> Run:
    """Run the command beside the loop of the test, and give what it said."""

    async def invoke(*arguments: str, **environment: str) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url, **environment}
        return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=given)

    return invoke


async def test_pausing_stops_all_mail_and_says_so(run: Run, store: Store) -> None:
    await open_case(store)

    result = await run("pause")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"All mail is paused since {datetime.now(UTC):%Y-%m-%d}")
    assert "by_operator" in result.stdout
    assert (await store.due.sweep(datetime.now(UTC), calls_per_case=0)).why == "paused"


async def test_resuming_starts_it_again_and_says_since_when_it_was_paused(run: Run, store: Store) -> None:
    await run("pause")

    result = await run("resume")

    assert result.exit_code == 0
    assert "All mail is resumed. It was paused since 20" in result.stdout
    assert result.stdout.splitlines()[-1] == "Nothing is paused."
    assert await store.brakes.paused() == Paused(None, {})


async def test_a_campaign_is_paused_and_resumed_by_its_name(run: Run, store: Store) -> None:
    paused = await run("pause", "renewal")
    names = set((await store.brakes.paused()).campaigns)
    resumed = await run("resume", "renewal")

    assert names == {"renewal"}
    assert paused.stdout.startswith("Mail of the campaign renewal is paused since ")
    assert resumed.stdout.startswith("Mail of the campaign renewal is resumed.")
    assert await store.brakes.paused() == Paused(None, {})


async def test_what_is_still_paused_is_told(run: Run) -> None:
    await run("pause", "renewal")
    await run("pause")

    campaign = await run("resume", "renewal")
    await run("pause", "renewal")
    everything = await run("resume")

    assert "All mail is paused since " in campaign.stdout
    assert "Mail of the campaign renewal is paused since " in everything.stdout


@pytest.mark.parametrize("arguments", [("pause",), ("pause", "renewal")])
async def test_pausing_again_says_that_there_was_nothing_to_do(run: Run, arguments: tuple[str, ...]) -> None:
    await run(*arguments)

    result = await run(*arguments)

    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do: it was paused already.\n")


@pytest.mark.parametrize(
    ("arguments", "subject"), [(("resume",), "all mail"), (("resume", "renewal"), "mail of the campaign renewal")]
)
async def test_resuming_what_was_not_paused_says_so(run: Run, arguments: tuple[str, ...], subject: str) -> None:
    result = await run(*arguments)

    assert result.exit_code == 0
    assert result.stdout == f"Nothing to do: {subject} was not paused.\nNothing is paused.\n"


@pytest.mark.parametrize("command", ["pause", "resume"])
async def test_an_unknown_campaign_is_refused_with_those_there_are(run: Run, store: Store, command: str) -> None:
    await store.campaigns.keep(parse_campaigns(OLDER, "older.toml"))

    result = await run(command, "renewl")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: There is no campaign 'renewl'. Configured: renewal. "
        "Open cases may also follow older, of earlier files.\n"
    )
    assert await store.brakes.paused() == Paused(None, {})


async def test_a_campaign_that_only_open_cases_follow_can_be_paused(run: Run, store: Store) -> None:
    await store.campaigns.keep(parse_campaigns(OLDER, "older.toml"))

    result = await run("pause", "older")

    assert result.exit_code == 0
    assert set((await store.brakes.paused()).campaigns) == {"older"}


async def test_the_campaigns_are_those_of_the_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "campaigns.toml"
    file.write_text(OLDER)

    refused = await run("pause", "renewal", DUNNING_CAMPAIGN_FILE=str(file))

    assert "Configured: older." in refused.stderr


async def test_releasing_the_breaker_says_what_it_had_seen_and_that_it_stays_off(run: Run, store: Store) -> None:
    now = datetime.now(UTC)
    await redis_of(store).hset("dunning:opened", int(now.timestamp()) // 3600, 70)
    assert (await store.due.sweep(now, calls_per_case=0, most_opened=60)).why == "breaker"

    result = await run("resume")

    assert "(breaker: 70 new cases in an hour, and at most 60 were to be expected)" in result.stdout
    assert "The breaker stays off for 24 hours." in result.stdout


async def test_only_the_variables_that_are_needed_are_asked_for(run: Run, tmp_path: Path) -> None:
    result = await run("pause", DUNNING_REDIS_URL="", XDG_STATE_HOME=str(tmp_path))

    assert result.exit_code == 2
    assert result.stderr.startswith("DUNNING_REDIS_URL: it is missing")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUNNING_CAMPAIGN_FILE", "/nowhere.toml"),
        ("DUNNING_PORT", "none"),
        ("DUNNING_PADDLE_API_KEY_FILE", "/nowhere"),
        ("DUNNING_WEBHOOK_SECRET", "mistyped"),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("older",)])
async def test_what_else_is_set_wrong_keeps_nobody_from_the_brake(
    run: Run, store: Store, arguments: tuple[str, ...], name: str, value: str
) -> None:
    await store.campaigns.keep(parse_campaigns(OLDER, "older.toml"))

    paused = await run("pause", *arguments, **{name: value})
    resumed = await run("resume", *arguments, **{name: value})

    assert (paused.exit_code, paused.stderr, resumed.exit_code, resumed.stderr) == (0, "", 0, "")
    assert " is resumed." in resumed.stdout


async def test_an_unknown_campaign_is_refused_with_what_is_wrong_with_the_file(run: Run, store: Store) -> None:
    await store.campaigns.keep(parse_campaigns(OLDER, "older.toml"))

    result = await run("pause", "renewal", DUNNING_CAMPAIGN_FILE="/nowhere.toml")

    assert result.exit_code == 1
    assert "Known from earlier starts: older." in result.stderr
    assert "DUNNING_CAMPAIGN_FILE: the file can't be read" in result.stderr


async def test_a_redis_that_is_away_is_one_line(run: Run) -> None:
    result = await run("pause", DUNNING_REDIS_URL="redis://127.0.0.1:1/0")

    assert result.exit_code == 1
    assert result.stderr == "Error: Redis can't be used (ConnectionError): is DUNNING_REDIS_URL right?\n"
