"""`dunning dead` and `dunning holds`: what could not be handled, and what stops sending."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.casebook.words import in_a_line
from dunning.errors import OperatorMustActError
from dunning.paddle.events import Event
from dunning.reasons import HoldWord
from dunning.store import Store
from tests.integration.at_rest import NOW, of_transaction, open_case
from tests.integration.test_stores_dead import DEBT, MALFORMED


async def run(redis_url: str, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env={"DUNNING_REDIS_URL": redis_url})


async def died(store: Store) -> Event:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.give_up(event.id, "fault: KeyError", NOW)
    return event


async def test_dead_events_are_listed_with_what_they_are_about(redis_url: str, store: Store) -> None:
    assert (await run(redis_url, "dead", "list")).stdout == "No event is dead.\n"
    event = await died(store)
    await store.inbox.bury(MALFORMED, NOW)

    shown = (await run(redis_url, "dead", "list")).stdout
    listed = json.loads((await run(redis_url, "dead", "list", "--json")).stdout)["dead"]

    (row,) = [line.split() for line in shown.splitlines() if line.startswith(event.id)]
    assert row[3:] == ["transaction.payment_failed", event.facts.id, "fault:", "KeyError"]
    assert {one["id"]: (one["about"], one["can_be_replayed"]) for one in listed} == {
        event.id: (event.facts.id, True),
        "evt_odd": (DEBT, False),
    }


async def test_a_replayed_event_waits_for_a_worker_again(redis_url: str, store: Store) -> None:
    event, other = await died(store), await died(store)

    result = await run(redis_url, "dead", "replay", event.id)

    assert (result.exit_code, result.stdout) == (0, "1 event is handled again.\n")
    assert await store.inbox.read(event.id) == event
    assert [one.event_id for one in await store.dead.all()] == [other.id]


async def test_of_all_those_that_cant_be_replayed_are_named(redis_url: str, store: Store) -> None:
    for _ in range(2):
        await died(store)
    await store.inbox.bury(MALFORMED, NOW)

    result = await run(redis_url, "dead", "replay", "--all")

    assert result.exit_code == 1
    assert result.stdout == (
        "evt_odd is malformed: `dunning replay` reads it from Paddle again.\n2 events are handled again.\n"
    )


async def test_a_dropped_event_is_gone(redis_url: str, store: Store) -> None:
    event = await died(store)

    first, again = [await run(redis_url, "dead", "drop", event.id) for _ in range(2)]

    assert (first.exit_code, first.stdout) == (0, "1 event is dropped.\n")
    assert (again.exit_code, again.stderr) == (1, f"{event.id} is not dead.\n")
    assert await store.inbox.read(event.id) is None


async def test_that_an_event_was_dropped_is_in_the_story_of_its_case(redis_url: str, store: Store) -> None:
    event = await died(store)
    case = await open_case(store, event.facts.id)

    await run(redis_url, "dead", "drop", event.id, "--by", "ada")

    (told,) = await store.cases.story(case.id)
    assert in_a_line(told.entry) == f"event_dropped: by_operator ada (transaction.payment_failed {event.id})"


@pytest.mark.parametrize("command", ["replay", "drop"])
@pytest.mark.parametrize("chosen", [[], ["evt_1", "--all"]])
async def test_which_events_has_to_be_said(redis_url: str, command: str, chosen: list[str]) -> None:
    result = await run(redis_url, "dead", command, *chosen)

    assert result.exit_code == 2
    assert "Name the events, or give --all." in result.stderr


async def test_holds_are_listed_and_one_is_taken_off_by_hand(redis_url: str, store: Store) -> None:
    assert (await run(redis_url, "holds")).stdout == "Nothing is on hold.\n"
    for word in (HoldWord.PADDLE_KEY, HoldWord.MAIL_POLICY):
        error = OperatorMustActError("It is refused.", hold=word, about="transaction.read")
        await store.holds.raise_(error, datetime.now(UTC))

    shown = (await run(redis_url, "holds")).stdout
    listed = json.loads((await run(redis_url, "holds", "--json")).stdout)["holds"]
    released = await run(redis_url, "holds", "release", "mail_policy")

    assert "paddle_key  since 20" in shown
    assert [one["hold"] for one in listed] == ["mail_policy", "paddle_key"]
    assert released.stdout == "mail_policy is off. If it is not mended, it comes back with the next case.\n"
    assert [one.word for one in await store.holds.all()] == ["paddle_key"]
    again = await run(redis_url, "holds", "release", "mail_policy")
    assert (again.exit_code, again.stderr) == (1, "Error: mail_policy is not on.\n")
    assert (await run(redis_url, "holds", "release", "mail_polcy")).exit_code == 2
