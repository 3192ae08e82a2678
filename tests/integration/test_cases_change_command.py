"""`dunning cases stop` and `send-now`: what an operator may do to a case."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from dunning.campaign_file.reader import parse_campaigns
from dunning.casebook.by_hand import send_now, stop
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.words import in_a_line
from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.store import Store, Versioned
from tests.integration.at_rest import paddle_id, redis_of
from tests.integration.cases_by_hand import CAMPAIGN, Run, days_ago, put, read, runner, sent
from tests.integration.house import house

HOURS = """
[campaign.renewal]
on = "renewal_failed"
send_between = ["08:00", "18:00"]

[[campaign.renewal.step]]
name = "first"
after = "0s"
template = "payment_failed"
"""


LATER = (
    "A renewal that fails later gets a case, and mails, of its own. To send none: "
    "dunning exclude {case.subscription_id}, or dunning exclude {case.customer_id} for all the customer has"
)


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def test_stopping_ends_the_case_for_good_and_notes_what_was_due(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=1)

    result = await run("stop", case.id, "--by", "ada")

    stopped = await read(store, case)
    assert result.stdout.splitlines() == [
        f"Case {case.id} is stopped: no more mail, and its links are dead.",
        LATER.format(case=case),
    ]
    assert (stopped.state, stopped.reason) == (CaseState.STOPPED, "by_operator")
    assert stopped.delivery("first").state is DeliveryState.SKIPPED
    assert [in_a_line(line.entry) for line in await store.cases.story(case.id)][-2:] == [
        "stopped: by_operator ada",
        "first skipped: by_operator",
    ]
    assert (await store.health.snapshot(datetime.now(UTC))).counters["cases_stopped"] == 1
    assert await store.due.when([case.id]) == [None]
    assert await store.cases.open_of_customer(case.customer_id) == []


async def test_stopping_a_debt_has_the_customers_others_looked_at_at_once(run: Run, store: Store) -> None:
    case = await put(store)
    newer = await put(store, failed_days_ago=0, customer_id=case.customer_id, subscription_id=case.subscription_id)
    (waits_until,) = await store.due.when([newer.id])

    await run("stop", case.id)

    (at,) = await store.due.when([newer.id])
    assert at is not None
    assert waits_until is not None
    assert at <= datetime.now(UTC) < waits_until


@pytest.mark.parametrize(("others", "go_on"), [(1, "1 other open case goes on"), (2, "2 other open cases go on")])
async def test_stopping_says_which_debts_go_on(run: Run, store: Store, others: int, go_on: str) -> None:
    case = await put(store, failed_days_ago=9, customer_id=paddle_id("ctm"))
    newer = [await put(store, customer_id=case.customer_id) for _ in range(others)]
    await put(store, customer_id=paddle_id("ctm"))

    result = await run("stop", case.id)

    assert result.stdout.splitlines()[1:] == [
        f"The customer's {go_on}: {', '.join(one.id for one in newer)}.",
        LATER.format(case=case),
    ]
    assert [(await read(store, one)).state for one in newer] == [CaseState.OPEN] * others


async def test_stopping_says_so_when_a_mail_is_on_its_way(run: Run, store: Store) -> None:
    case = await put(store, deliveries={"first": Delivery().claim("me", datetime.now(UTC)).begin_data("me")})

    result = await run("stop", case.id)

    assert "The mail of step first was on its way already, and may still arrive." in result.stdout
    assert await store.due.when([case.id]) != [None]


async def test_stopping_what_has_ended_does_nothing(run: Run, store: Store) -> None:
    case = await put(store)
    await store.cases.commit(case.end(CaseState.RECOVERED, None, days_ago(0)), 1, due_at=None, now=days_ago(0))

    result = await run("stop", case.id)

    assert result.exit_code == 0
    assert result.stdout == f"Nothing to do: case {case.id} has ended already, recovered.\n"


async def test_the_next_step_that_is_not_done_is_made_due(run: Run, store: Store) -> None:
    case = await put(store, deliveries={"first": sent(days_ago(1))})

    result = await run("send-now", case.id, "--by", "ada")

    second = CAMPAIGN.steps[1].name
    (at,) = await store.due.when([case.id])
    assert result.stdout == (
        f"Step {second} of case {case.id} is due now.\n"
        "A worker asks Paddle whether it is still owed, and sends it within seconds.\n"
    )
    assert at is not None
    assert days_ago(0.01) < at <= datetime.now(UTC)
    assert (await read(store, case)).delivery(second).dated_at == at
    assert [in_a_line(line.entry) for line in await store.cases.story(case.id)][-1] == (
        f"{second} made due: by_operator ada"
    )


async def test_a_named_step_is_made_due_and_what_it_overtakes_is_said(run: Run, store: Store) -> None:
    case = await put(store)

    result = await run("send-now", case.id, "--step", "final")

    before = ", ".join(step.name for step in CAMPAIGN.steps if step.name != "final")
    assert result.stdout.splitlines()[:2] == [
        f"Step final of case {case.id} is due now.",
        f"What comes before it is not sent any more: {before}.",
    ]


async def test_what_was_due_long_before_is_due_now_and_no_earlier(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=9, not_before=days_ago(-1))
    asked_at = days_ago(0).replace(microsecond=0)

    await run("send-now", case.id)

    (at,) = await store.due.when([case.id])
    assert at is not None
    assert asked_at <= at <= datetime.now(UTC)


async def test_what_was_tried_in_vain_stays_late_since_it_was_planned(run: Run, store: Store) -> None:
    tried = Delivery(reason="smtp_451", tries=3, retry_at=days_ago(-0.01))
    case = await put(store, deliveries={"first": tried})

    await run("send-now", case.id)

    planned_at = CAMPAIGN.steps[0].due_at(case.failed_at, case.decline_class)
    assert [at and at.replace(microsecond=0) for at in await store.due.late_since([case.id])] == [
        planned_at.replace(microsecond=0)
    ]


async def test_what_stands_in_the_way_is_said(run: Run, store: Store) -> None:
    (campaign,) = parse_campaigns(HOURS, "hours.toml")
    case = await put(store, following=campaign)
    await store.brakes.pause(None, "by_operator", datetime.now(UTC))
    await store.holds.raise_(OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY), datetime.now(UTC))

    result = await run("send-now", case.id)

    lines = result.stdout.splitlines()
    assert lines[1].startswith("All mail is paused since ")
    assert lines[2:] == [
        "Sending is on hold, paddle_key: The key is revoked.",
        "Its campaign sends between 08:00 and 18:00 by the customer's clock, and it waits for that.",
        "Then a worker asks Paddle whether it is still owed, and sends it.",
    ]


async def test_other_debts_of_the_customer_are_said(run: Run, store: Store) -> None:
    case, other = await put(store), await put(store)

    result = await run("send-now", case.id)

    assert f"The customer has other open cases, and one mail may name them all: {other.id}." in result.stdout


async def test_a_debt_too_old_for_any_mail_is_refused(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=36)

    result = await run("send-now", case.id)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: Case {case.id} failed more than 35d ago: nothing of it is sent any more.\n"
    assert (await read(store, case)).deliveries == {}


async def test_a_debt_that_an_older_one_of_its_subscription_carries_is_said_to_wait(run: Run, store: Store) -> None:
    older = await put(store, failed_days_ago=4)
    newer = await put(store, subscription_id=older.subscription_id, customer_id=older.customer_id)

    result = await run("send-now", newer.id)

    assert result.stdout.splitlines()[1:] == [
        f"The older debt {older.id} of its subscription carries the steps: this one waits for its mail.",
        f"To mail about both now: dunning cases send-now {older.id}",
    ]


async def test_a_broken_campaign_file_is_told_and_keeps_nobody_from_stopping(store: Store, redis_url: str) -> None:
    case = await put(store)
    given = {"DUNNING_REDIS_URL": redis_url, "DUNNING_CAMPAIGN_FILE": "/nowhere.toml", "DUNNING_PROT": "1"}

    result = await asyncio.to_thread(CliRunner().invoke, main, ["cases", "stop", case.id], env=given)

    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("DUNNING_CAMPAIGN_FILE: the file can't be read")
    assert (await read(store, case)).state is CaseState.STOPPED


async def test_a_step_that_was_sent_is_refused(run: Run, store: Store) -> None:
    case = await put(store, deliveries={"first": sent(days_ago(1))})

    result = await run("send-now", case.id, "--step", "first")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: Step first of case {case.id} is done: sent.\n"


async def test_an_unknown_step_is_refused_with_those_there_are(run: Run, store: Store) -> None:
    case = await put(store)

    result = await run("send-now", case.id, "--step", "frist")

    assert result.exit_code == 1
    assert all(step.name in result.stderr for step in CAMPAIGN.steps)


async def test_a_case_that_has_ended_is_refused(run: Run, store: Store) -> None:
    case = await put(store)
    await run("stop", case.id)

    result = await run("send-now", case.id)

    assert result.exit_code == 1
    assert "has ended" in result.stderr


async def test_a_case_of_which_every_step_is_done_is_refused(run: Run, store: Store) -> None:
    case = await put(store, deliveries={step.name: sent(days_ago(0)) for step in CAMPAIGN.steps})

    assert "Every step of case" in (await run("send-now", case.id)).stderr


@pytest.mark.parametrize("command", ["stop", "send-now"])
async def test_a_case_of_another_version_is_left_alone(run: Run, store: Store, command: str) -> None:
    case = await put(store)
    await redis_of(store).set(f"dunning:case:{case.id}", "7 open {}")

    result = await run(command, case.id)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "can't be read" in result.stderr


class ReadsBehind:
    """Cases, one of which somebody writes each time right after it was first read."""

    def __init__(self, store: Store, case: Case) -> None:
        self._real, self._meanwhile = store.cases, case
        self.read_first = True

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real ones have
        """Do all else as the real ones do."""
        return getattr(self._real, name)

    async def read_versioned(self, case_ids: list[str]) -> list[Versioned]:
        found = await self._real.read_versioned(case_ids)
        if self.read_first:
            self.read_first = False
            await self._real.commit(self._meanwhile, found[0].revision, due_at=None, now=datetime.now(UTC))
        return found


async def test_what_somebody_wrote_in_between_is_not_undone_by_stopping(store: Store) -> None:
    case = await put(store)
    store.cases = ReadsBehind(store, case.end(CaseState.RECOVERED, None, days_ago(0)))  # type: ignore[assignment] # it answers as they do

    said = await stop(store, Campaigns(store, [CAMPAIGN]), case.id, datetime.now(UTC))

    assert said == [f"Nothing to do: case {case.id} has ended already, recovered."]


async def test_what_somebody_wrote_in_between_is_not_undone_by_sending(store: Store) -> None:
    case = await put(store)
    store.cases = ReadsBehind(store, case.with_delivery("first", sent(days_ago(0))))  # type: ignore[assignment] # it answers as they do

    said = await send_now(store, Campaigns(store, [CAMPAIGN]), case.id, None, datetime.now(UTC))

    assert said[0] == f"Step {CAMPAIGN.steps[1].name} of case {case.id} is due now."


async def test_what_is_sent_now_goes_out_and_what_is_stopped_does_not(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        campaigns = Campaigns(home.store, home.settings.campaigns)
        sent_now, stopped = (home.twin.world.decline(home.add_subscription()) for _ in range(2))
        for case_id in (sent_now, stopped):
            await home.delivery_ended(case_id)
        await stop(home.store, campaigns, stopped, datetime.now(UTC))

        await send_now(home.store, campaigns, sent_now, None, datetime.now(UTC))

        assert await home.delivery_ended(sent_now, "reminder") is DeliveryState.SENT
        assert "reminder made due: by_operator" in await home.told(sent_now)
        assert len(home.mailbox.mails) == 3
