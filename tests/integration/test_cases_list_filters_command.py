"""`dunning cases list` with --state, --reason and --since, and its rows as comma-separated values."""

import csv
import io
from typing import Any

import pytest

from cli.commands.cases import REASONS, STATES
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.store import Store
from tests.integration.at_rest import paddle_id
from tests.integration.cases_by_hand import Run, days_ago, document, put, rows, runner, sent


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def ended(store: Store, state: CaseState, reason: str | None = None, *, days: float = 1) -> Case:
    """Put a case that ended so many days ago."""
    case = await put(
        store,
        failed_days_ago=days + 2,
        subscription_id=paddle_id("sub"),
        customer_id=paddle_id("ctm"),
        deliveries={"first": sent(days_ago(days + 1))},
    )
    case = case.end(state, reason, days_ago(days))
    await store.cases.commit(case, 1, due_at=None, now=days_ago(days))
    return case


async def ids(run: Run, *options: str) -> list[str]:
    return [row[0] for row in rows(await run("list", *options))]


async def test_a_state_is_listed_by_itself_and_several_together(run: Run, store: Store) -> None:
    recovered = await ended(store, CaseState.RECOVERED, days=3)
    stopped = await ended(store, CaseState.STOPPED, EndReason.CHARGED_BACK, days=2)
    exhausted = await ended(store, CaseState.EXHAUSTED, days=1)
    still_open = await put(store)

    assert await ids(run, "--state", "recovered") == [recovered.id]
    assert await ids(run, "--state", "exhausted", "--state", "stopped") == [exhausted.id, stopped.id]
    assert await ids(run, "--state", "open", "--state", "stopped") == [still_open.id, stopped.id]
    assert await ids(run, "--state", "open") == await ids(run) == [still_open.id]


async def test_a_reason_finds_those_that_ended_for_it(run: Run, store: Store) -> None:
    disputed = await ended(store, CaseState.STOPPED, EndReason.CHARGED_BACK)
    await ended(store, CaseState.STOPPED, EndReason.BY_OPERATOR)
    nothing_left = await ended(store, CaseState.RECOVERED, EndReason.NOTHING_LEFT_TO_PAY)
    await put(store)

    assert await ids(run, "--reason", "charged_back") == [disputed.id]
    assert await ids(run, "--reason", "nothing_left_to_pay", "--state", "stopped") == []
    assert await ids(run, "--reason", "nothing_left_to_pay") == [nothing_left.id]


async def test_since_takes_what_ended_since_then_and_of_the_open_ones_what_failed_since_then(
    run: Run, store: Store
) -> None:
    lately, _long_ago = await ended(store, CaseState.RECOVERED, days=1), await ended(store, CaseState.RECOVERED, days=9)
    young, _old = await put(store, failed_days_ago=2), await put(store, failed_days_ago=20)

    assert await ids(run, "--all", "--since", "7d") == [young.id, lately.id]
    assert await ids(run, "--all", "--since", f"{days_ago(3):%Y-%m-%d}") == [young.id, lately.id]
    assert await ids(run, "--state", "recovered", "--since", f"{days_ago(0.5):%Y-%m-%dT%H:%M}") == []


async def test_of_ended_cases_only_as_many_are_read_as_are_young_enough(run: Run, store: Store) -> None:
    for days in range(1, 6):
        await ended(store, CaseState.RECOVERED, days=days)

    assert len(await store.ended.newest(0, 9, days_ago(1.5))) == 1
    assert len(await ids(run, "--state", "recovered", "--since", "36h")) == 1


async def test_comma_separated_values_have_a_heading_and_a_row_for_each_case(run: Run, store: Store) -> None:
    case = await ended(store, CaseState.STOPPED, EndReason.CHARGED_BACK)
    still_open = await put(store)

    result = await run("list", "--all", "--csv")

    read: list[dict[str, Any]] = [*csv.DictReader(io.StringIO(result.stdout))]
    first, second = read
    assert (first["id"], first["state"], first["next_step"]) == (still_open.id, "open", "first")
    assert first["next_step_due_at"].endswith("Z")
    assert (second["id"], second["state"], second["reason"]) == (case.id, "stopped", "charged_back")
    assert (second["customer_id"], second["last_step"], second["last_step_state"]) == (
        case.customer_id,
        "first",
        "sent",
    )
    assert second["ended_at"] == f"{case.ended_at:%Y-%m-%dT%H:%M:%SZ}"
    assert second["next_step"] == ""


async def test_a_cut_list_of_values_says_so_beside_them(run: Run, store: Store) -> None:
    for _ in range(2):
        await put(store)

    result = await run("list", "--csv", "--limit", "1")

    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == "These are the first 1: --limit sets another number.\n"


async def test_no_case_is_told_with_what_was_asked_for(run: Run) -> None:
    assert (await run("list", "--reason", "charged_back", "--since", "2026-01-01")).stdout == (
        "No case that ended as charged_back since 2026-01-01 00:00 UTC is recovered, exhausted or stopped. "
        "Ended cases are kept for 90 days.\n"
    )
    assert (await run("list", "--csv")).stdout.startswith("id,state,reason,")
    assert (await document(run, "list", "--state", "recovered"))["cases"] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--since", "yesterday"], "'yesterday' is no moment: it should be a duration ago (90s, 2h, 7d)"),
        (["--since", "2999-01-01"], "'2999-01-01' is in the future."),
        (["--since", "9999999999d"], "is no moment"),
        (["--state", "done"], "'done' is not one of 'open', 'recovered', 'exhausted', 'stopped'."),
        (["--reason", "angry"], "'angry' is not one of 'no_debt'"),
        (["--json", "--csv"], "--json and --csv are two forms: give one of them."),
        (["--all", "--state", "open"], "--all is every state: give it, or --state."),
    ],
)
async def test_what_cant_be_asked_for_is_refused(run: Run, options: list[str], told: str) -> None:
    result = await run("list", *options)

    assert result.exit_code == 2
    assert told in result.stderr


def test_the_words_are_those_of_the_cases() -> None:
    assert set(STATES) == set(CaseState)
    assert set(REASONS) == set(EndReason)
