"""`dunning cases list`: what is open."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from cli.operate.cases.screen import show_list
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.case_page import listed_cases
from dunning.casebook.find import CaseQuery
from dunning.store import Pause, Paused, Store
from tests.integration.at_rest import paddle_id, redis_of
from tests.integration.cases_by_hand import CAMPAIGN, Run, days_ago, document, put, rows, runner, sent
from tests.unit.case_builders import a_case

OTHER_CUSTOMER = paddle_id("ctm")
OTHER_SUBSCRIPTION = paddle_id("sub")


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def test_nothing_open_is_said(run: Run) -> None:
    assert (await run("list")).stdout == "No open case.\n"


async def test_open_cases_are_listed_by_when_they_are_due_with_what_was_done_and_what_comes(
    run: Run, store: Store
) -> None:
    young = await put(store, failed_days_ago=0)
    old = await put(store, failed_days_ago=4, deliveries={"first": sent(days_ago(3))})
    failed, due = old.failed_at, old.failed_at + timedelta(days=3)

    listed = rows(await run("list"))

    assert [row[0] for row in listed] == [old.id, young.id]
    assert listed[0][1:] == [
        old.subscription_id,
        "hard",
        *f"{failed:%Y-%m-%d %H:%M}".split(),
        *("first", "sent"),
        CAMPAIGN.steps[1].name,
        *f"{due:%Y-%m-%d %H:%M}".split(),
        *["late", "24", "h,", "not", "tried", "yet,", "due", "now"],
    ]


async def test_a_case_that_ended_is_not_listed(run: Run, store: Store) -> None:
    case = await put(store)
    await run("stop", case.id)

    assert (await run("list")).stdout == "No open case.\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--campaign", "other"), ("--subscription", OTHER_SUBSCRIPTION), ("--customer", OTHER_CUSTOMER)],
)
async def test_a_list_may_be_of_one_campaign_subscription_or_customer(
    run: Run, store: Store, option: str, value: str
) -> None:
    await put(store)
    wanted = await put(store, campaign="other", subscription_id=OTHER_SUBSCRIPTION, customer_id=OTHER_CUSTOMER)

    assert [row[0] for row in rows(await run("list", option, value))] == [wanted.id]


async def test_options_are_taken_together(run: Run, store: Store) -> None:
    wanted = await put(store, customer_id=OTHER_CUSTOMER, subscription_id=OTHER_SUBSCRIPTION)
    await put(store, customer_id=OTHER_CUSTOMER)

    listed = rows(await run("list", "--customer", OTHER_CUSTOMER, "--subscription", OTHER_SUBSCRIPTION))

    assert [row[0] for row in listed] == [wanted.id]


async def test_a_list_is_cut_and_says_so(run: Run, store: Store) -> None:
    cases = [await put(store, failed_days_ago=4 - number) for number in range(3)]

    cut = await run("list", "--limit", "2")
    exact = await run("list", "--limit", "3")

    assert [row[0] for row in rows(cut)] == [case.id for case in cases[:2]]
    assert "These are the first 2. --all shows all, --limit another number." in cut.stdout
    assert "These are" not in exact.stdout


async def test_all_shows_more_than_the_usual_number_and_more_than_one_trip_brings(run: Run, store: Store) -> None:
    await store.campaigns.keep([CAMPAIGN])
    for number in range(520):
        case = a_case(id=f"txn_{number:026d}")
        await store.cases.commit(case, 0, due_at=days_ago(1) + timedelta(seconds=number), now=days_ago(1))

    assert len((await document(run, "list"))["cases"]) == 50
    assert len((await document(run, "list", "--all"))["cases"]) == 520


async def test_on_a_terminal_each_case_has_two_lines_that_fit_80_columns(store: Store) -> None:
    case = await put(store, failed_days_ago=4, deliveries={"first": sent(days_ago(3))})
    paused = Paused(Pause(datetime(2026, 5, 4, 12, 0, tzinfo=UTC), "by_operator"), {})
    terminal = Console(file=StringIO(), force_terminal=True, no_color=True, width=80, highlight=False, markup=False)
    found = [one async for one in listed_cases(store, Campaigns(store, [CAMPAIGN]), CaseQuery(), datetime.now(UTC))]

    show_list(terminal, found, paused, set(), datetime.now(UTC), more=False)

    assert isinstance(terminal.file, StringIO)
    shown = [line.split() for line in terminal.file.getvalue().splitlines()]
    assert [line[0] for line in shown if line and line[0].startswith(("txn_", "sub_"))] == [
        case.id,
        case.subscription_id,
    ]
    assert any("paused" in line for line in shown)
    assert shown[-1][:4] == ["All", "mail", "is", "paused"]


async def test_a_list_says_what_is_paused(run: Run, store: Store) -> None:
    await put(store)
    await store.brakes.pause("renewal", "by_operator", datetime.now(UTC))

    result = await run("list")

    assert rows(result)[0][-1] == "paused"
    assert "Mail of the campaign renewal is paused since 20" in result.stdout


async def test_a_case_that_cant_be_read_is_listed_as_such(run: Run, store: Store) -> None:
    case = await put(store)
    await redis_of(store).set(f"dunning:case:{case.id}", "7 open {}")

    result = await run("list")
    as_json = await document(run, "list")

    assert rows(result)[0][-3:] == ["can't", "be", "read"]
    assert (as_json["cases"][0]["id"], as_json["cases"][0]["readable"]) == (case.id, False)


async def test_a_list_in_json_holds_what_the_table_does_and_ids_to_go_on_with(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=4, deliveries={"first": sent(days_ago(3))})

    listed = await document(run, "list")

    (one,) = listed["cases"]
    assert not listed["more"]
    assert one["id"] == case.id
    assert one["customer_id"] == case.customer_id
    assert one["failed_at"] == f"{case.failed_at:%Y-%m-%dT%H:%M:%SZ}"
    assert one["last_step"]["step"] == "first"
    assert one["next_step"]["due_at"] == f"{case.failed_at + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
    assert one["paused"] is False
