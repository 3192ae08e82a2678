"""`dunning resend`: the last mail about a debt once more, as a mail of its own."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.casebook.words import in_a_line
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.store import Store
from tests.integration.at_rest import paddle_id
from tests.integration.cases_by_hand import days_ago, put, read, sent
from tests.integration.house import house
from tests.until import until


async def resend(redis_url: str, *arguments: str) -> Result:
    given = {"DUNNING_REDIS_URL": redis_url}
    return await asyncio.to_thread(CliRunner().invoke, main, ["resend", *arguments], env=given)


async def test_the_mail_goes_out_again_after_paddle_was_asked_as_another_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.delivery_ended(bill)
        asked = home.twin.counts["GET /transactions"]

        result = await resend(redis_url, bill, "--by", "ada")

        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.splitlines()[0] == f"The email of step first of case {bill} is sent again."
        await until(lambda: _mails(home.mailbox.mails, 2))
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        assert home.twin.counts["GET /transactions"] > asked
        first, second = (mail.message for mail in home.mailbox.mails)
        assert first["Subject"] == second["Subject"]
        assert first["Message-ID"].startswith(f"<{bill}.first@")
        assert second["Message-ID"].startswith(f"<{bill}.first.1@")
        assert "first to be sent again: by_operator ada" in await home.told(bill)
        assert (await home.store.health.snapshot(datetime.now(UTC))).counters["deliveries_sent"] == 2


async def _mails(mails: Sequence[object], count: int) -> bool:
    return len(mails) == count


async def test_nobody_is_mailed_again_who_has_paid(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.delivery_ended(bill)
        home.twin.notifications.url = None
        home.twin.world.pay(bill)

        await resend(redis_url, bill)

        assert (await home.case_ended(bill)).state == "recovered"
        assert len(home.mailbox.mails) == 1


async def test_a_refused_mail_can_be_sent_again_once_the_address_is_put_right(redis_url: str, store: Store) -> None:
    refused = Delivery().claim("me", days_ago(0.5)).begin_data("me").settle("me", DeliveryState.REFUSED, "smtp_550")
    case = await put(store, deliveries={"first": refused})

    result = await resend(redis_url, case.id)

    assert result.exit_code == 0, result.output
    after = await read(store, case)
    (at,) = await store.due.when([case.id])
    assert (after.delivery("first").state, after.delivery("first").resends) == (DeliveryState.PLANNED, 1)
    assert at is not None
    assert at <= datetime.now(UTC) + timedelta(seconds=1)
    assert in_a_line((await store.cases.story(case.id))[-2].entry).startswith("first to be sent again: by_operator ")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "No email of case {} was due yet. `dunning cases send-now` sends the first."),
        (
            {"deliveries": {"first": Delivery().skip("covered")}},
            "The last email about case {} was that of another debt of the customer",
        ),
        (
            {"failed_days_ago": 4, "deliveries": {"first": sent(days_ago(3))}},
            "The next email of case {}, reminder, is due already, and goes out in its place.",
        ),
        ({"failed_days_ago": 36, "deliveries": {"first": sent(days_ago(3))}}, "Case {} failed more than 35d ago"),
    ],
)
async def test_what_cant_be_sent_again_is_told_with_why(
    redis_url: str, store: Store, facts: dict[str, object], told: str
) -> None:
    case = await put(store, **facts)  # type: ignore[arg-type]

    result = await resend(redis_url, case.id)

    assert (result.exit_code, result.stdout) == (1, "")
    assert told.format(case.id) in result.stderr
    assert (await store.cases.read_versioned([case.id]))[0].revision == 1


async def test_nothing_is_sent_again_to_an_excluded_one_or_of_a_case_that_is_over(redis_url: str, store: Store) -> None:
    case = await put(store, deliveries={"first": sent(days_ago(0.5))})
    await store.exclusions.exclude(case.customer_id, datetime.now(UTC))
    excluded = await resend(redis_url, case.id)
    await store.exclusions.include(case.customer_id)
    await asyncio.to_thread(CliRunner().invoke, main, ["cases", "stop", case.id], env={"DUNNING_REDIS_URL": redis_url})
    over = await resend(redis_url, case.id)

    assert f"First: dunning include {case.customer_id}" in excluded.stderr
    assert f"Case {case.id} has ended (stopped): nothing of it is sent any more." in over.stderr
    assert (excluded.exit_code, over.exit_code) == (1, 1)


async def test_an_unknown_case_and_a_wrong_name_are_one_line(redis_url: str) -> None:
    unknown = paddle_id("txn")

    assert (await resend(redis_url, unknown)).stderr.startswith(f"Error: There is no case {unknown}.")
    wrong = await resend(redis_url, unknown, "--by", "a\nb")
    assert (wrong.exit_code, "A name has 1 to 64 printable characters." in wrong.stderr) == (2, True)
