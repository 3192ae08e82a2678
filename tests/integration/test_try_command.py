"""`dunning try` where it can't go the whole way: it says how far it came, and why not further."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.audit import Change
from dunning.reasons import ClickOutcome
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, Kind
from dunning.store import Store
from paddle_twin import Twin
from tests.dunning_process import ENVIRONMENT
from tests.integration.at_rest import paddle_id
from tests.integration.cases_by_hand import put
from tests.until import until


class Person:
    """Who tries it. The test plays the worker and the receiver."""

    def __init__(self, store: Store, redis_url: str, twin: Twin) -> None:
        self.store = store
        self._given = ENVIRONMENT | {
            "DUNNING_REDIS_URL": redis_url,
            "DUNNING_MAIL_REDIRECT": "me@example.com",
            "DUNNING_PADDLE_API_URL": twin.url,
            "DUNNING_PADDLE_API_KEY": twin.api_key,
        }

    async def tries(self, *arguments: str, **given: str) -> Result:
        command = ["try", "--patience", "3s", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, main, command, env=self._given | given)

    async def settle(self, case: Case, state: DeliveryState, code: str) -> None:
        """Wait until a step is asked for, and let its mail end so."""

        async def made_due() -> bool:
            return any(line.entry.kind is Kind.MADE_DUE for line in await self.store.cases.story(case.id))

        await until(made_due)
        (read,) = await self.store.cases.read_versioned([case.id])
        assert read.case is not None
        now = datetime.now(UTC)
        ended = Delivery().claim("me", now).begin_data("me").settle("me", state, code)
        after = read.case.with_delivery("first", ended)
        await self.store.cases.commit(after, read.revision, due_at=now, now=now)


@pytest.fixture
async def person(store: Store, redis_url: str) -> AsyncIterator[Person]:
    async with Twin() as twin:
        yield Person(store, redis_url, twin)


async def test_without_a_redirect_nothing_is_tried(person: Person) -> None:
    result = await person.tries(DUNNING_MAIL_REDIRECT="")

    assert result.exit_code == 1
    assert "Set DUNNING_MAIL_REDIRECT to your own address first" in result.stderr


async def test_a_case_that_is_not_open_is_told(person: Person) -> None:
    result = await person.tries("--case", paddle_id("txn"))

    assert result.exit_code == 1
    assert "No further: there is no open case txn_" in result.stderr


async def test_a_mail_that_is_refused_ends_the_way(person: Person) -> None:
    case = await put(person.store)

    result, _ = await asyncio.gather(
        person.tries("--case", case.id, "--by", "ada"), person.settle(case, DeliveryState.REFUSED, "smtp_rcpt_550")
    )

    assert result.exit_code == 1
    assert "2. Dunning has heard of it" in result.stdout
    assert "No further: the mail was not sent: refused (smtp_rcpt_550)." in result.stderr
    (noted,) = await person.store.audit.newest(0, 2)
    assert (noted.who, noted.what, noted.about) == ("ada", Change.SEND_NOW, case.id)


async def test_a_mail_server_that_is_away_is_told(person: Person) -> None:
    case = await put(person.store)

    result = await person.tries("--case", case.id, "--patience", "1s", DUNNING_MAIL_URL="smtp://127.0.0.1:1")

    assert result.exit_code == 1
    assert "  The mail server 127.0.0.1:1 can't be reached (" in result.stderr


async def test_what_is_paused_is_why_no_mail_goes_out(person: Person) -> None:
    case = await put(person.store)
    await person.store.brakes.pause(None, "by_operator", datetime.now(UTC))

    result = await person.tries("--case", case.id, "--patience", "1s")

    assert result.exit_code == 1
    assert "the mail was not sent in time. All mail is paused since" in result.stderr


async def test_without_a_click_the_way_ends_at_the_mail(person: Person) -> None:
    case = await put(person.store)

    result, _ = await asyncio.gather(
        person.tries("--case", case.id, "--patience", "1s"), person.settle(case, DeliveryState.SENT, "smtp_250")
    )

    assert result.exit_code == 1
    assert "3. The mail server has taken its mail" in result.stdout
    assert "No further: no click led to Paddle's page in time." in result.stderr


async def test_a_click_that_led_elsewhere_is_told_and_a_later_one_counts(person: Person) -> None:
    case = await put(person.store)

    async def click() -> None:
        await person.settle(case, DeliveryState.SENT, "smtp_250")
        fell_back = Entry(kind=Kind.CLICK_FELL_BACK, reason=ClickOutcome.PADDLE_UNREACHABLE.value)
        await person.store.cases.note(case.id, fell_back, datetime.now(UTC))
        await person.store.cases.note(case.id, Entry(kind=Kind.CLICKED), datetime.now(UTC))

    result, _ = await asyncio.gather(person.tries("--case", case.id), click())

    assert result.exit_code == 0, result.output
    assert "A click led to the portal's login page (paddle_unreachable)." in result.stdout
    assert "4. Your click led to Paddle's page, signed in." in result.stdout


async def test_where_paddle_is_no_twin_the_next_renewal_that_fails_is_waited_for(person: Person) -> None:
    known = await put(person.store)
    failed = set()

    trying = asyncio.create_task(person.tries(DUNNING_PADDLE_API_URL="http://127.0.0.1:9"))
    while not trying.done():  # what fails before it waits is none of it
        case = await put(person.store, subscription_id=paddle_id("sub"), customer_id=paddle_id("ctm"))
        failed.add(case.id)
        await asyncio.sleep(0.2)
    result = await trying

    assert "Now let a renewal fail at Paddle" in result.stdout
    assert any(f"1. A renewal was declined: {one}." in result.stdout for one in failed)
    assert known.id not in result.stdout


@pytest.mark.parametrize("patience", ["soon", "5"])
async def test_a_patience_that_is_no_duration_is_a_usage_error(person: Person, patience: str) -> None:
    result = await person.tries("--patience", patience)

    assert result.exit_code == 2
    assert "is no duration: it should be like 90s, 15m or 1d." in result.stderr
