"""Cases put into a store as hours and days have left them, and the `dunning cases` command to look at them with."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from click.testing import CliRunner, Result

from cli.main import main
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.paddle.events import EventType
from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import next_due_at
from dunning.rules.story import Entry, Kind
from dunning.store import Store
from tests.integration.at_rest import paddle_id
from tests.unit.case_builders import a_case

(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
Run = Callable[..., Awaitable[Result]]
OPENED = Entry(
    kind=Kind.OPENED, decline_class=DeclineClass.HARD, event_type=EventType.TRANSACTION_PAST_DUE, event_id="evt_1"
)


def runner(redis_url: str) -> Run:
    """Give what runs `dunning cases` beside the loop of the test."""

    async def invoke(*arguments: str) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url}
        return await asyncio.to_thread(CliRunner().invoke, main, ["cases", *arguments], env=given)

    return invoke


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def put(store: Store, *, failed_days_ago: float = 1, following: Campaign = CAMPAIGN, **facts: object) -> Case:
    """Write an open case of the shipped campaign, due when its next step is."""
    failed_at = days_ago(failed_days_ago)
    case = a_case(
        **{
            "id": paddle_id("txn"),
            "campaign": following.name,
            "version": version(following),
            "failed_at": failed_at,
            "attempted_at": failed_at,
            **facts,
        }
    )
    due_at = next_due_at(case, following, repeats=1)
    await store.campaigns.keep([following])
    await store.cases.commit(case, 0, due_at=due_at, now=failed_at, story=[OPENED])
    return case


async def read(store: Store, case: Case) -> Case:
    found = await store.cases.read(case.id)
    assert found is not None
    return found


def sent(at: datetime) -> Delivery:
    return Delivery().claim("me", at).begin_data("me").settle("me", DeliveryState.SENT, "smtp_250")


def rows(result: Result) -> list[list[str]]:
    """Give the cells of the rows below the heading."""
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return [line.split() for line in result.stdout.splitlines() if line.startswith("txn_")]


async def document(run: Run, *arguments: str) -> Any:  # noqa: ANN401 - whatever it says
    result = await run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)
