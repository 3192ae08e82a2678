"""`dunning out-webhooks`, and what `dunning status` and `dunning doctor` say of them."""

import asyncio
import json

import pytest
from click.testing import CliRunner, Result

from cli.connect.doctor.out_webhooks import look_at_out_webhooks
from cli.main import main
from dunning.findings import Level
from dunning.rules.out_events import Brake, of_brake, of_write
from dunning.store import Store, Unsent, keys
from tests.integration.at_rest import NOW, a_case, later, redis_of
from tests.integration.edge import settings
from tests.integration.receiver import a_secret, receiving


async def run(redis_url: str, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env={"DUNNING_REDIS_URL": redis_url})


async def told(store: Store, *destinations: str) -> list[Unsent]:
    """Write one event, share it out, and give what waits."""
    await store.out_webhooks.register(destinations, NOW)
    case = a_case()
    await store.cases.commit(case, 0, due_at=None, now=NOW, told=of_write(None, case, 1, NOW))
    await store.out_webhooks.sweep(destinations, NOW)
    return [one.event for one in await store.out_webhooks.waiting(0, 10)]


async def test_what_is_dead_and_what_waits_are_listed_with_why(redis_url: str, store: Store) -> None:
    nothing = await run(redis_url, "out-webhooks", "list")
    app, crm = await told(store, "app", "crm")
    await store.out_webhooks.give_up(app, "http_404", NOW)
    await store.out_webhooks.again(crm, "timed_out", later(seconds=5))

    shown = (await run(redis_url, "out-webhooks", "list")).stdout
    listed = json.loads((await run(redis_url, "out-webhooks", "list", "--json")).stdout)

    about = json.loads(app.body)["data"]["transaction_id"]
    facts = {"id": app.id, "type": "case.opened", "about": about, "tries": 1, "since": "2026-05-04T12:00:00Z"}
    assert nothing.stdout == "Every out-webhook has arrived.\n"
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith("msg_")] == [
        [app.id, "dead", app.destination],
        [crm.id, "waits", crm.destination],
    ]
    assert listed == {
        "dead": [facts | {"destination": app.destination, "why": "http_404", "died_at": "2026-05-04T12:00:00Z"}],
        "waiting": [
            facts | {"destination": crm.destination, "why": "timed_out", "next_try_at": "2026-05-04T12:00:05Z"}
        ],
        "more": False,
    }


async def test_of_much_that_waits_the_oldest_are_listed(redis_url: str, store: Store) -> None:
    await store.out_webhooks.register(("app",), NOW)
    body = of_brake(NOW, Brake.PAUSE, on=True).body()
    await redis_of(store).rpush(keys.OUT_NEW, *(f"msg_{number} {body}" for number in range(101)))
    await store.out_webhooks.sweep(("app",), NOW)

    shown = (await run(redis_url, "out-webhooks", "list")).stdout
    replayed = await run(redis_url, "out-webhooks", "replay", "--all")

    assert shown.splitlines()[-1] == "More wait: these are the oldest 100."
    assert replayed.stdout == "101 events are sent again.\n"


async def test_what_is_replayed_is_due_at_once_for_who_has_not_got_it(redis_url: str, store: Store) -> None:
    app, crm = await told(store, "app", "crm")
    await store.out_webhooks.give_up(app, "http_404", NOW)
    await store.out_webhooks.told(crm)

    result = await run(redis_url, "out-webhooks", "replay", app.id)

    (waiting,) = await store.out_webhooks.waiting(0, 10)
    assert (result.exit_code, result.stdout) == (0, "1 event is sent again.\n")
    assert (waiting.event.destination, waiting.event.tries) == (app.destination, 0)


async def test_what_can_not_be_replayed_is_named(redis_url: str, store: Store) -> None:
    (app,) = await told(store, "app")
    await store.out_webhooks.register(("crm",), NOW)

    lost = await run(redis_url, "out-webhooks", "replay", app.id)
    unknown = await run(redis_url, "out-webhooks", "replay", "msg_1")

    assert lost.exit_code == unknown.exit_code == 1
    assert lost.stdout == (
        f"{app.id} was for app, which DUNNING_OUT_WEBHOOKS does not name any more.\n0 events are sent again.\n"
    )
    assert unknown.stderr == "msg_1 is neither dead nor waiting.\n"


async def test_what_is_dropped_is_gone(redis_url: str, store: Store) -> None:
    (app,) = await told(store, "app")
    waits = await run(redis_url, "out-webhooks", "drop", app.id)
    await store.out_webhooks.give_up(app, "http_404", NOW)
    dead = await run(redis_url, "out-webhooks", "drop", "--all")

    assert (waits.exit_code, waits.stderr) == (1, f"{app.id} is not dead.\n")
    assert (dead.exit_code, dead.stdout) == (0, "1 event is dropped.\n")
    assert await redis_of(store).hlen(keys.OUT_EVENTS) == 0


@pytest.mark.parametrize("command", ["replay", "drop"])
async def test_which_have_to_be_said(redis_url: str, command: str) -> None:
    result = await run(redis_url, "out-webhooks", command)

    assert result.exit_code == 2
    assert "Name the events, or give --all." in result.stderr


async def test_status_counts_them(redis_url: str, store: Store) -> None:
    app, _ = await told(store, "app", "crm")
    await store.out_webhooks.give_up(app, "http_404", NOW)

    lines = [line.split() for line in (await run(redis_url, "status")).stdout.splitlines()]

    assert ["out-webhooks", "1"] in [line[:2] for line in lines]
    assert ["dead", "out-webhooks", "1"] in lines


async def test_the_doctor_connects_to_each_and_sends_nothing(redis_url: str) -> None:
    async with receiving() as receiver:
        given = settings(
            redis_url,
            OUT_WEBHOOKS=f"{receiver.url}#{receiver.secret},http://127.0.0.1:9/x#{a_secret('a')},"
            f"{receiver.url.replace('http:', 'https:')}#{a_secret('b')}",
        )
        well, gone, no_tls = await look_at_out_webhooks(given)

    assert [one.level for one in (well, gone, no_tls)] == [Level.OK, Level.FAILURE, Level.FAILURE]
    assert "can't be reached from here (ConnectionRefusedError)" in gone.means
    assert "has a certificate that is refused" in no_tls.means
    assert not receiver.asked
    assert not any("t0ken" in one.means + one.do for one in (well, gone, no_tls))
