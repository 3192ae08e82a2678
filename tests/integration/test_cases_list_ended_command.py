"""`dunning cases list --all`: what has ended too, found by an index; and what is asked for when nothing is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dunning.rules.case import Case, CaseState
from dunning.store import Store
from tests.integration.at_rest import paddle_id, redis_of
from tests.integration.cases_by_hand import CAMPAIGN, Run, days_ago, document, put, rows, runner, sent


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def ended(
    store: Store, *, days: float, state: CaseState = CaseState.RECOVERED, reason: str | None = None, **facts: object
) -> Case:
    """Put a case that ended so many days ago."""
    its_own: dict[str, Any] = {"subscription_id": paddle_id("sub"), "customer_id": paddle_id("ctm"), **facts}
    case = await put(store, failed_days_ago=days + 1, **its_own)
    case = case.end(state, reason, days_ago(days))
    await store.cases.commit(case, 1, due_at=None, now=days_ago(days))
    return case


def ids(listed: list[list[str]]) -> list[str]:
    return [row[0] for row in listed]


async def test_those_that_ended_follow_the_open_ones_and_the_latest_comes_first(run: Run, store: Store) -> None:
    long_ago, lately = await ended(store, days=40), await ended(store, days=2, state=CaseState.STOPPED)
    still_open = await put(store)

    listed = rows(await run("list", "--all"))

    assert ids(listed) == [still_open.id, lately.id, long_ago.id]
    assert listed[1][-3:] == ["stopped", *f"{lately.ended_at:%Y-%m-%d %H:%M}".split()]
    assert listed[2][-3] == "recovered"
    assert ids(rows(await run("list"))) == [still_open.id]


async def test_what_was_sent_last_is_told_of_an_ended_case_and_no_step_to_come(run: Run, store: Store) -> None:
    case = await ended(store, days=2, deliveries={"first": sent(days_ago(2.5))})

    (row,) = rows(await run("list", "--all"))
    (one,) = (await document(run, "list", "--all"))["cases"]

    assert row[5:7] == ["first", "sent"]
    assert (one["last_step"]["step"], one["next_step"]) == ("first", None)
    assert (one["state"], one["ended_at"]) == ("recovered", f"{case.ended_at:%Y-%m-%dT%H:%M:%SZ}")


@pytest.mark.parametrize("option", ["--campaign", "--subscription", "--customer"])
async def test_all_goes_with_any_filter(run: Run, store: Store, option: str) -> None:
    facts: dict[str, Any] = {"campaign": "other", "subscription_id": paddle_id("sub"), "customer_id": paddle_id("ctm")}
    await ended(store, days=1)
    wanted = [await ended(store, days=days, **facts) for days in (3, 2, 5)]
    still_open = await put(store, **facts)
    value = {"--campaign": "other", "--subscription": facts["subscription_id"], "--customer": facts["customer_id"]}

    listed = ids(rows(await run("list", "--all", option, value[option])))

    assert listed == [still_open.id, wanted[1].id, wanted[0].id, wanted[2].id]


async def test_filters_are_taken_together(run: Run, store: Store) -> None:
    customer = paddle_id("ctm")
    wanted = await ended(store, days=1, customer_id=customer)
    await ended(store, days=1, customer_id=customer)
    both = ["--customer", customer, "--subscription", wanted.subscription_id]

    assert ids(rows(await run("list", "--all", *both))) == [wanted.id]
    assert ids(rows(await run("list", "--all", *both, "--campaign", "other"))) == []


async def test_a_limit_cuts_the_list_of_all_and_without_one_it_is_whole(run: Run, store: Store) -> None:
    await store.campaigns.keep([CAMPAIGN])
    for number in range(520):
        at = days_ago(80) + timedelta(hours=number)
        case = Case(
            id=f"txn_{number:026d}",
            subscription_id=paddle_id("sub"),
            customer_id=paddle_id("ctm"),
            campaign="renewal",
            decline_class="hard",
            failed_at=at,
            attempted_at=at,
        )
        await store.cases.commit(case.end(CaseState.RECOVERED, None, at), 0, due_at=None, now=at)

    whole = await document(run, "list", "--all")
    cut = await document(run, "list", "--all", "--limit", "2")

    assert [one["id"] for one in whole["cases"]] == [f"txn_{number:026d}" for number in reversed(range(520))]
    assert [one["id"] for one in cut["cases"]] == [f"txn_{number:026d}" for number in (519, 518)]
    assert (whole["more"], cut["more"]) == (False, True)


async def test_nothing_but_the_index_is_looked_through(run: Run, store: Store) -> None:
    case = await ended(store, days=1)
    redis = redis_of(store)
    await redis.config_resetstat()

    for wanted in ([], ["--campaign", "renewal"], ["--customer", case.customer_id]):
        assert ids(rows(await run("list", "--all", *wanted))) == [case.id]

    assert {"cmdstat_scan", "cmdstat_keys"} & set(await redis.info("commandstats")) == set()


async def test_the_index_forgets_what_is_kept_no_longer(run: Run, store: Store) -> None:
    gone = await ended(store, days=92)
    kept = await ended(store, days=1)
    redis = redis_of(store)

    assert await redis.zrange("dunning:ended", 0, -1) == [kept.id.encode()]
    for entity_id in (kept.customer_id, kept.subscription_id):
        assert 89 * 86_400 < await redis.ttl(f"dunning:history:{entity_id}") <= 90 * 86_400

    await redis.delete(f"dunning:case:{gone.id}")
    assert ids(rows(await run("list", "--all", "--customer", gone.customer_id))) == []


async def test_an_ended_case_that_cant_be_read_is_listed_as_such_where_every_case_is_asked_for(
    run: Run, store: Store
) -> None:
    unreadable, case = await ended(store, days=1), await ended(store, days=2)
    await redis_of(store).set(f"dunning:case:{unreadable.id}", "7 stopped {}")

    listed = rows(await run("list", "--all"))

    assert ids(listed) == [unreadable.id, case.id]
    assert listed[0][-3:] == ["can't", "be", "read"]
    assert ids(rows(await run("list", "--all", "--campaign", "renewal"))) == [case.id]


async def test_a_case_that_is_looked_at_once_more_after_its_end_is_listed_by_its_end(run: Run, store: Store) -> None:
    case = await put(store)
    await store.cases.commit(
        case.end(CaseState.STOPPED, "by_operator", days_ago(0)), 1, due_at=days_ago(-1), now=days_ago(0)
    )

    (row,) = rows(await run("list", "--all"))

    assert row[0] == case.id
    assert row[-4:-2] == ["stopped:", "by_operator"]
    assert (await run("list")).stdout == "No open case.\n"


async def test_a_case_that_is_written_once_more_after_its_end_is_listed_once(run: Run, store: Store) -> None:
    case = await ended(store, days=1, state=CaseState.STOPPED)
    await store.cases.commit(case.end(CaseState.RECOVERED, None, days_ago(0)), 2, due_at=None, now=datetime.now(UTC))

    listed = rows(await run("list", "--all"))

    assert ids(listed) == [case.id]
    assert listed[0][-3] == "recovered"


async def test_it_is_said_of_whom_there_is_no_case_and_where_else_to_look(run: Run) -> None:
    customer, subscription = paddle_id("ctm"), paddle_id("sub")
    of = ["--customer", customer, "--subscription", subscription]

    assert (await run("list", *of)).stdout == (
        f"No open case of the subscription {subscription} and the customer {customer}. "
        "--all also finds those that ended in the last 90 days.\n"
    )
    assert (await run("list", "--all", *of[:2])).stdout == (
        f"No case of the customer {customer}: none is open, and none ended in the last 90 days.\n"
    )
    assert (await run("list", "--all")).stdout == "No case: none is open, and none ended in the last 90 days.\n"


async def test_few_of_many_are_found_without_looking_at_the_others(run: Run, store: Store) -> None:
    for number in range(120):
        await ended(store, days=1 + number / 120)
    stopped = await ended(store, days=30, state=CaseState.STOPPED, reason="charged_back")
    annual = await ended(store, days=30, campaign="annual")
    redis = redis_of(store)

    for options, one in (
        (["--state", "stopped"], stopped),
        (["--reason", "charged_back"], stopped),
        (["--state", "recovered", "--campaign", "annual"], annual),
    ):
        before = (await redis.info("stats"))["keyspace_hits"]
        assert ids(rows(await run("list", *options))) == [one.id]
        assert (await redis.info("stats"))["keyspace_hits"] - before < 40
