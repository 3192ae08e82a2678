"""What a real case gets next: shown before it goes out, by what Redis and Paddle hold, and written nowhere."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner

from cli.local_page.listen import listening
from cli.main import main
from cli.plan.preview.case_shown import ShownCase
from cli.plan.preview.real_case import NextMail, look_ahead
from cli.plan.preview.server import PreviewPage
from dunning.casebook.by_hand import stop
from dunning.casebook.campaigns import Campaigns
from dunning.errors import NotPossibleError, OperatorMustActError
from dunning.reasons import HoldWord
from dunning.suppression import address_keys
from tests.integration.at_rest import redis_of
from tests.integration.edge import LINK_SECRET
from tests.integration.house import House, house
from tests.until import until
from worker.mail.http_api import parts_of
from worker.services import check_templates

LATER = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = "2d"
template = "payment_failed"

[[campaign.renewal.step]]
name = "reminder"
after = "5d"
template = "reminder"
"""
# What a call to Paddle leaves behind: it counts in the limit of all processes.
CALLS = b"dunning:api"
# What a worker does while it waits.
WORKER = (b"arq:", b"dunning:jobs")


async def opened(of: House, subscription_id: str) -> str:
    """Decline a renewal, and wait for its case."""
    case_id = of.twin.world.decline(subscription_id, "expired_card")
    await until(lambda: of.case(case_id))
    await until(lambda: nothing_waits(of))
    return case_id


async def nothing_waits(of: House) -> bool:
    """Tell whether every event has been handled."""
    return not await redis_of(of.store).exists("dunning:inbox")


async def look(of: House, case_id: str) -> NextMail:
    return await look_ahead(of.settings, of.store, check_templates(of.settings), case_id, datetime.now(UTC))


async def everything(of: House) -> dict[bytes, Any]:
    """Read all that Redis holds, but for what is counted of calls."""
    redis = redis_of(of.store)
    keys = [key async for key in redis.scan_iter() if not key.startswith((CALLS, *WORKER))]
    return {key: await redis.dump(key) for key in sorted(keys)}


async def test_the_next_mail_is_shown_and_nothing_is_written_or_sent(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        case_id = await opened(of, of.add_subscription())
        before = await everything(of)

        found = await look(of, case_id)

        assert await everything(of) == before
        assert of.mailbox.mails == []
    assert found.letter is not None
    assert found.letter.step == "first"
    assert found.letter.message["To"] == "ada@customer.example"
    assert found.letter.at - datetime.now(UTC) > timedelta(days=1)
    assert found.lines == [
        f"{found.letter.at:%Y-%m-%d %H:%M} UTC: Mail “first” sent. Due after 2 days. Paddle says: still owed."
    ]


async def test_its_links_open_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        found = await look(of, await opened(of, of.add_subscription()))

        assert found.letter is not None
        link = next(line for line in parts_of(found.letter.message)[0].splitlines() if line.startswith("http"))
        async with of.http.get(link) as response:
            assert response.status == 404


async def test_a_debt_that_is_paid_at_paddle_gets_none(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        subscription_id = of.add_subscription()
        case_id = await opened(of, subscription_id)
        of.twin.notifications.url = "http://127.0.0.1:9/"
        of.twin.world.pay(case_id)

        found = await look(of, case_id)

        case = await of.case(case_id)
    assert found.letter is None
    assert any("Recovered" in line for line in found.lines)
    assert case is not None
    assert case.is_open


async def test_an_address_that_bounced_gets_none(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        case_id = await opened(of, of.add_subscription())
        (key, *_) = address_keys("ada@customer.example", [LINK_SECRET])
        await of.store.suppressions.add(key, "bounced", datetime.now(UTC))

        found = await look(of, case_id)

    assert found.letter is None
    assert "not sent. The address bounced or complained." in found.lines[0]


async def test_what_stands_in_the_way_is_said(redis_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        subscription_id = of.add_subscription()
        case_id = await opened(of, subscription_id)
        await of.store.brakes.pause(None, "a test", now)
        await of.store.holds.raise_(OperatorMustActError("a test", hold=HoldWord.MAIL_LOGIN), now)
        await of.store.exclusions.exclude(subscription_id, now)

        found = await look(of, case_id)

    assert found.letter is None
    assert found.lines[:3] == [
        "Mail is paused: it goes out once `dunning resume` is given.",
        f"Mail is held ({HoldWord.MAIL_LOGIN}) until that is mended.",
        f"{subscription_id} is excluded: its steps are skipped until `dunning include {subscription_id}` is given.",
    ]


async def test_a_case_that_is_held_out_gets_none(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        case_id = await opened(of, of.add_subscription())
        (read,) = await of.store.cases.read_versioned([case_id])
        assert read.case is not None
        due_at = datetime.now(UTC) + timedelta(days=1)
        await of.store.cases.commit(read.case.but(held_out=True), read.revision, due_at=due_at, now=datetime.now(UTC))

        found = await look(of, case_id)

    assert found.letter is None
    assert found.lines[0].startswith("It is held out, to measure what mails bring")
    assert "not sent. The customer is in the share that is left unmailed" in found.lines[1]


async def test_a_debt_that_another_speaks_for_is_shown_in_that_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        first = of.add_subscription()
        customer_id = of.twin.world.subscriptions[first]["customer_id"]
        second = of.twin.world.add_subscription(customer_id, product="Lantern Support")
        ids = [await opened(of, first), await opened(of, second)]

        found = await look(of, ids[1])

    assert found.letter is not None
    assert found.letter.case_id == ids[0]
    assert "Lantern Support" in parts_of(found.letter.message)[0]
    assert any("is covered by the mail of" in line for line in found.lines)


async def test_a_case_that_is_not_there_or_over_is_refused(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        with pytest.raises(NotPossibleError, match="no case"):
            await look(of, f"txn_{'0' * 26}")
        case_id = await opened(of, of.add_subscription())
        await stop(of.store, Campaigns(of.store, of.settings.campaigns), case_id, datetime.now(UTC))

        with pytest.raises(NotPossibleError, match="has ended"):
            await look(of, case_id)


async def test_the_page_shows_it_and_nothing_else(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        case_id = await opened(of, of.add_subscription())
        found = await look(of, case_id)

    async with listening(PreviewPage(ShownCase(case_id, found)).app(), 0) as url, ClientSession() as http:
        async with http.get(f"{url}/state") as response:
            state = await response.json()
        async with http.get(f"{url}/mail") as response:
            mail = await response.json()
        async with http.get(f"{url}/page/html") as response:
            assert response.status == 409
        async with http.get(f"{url}/find", params={"words": "pay"}) as response:
            assert await response.json() == []

    assert state["case"] == {"title": f"What happens next for {case_id}", "lines": found.lines}
    assert [one["name"] for one in state["mails"]] == ["first"]
    assert "Ada Example" in mail["text"]


async def test_without_a_mail_the_page_says_so() -> None:
    shown = ShownCase("txn_1", NextMail(["No mail about it is to come."]))

    assert shown.state()["mails"] == []
    with pytest.raises(ValueError, match="No mail goes out next"):
        shown.mail({})


async def test_the_command_tells_in_a_sentence_what_is_wrong(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as of:
        environment = {
            "DUNNING_PADDLE_API_KEY": of.twin.api_key,
            "DUNNING_PADDLE_API_URL": of.twin.url,
            "DUNNING_WEBHOOK_SECRETS": of.twin.webhook_secret,
            "DUNNING_LINK_SECRETS": LINK_SECRET,
            "DUNNING_PUBLIC_URL": "http://127.0.0.1:1",
            "DUNNING_PORTAL_LOGIN_URL": of.twin.portal_login_url,
            "DUNNING_MAIL_URL": of.mailbox.url,
            "DUNNING_MAIL_FROM": "billing@example.com",
            "DUNNING_REDIS_URL": redis_url,
        }
        arguments = ["preview", "--case", f"txn_{'0' * 26}"]
        result = await asyncio.to_thread(CliRunner().invoke, main, arguments, env=environment)

    assert result.exit_code == 1
    assert "no case" in result.stderr
    assert "Traceback" not in result.output
