"""`dunning report`: what came of the cases of a month."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.casebook.write import write_by
from dunning.rules.case import CaseState
from dunning.rules.losses import with_amount
from dunning.rules.recoveries import with_cause
from dunning.rules.story import Entry, Kind
from dunning.rules.tally import Cause, Money
from dunning.store import Store, Versioned
from tests.integration.at_rest import a_case, redis_of
from tests.integration.cases_by_hand import CAMPAIGN
from tests.integration.house import house
from tests.until import until

MID_MONTH = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)


async def run(redis_url: str, *arguments: str) -> Result:
    given = {"DUNNING_REDIS_URL": redis_url}
    return await asyncio.to_thread(CliRunner().invoke, main, ["report", *arguments], env=given)


async def put(
    store: Store, state: CaseState | None, money: Money | None, *, clicked: bool = False, **facts: object
) -> None:
    """Put a case of mid May that opened, and if a state is given, ended a day later."""
    case = a_case().but(**facts)
    read = await write_by(
        store, CAMPAIGN, 1, MID_MONTH, Versioned(None, 0), case, opened_by=case.failed_at, money=money
    )
    if clicked:
        await store.cases.note(case.id, Entry(kind=Kind.CLICKED), MID_MONTH)
    if state is not None:
        at = MID_MONTH + timedelta(days=1)
        await write_by(store, CAMPAIGN, 1, at, read, case.end(state, None, at), money=money)


async def test_a_months_cases_are_told_with_every_denominator(redis_url: str, store: Store) -> None:
    await put(store, CaseState.RECOVERED, Money("EUR", 2_900), clicked=True)
    await put(store, CaseState.RECOVERED, Money("EUR", 1_000))
    await put(store, CaseState.RECOVERED, Money("JPY", 5_000))
    await put(store, CaseState.EXHAUSTED, None)
    await put(store, CaseState.EXHAUSTED, None)
    await put(store, None, Money("EUR", 4_900))
    euros, _ = await store.recovered.first(2)
    await store.recovered.take_off(euros, with_cause(euros, Cause.RETAIN, Money("EUR", 1_000)))
    loss, _ = await store.lost.first(2)
    await store.lost.take_off(loss, with_amount(loss, Money("EUR", 3_900)))

    result = await run(redis_url, "--month", "2026-05")

    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0] == "2026-05-01 to 2026-05-31, days in UTC. What ended then may have been opened before."
    assert lines[1] == "6 opened, 3 recovered, 2 lost."
    assert ("Recovered, of 3: 1 after a click on a link of ours, 1 through Paddle Retain, 1 by Paddle alone.") in lines
    assert "Lost, of 2: 2 exhausted." in lines
    assert (
        "Amounts are known of 4 of the 6 cases opened, and of 3 of the 3 recovered. They are the bills' totals."
        in lines
    )
    rows = [line.split() for line in lines]
    assert ["renewal,", "soft", "6", "3", "2"] in rows
    assert ["renewal,", "none", "3", "2"] in rows
    assert ["EUR,", "exhausted", "€39.00", "of", "1"] in rows
    assert any(line.startswith("Amounts are known of 1 of the 2 lost.") for line in lines)
    assert ["EUR", "€88.00", "of", "3", "€29.00", "of", "1", "€10.00", "of", "1"] in rows
    assert ["JPY", "¥5,000", "of", "1", "¥5,000", "of", "1"] in rows


async def put_many(store: Store, money: Money, *, mailed: tuple[int, int], held_out: tuple[int, int]) -> None:
    """Put so many cases of each side that failed in mid May, and let so many of them be paid."""
    campaign = replace(CAMPAIGN, hold_out=10)
    for (cases, paid), is_held_out in ((mailed, False), (held_out, True)):
        for number in range(cases):
            case = a_case().but(failed_at=MID_MONTH, held_out=is_held_out)
            read = await write_by(store, campaign, 1, MID_MONTH, Versioned(None, 0), case, money=money)
            if number < paid:
                await write_by(
                    store, campaign, 1, MID_MONTH, read, case.end(CaseState.RECOVERED, None, MID_MONTH), money=money
                )


async def test_what_mails_bring_is_told_with_its_interval_and_the_sample_it_takes(redis_url: str, store: Store) -> None:
    await put_many(store, Money("EUR", 2_900), mailed=(150, 100), held_out=(80, 35))

    lines = [line.rstrip() for line in (await run(redis_url, "--month", "2026-05")).stdout.splitlines()]
    lift = json.loads((await run(redis_url, "--month", "2026-05", "--json")).stdout)["lift"]

    assert "What mails bring, by the cases that failed 2025-06-01 to 2026-05-31:" in lines
    assert (
        "renewal, 10% held out: 100 of 150 recovered (66.7%) mailed and 35 of 80 recovered (43.8%) held out." in lines
    )
    assert "  Mails bring +22.9 points, between +9.5 and +35.4 with a confidence of 95%." in lines
    assert "  To see a difference of 5 points four times in five takes 793 held-out cases; there are 80." in lines
    assert "  EUR: a mailed case brings €6.65 more, between €2.79 and €10.50 with a confidence of 95%." in lines
    (one,) = lift["comparisons"]
    assert (one["campaign"], one["hold_out_percent"]) == ("renewal", 10)
    assert (one["mailed"], one["held_out"]) == ({"cases": 150, "recovered": 100}, {"cases": 80, "recovered": 35})
    assert one["points"] == {"estimate": 22.92, "low": 9.46, "high": 35.43}
    assert set(one["amount_per_case"]) == {"EUR"}


async def test_of_too_few_cases_it_says_no_more_than_that(redis_url: str, store: Store) -> None:
    await put_many(store, Money("EUR", 2_900), mailed=(31, 20), held_out=(3, 1))

    lines = (await run(redis_url, "--month", "2026-05")).stdout.splitlines()

    assert "  Too few to say anything: it takes 30 on each side." in lines
    assert "  EUR: not enough to say." in lines


async def test_what_cannot_be_told_apart_is_said_to_be_so(redis_url: str, store: Store) -> None:
    await put_many(store, Money("EUR", 2_900), mailed=(40, 20), held_out=(30, 14))

    assert "No difference can be told yet." in (await run(redis_url, "--month", "2026-05")).stdout


async def test_what_failed_is_told_with_what_was_recovered_of_it_and_what_was_not(redis_url: str, store: Store) -> None:
    await put(store, CaseState.RECOVERED, Money("EUR", 2_900), failed_at=MID_MONTH)
    await put(store, CaseState.EXHAUSTED, Money("EUR", 4_900), failed_at=MID_MONTH)
    await put(store, CaseState.RECOVERED, None, failed_at=MID_MONTH)

    lines = [line.rstrip() for line in (await run(redis_url, "--month", "2026-05")).stdout.splitlines()]
    failed = json.loads((await run(redis_url, "--month", "2026-05", "--json")).stdout)["failed"]

    assert "Of the cases that failed 2026-05-01 to 2026-05-31, all of which have ended since:" in lines
    row = ["renewal,", "EUR", "€78.00", "of", "2", "€29.00", "of", "1", "€49.00", "of", "1"]
    assert row in [line.split() for line in lines]
    assert any(line.startswith("Amounts are known of 2 of the 3 that failed, and of 1 of the 2 rec") for line in lines)
    unknown, euros = failed["sums"]
    assert unknown == {
        "campaign": "renewal",
        "currency": None,
        "cases": 1,
        "amount": 0,
        "recovered": 1,
        "recovered_amount": 0,
    }
    assert (euros["amount"], euros["recovered_amount"]) == (7_800, 2_900)
    assert not any("held out" in line for line in lines)


async def test_of_a_month_that_is_not_over_nothing_is_settled(redis_url: str, store: Store) -> None:
    await put_many(store, Money("EUR", 2_900), mailed=(1, 1), held_out=(1, 0))

    document = json.loads((await run(redis_url, "--json")).stdout)

    assert document["failed"] == {"first_day": None, "last_day": None, "sums": []}
    assert document["lift"]["last_day"] == f"{datetime.now(UTC).date() - timedelta(days=36)}"


async def test_the_document_has_every_sum_in_minor_units(redis_url: str, store: Store) -> None:
    await put(store, CaseState.RECOVERED, Money("EUR", 2_900))

    found = json.loads((await run(redis_url, "--month", "2026-05", "--json")).stdout)

    assert (found["opened"], found["recovered"], found["lost"]) == (1, 1, 0)
    assert found["sums"][1] == {
        "what": "recovered",
        "campaign": "renewal",
        "step": "none",
        "decline_class": "soft",
        "cause": "paddle",
        "currency": "EUR",
        "cases": 1,
        "cases_with_amount": 1,
        "amount": 2_900,
    }


async def test_a_month_without_cases_is_told_in_two_lines(redis_url: str) -> None:
    this_month = await run(redis_url)

    assert len(this_month.stdout.splitlines()) == 2
    assert this_month.stdout.endswith("0 opened, 0 recovered, 0 lost.\n")
    assert f"to {datetime.now(UTC):%Y-%m-%d}, days in UTC" in this_month.stdout


@pytest.mark.parametrize("month", ["2026", "2026-13", "May", "2999-01"])
async def test_what_is_no_month_is_refused(redis_url: str, month: str) -> None:
    assert (await run(redis_url, "--month", month)).exit_code == 2


async def test_what_the_service_did_is_summed_up_and_no_amount_is_left_beside_it(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.delivery_ended(bill)
        home.twin.world.pay(bill)
        await home.case_ended(bill)
        await home.twin.notifications.settled()
        await until(lambda: _handled(home.store))
        total = int(home.twin.world.transactions[bill]["details"]["totals"]["grand_total"])

        found: Any = json.loads((await run(redis_url, "--json")).stdout)
        opened, recovered = found["sums"]

        assert (opened["what"], opened["cases_with_amount"], opened["amount"]) == ("opened", 1, total)
        assert (recovered["cause"], recovered["step"], recovered["amount"]) == ("mail", "first", total)
        redis = redis_of(home.store)
        left = [key for key in await redis.keys("dunning:event:*") if b"total" in (await redis.get(key))]
        assert left == []


async def _handled(store: Store) -> bool:
    return int(await redis_of(store).zcard("dunning:inbox")) == 0
