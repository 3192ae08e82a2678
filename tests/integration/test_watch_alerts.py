"""Every trouble is made in a real Redis, told to a real listener, not told again, and told once it is over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from dunning.errors import OperatorMustActError
from dunning.instants import to_milliseconds
from dunning.reasons import HoldWord
from dunning.rules.breaker import hour_of
from dunning.store import Role, SentAlert, Store, Way, keys
from dunning.store.server.embedded import EmbeddedServer
from dunning.watch.watcher import Watcher
from tests.integration.at_rest import redis_of
from tests.integration.edge import NOW, running, settings, sign
from tests.integration.listener import Listener, listening

MINUTE = timedelta(minutes=1)
GREETING = "alerts arrive here"


class Process:
    """A process that watches, on a clock that is set."""

    def __init__(self, redis_url: str, urls: str, role: Role = Role.WEBHOOKS) -> None:
        self.now = datetime.now(UTC)
        self.store = Store.open(redis_url, rate_limit=200)
        given = settings(redis_url, PUBLIC_URL="http://127.0.0.1:1", **({"ALERT_URLS": urls} if urls else {}))
        self._watcher = Watcher(given, self.store, role, lambda: self.now)

    async def look(self, after: timedelta = MINUTE) -> None:
        self.now += after
        await redis_of(self.store).delete(keys.ALERTS_TURN)  # as if its rest were over
        await self._watcher.look()


@asynccontextmanager
async def process(redis_url: str, urls: str, role: Role = Role.WEBHOOKS) -> AsyncIterator[Process]:
    one = Process(redis_url, urls, role)
    try:
        yield one
    finally:
        await one.store.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture
async def watching(redis_url: str, listener: Listener) -> AsyncIterator[Process]:
    """Give a process that has said that alerts arrive."""
    async with process(redis_url, listener.url) as one:
        await one.look()
        assert listener.titles == [GREETING]
        listener.told.clear()
        yield one


Do = Callable[[Process], Awaitable[object]]


async def silence(one: Process, role: Role) -> None:
    at = await one.store.health.time() - timedelta(minutes=3)
    await redis_of(one.store).hset(keys.BEATS, role, to_milliseconds(at))


async def hold(one: Process) -> None:
    await one.store.holds.raise_(OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN), one.now)


async def try_in_vain(one: Process, way: Way) -> None:
    for minutes in (12, 1):
        await one.store.in_vain.note(way, "smtp_451", one.now - minutes * MINUTE)


async def trip(one: Process) -> None:
    """Trip the breaker as the sweep does."""
    await redis_of(one.store).hset(keys.OPENED, hour_of(one.now), 9)
    await one.store.due.sweep(one.now, calls_per_case=0, most_opened=5)


async def put(one: Process, key: str, minutes: float) -> None:
    await redis_of(one.store).zadd(key, {"one": to_milliseconds(one.now - minutes * MINUTE)})


async def wait_for_word(one: Process, debts: int) -> None:
    await one.store.reconciling.wait_for_operator(debts)


TROUBLES: dict[str, tuple[Do, Do]] = {
    "No worker is running": (
        lambda one: silence(one, Role.WORKER),
        lambda one: one.store.watching.beat(Role.WORKER, "another", clock_is_off=False),
    ),
    "A machine's clock is wrong": (
        lambda one: one.store.watching.beat(Role.WORKER, "another", clock_is_off=True),
        lambda one: one.store.watching.beat(Role.WORKER, "another", clock_is_off=False),
    ),
    "Mail is on hold (mail_login)": (hold, lambda one: one.store.holds.release("mail_login", began_at=one.now)),
    "The mail server takes no mail": (
        lambda one: try_in_vain(one, Way.MAIL),
        lambda one: one.store.counters.add("deliveries_sent"),
    ),
    "Paddle does not say what is owed": (
        lambda one: try_in_vain(one, Way.PADDLE),
        lambda one: one.store.in_vain.works(Way.PADDLE),
    ),
    "The breaker pauses all mail": (trip, lambda one: one.store.brakes.resume(None, one.now)),
    "Work is late": (lambda one: put(one, keys.DUE, 12), lambda one: redis_of(one.store).delete(keys.DUE)),
    "Events could not be handled": (
        lambda one: put(one, keys.DEAD, 1),
        lambda one: redis_of(one.store).delete(keys.DEAD),
    ),
    "Your own programs are not told what happens": (
        lambda one: put(one, keys.OUT_UNSENT, 61),
        lambda one: redis_of(one.store).delete(keys.OUT_UNSENT),
    ),
    "Out-webhooks were given up": (
        lambda one: put(one, keys.OUT_DEAD, 1),
        lambda one: redis_of(one.store).delete(keys.OUT_DEAD),
    ),
    "Debts wait for your word": (lambda one: wait_for_word(one, 80), lambda one: wait_for_word(one, 0)),
    "The certificate of the public address is about to end": (
        lambda one: one.store.watching.keep_certificate_end(one.now + timedelta(days=3)),
        lambda one: one.store.watching.keep_certificate_end(one.now + timedelta(days=80)),
    ),
}


@pytest.mark.parametrize(("title", "begin", "mend"), [(title, *both) for title, both in TROUBLES.items()])
async def test_a_trouble_is_told_once_and_told_as_over(
    watching: Process, listener: Listener, title: str, begin: Do, mend: Do
) -> None:
    await begin(watching)
    await watching.look()
    await watching.look()
    assert listener.titles == [title]

    await mend(watching)
    await watching.look()
    await watching.look()
    assert listener.titles == [title, f"Over: {title}"]
    assert [one["type"] for one in listener.told] == ["failure", "success"]


async def test_what_was_sent_is_kept_with_when_and_by_which_service(watching: Process, listener: Listener) -> None:
    await watching.store.alerts.note_sent(SentAlert(NOW, "before", "", bad=False, to=()))

    await hold(watching)
    await watching.look()

    told, before, greeting = await watching.store.alerts.sent(9)
    assert (told.title.endswith("Mail is on hold (mail_login)"), told.bad) == (True, True)
    assert watching.now - told.at < timedelta(milliseconds=1)
    assert (told.to, "The login is refused." in told.body) == (("json",), True)
    assert (before.to, greeting.bad) == ((), False)
    assert listener.url.partition("//")[2] not in repr(told)


async def test_a_worker_tells_that_no_webhooks_runs(redis_url: str, listener: Listener) -> None:
    async with process(redis_url, listener.url, Role.WORKER) as worker:
        await worker.look()
        await silence(worker, Role.WEBHOOKS)
        await worker.look()

        assert listener.titles == [GREETING, "No webhooks process is running"]


async def test_events_that_no_webhook_brought_are_told_and_over_after_an_hour(
    watching: Process, listener: Listener
) -> None:
    await watching.store.counters.add("reconcile_missed_events", 3)
    await watching.look()
    await watching.look(after=61 * MINUTE)

    assert listener.titles == ["Webhooks don't arrive", "Over: Webhooks don't arrive"]
    assert "New events that Paddle lists and no webhook brought: 3." in listener.told[0]["message"]


@pytest.mark.parametrize(
    ("counter", "count", "title"),
    [
        ("reconcile_failed", 10, "Paddle's lists can't be read"),
        ("reconcile_refused", 1, "The API key may not read events"),
    ],
)
async def test_reading_paddle_s_lists_in_vain_is_told_and_over_after_an_hour(
    watching: Process, listener: Listener, counter: str, count: int, title: str
) -> None:
    await watching.store.counters.add(counter, count)
    await watching.look()
    await watching.look(after=61 * MINUTE)

    assert listener.titles == [title, f"Over: {title}"]


async def test_what_paddle_says_of_a_key_is_told(redis_url: str, watching: Process, listener: Listener) -> None:
    body = (
        b'{"event_id": "evt_00000000000000000000000001", "event_type": "api_key.revoked", '
        b'"occurred_at": "2026-05-04T11:00:03Z", "notification_id": "ntf_00000000000000000000000001", "data": {}}'
    )
    async with running(settings(redis_url, PUBLIC_URL="http://127.0.0.1:1")) as edge:
        assert (await edge.notify(body, sign(body))).status == 200
    await watching.look()

    assert listener.titles == ["Paddle has news of an API key (revoked)"]


async def test_of_several_processes_one_tells(redis_url: str, watching: Process, listener: Listener) -> None:
    async with process(redis_url, listener.url, Role.WORKER) as another:
        await hold(watching)
        await watching.look()
        await another.look()
        await watching.look()

    assert listener.titles == ["Mail is on hold (mail_login)"]


async def test_while_a_process_looks_no_other_does(redis_url: str, watching: Process, listener: Listener) -> None:
    await hold(watching)
    await redis_of(watching.store).delete(keys.ALERTS_TURN)
    assert await watching.store.alerts.take_turn()
    async with process(redis_url, listener.url) as another:
        await another._watcher.look()

    assert listener.told == []


async def test_a_redis_that_refuses_writes_is_told_by_each_process(listener: Listener) -> None:
    with EmbeddedServer(tcp=True) as server:
        async with process(server.url, listener.url) as one, process(server.url, listener.url, Role.WORKER) as another:
            await one.look()
            await redis_of(one.store).config_set("maxmemory", "1")
            for _ in range(2):
                await one._watcher.look()
                await another._watcher.look()
                one.now += MINUTE
                another.now += MINUTE
            await one._watcher.look()
            await redis_of(one.store).config_set("maxmemory", "0")
            await one._watcher.look()
            await another._watcher.look()

    assert listener.titles == [
        GREETING,
        *["Redis refuses writes"] * 2,
        *["Over: Redis refuses writes"] * 2,
    ]
    assert "(OOM)" in listener.told[1]["message"]


async def test_a_redis_that_is_away_is_told_and_its_return(listener: Listener) -> None:
    with EmbeddedServer(tcp=True) as server:
        async with process(server.url, listener.url) as one:
            await one.look()
            server.stop()
            await one._watcher.look()
            assert listener.titles == [GREETING]  # it may just be restarted
            one.now += MINUTE
            await one._watcher.look()
            server.start()
            await one._watcher.look()

    assert listener.titles == [GREETING, "Redis is away", "Over: Redis is away"]


async def test_what_reached_nobody_is_logged_and_told_later(watching: Process, listener: Listener) -> None:
    listener.is_deaf = True
    await hold(watching)
    with capture_logs() as logs:
        await watching.look()
        await watching.look()
    assert [(line["event"], line["place"], line["scheme"]) for line in logs] == [("alert.not_delivered", 1, "json")]
    assert (await watching.store.health.snapshot(watching.now)).counters["alerts_not_delivered"] == 1

    listener.is_deaf = False
    watching._watcher._teller._again_at = 0.1  # as if a minute had passed
    await watching.look()
    assert listener.titles == ["Mail is on hold (mail_login)"]


async def test_one_of_several_is_enough(redis_url: str, listener: Listener) -> None:
    async with process(redis_url, f"json://127.0.0.1:1/nobody,{listener.url}") as one:
        await one.look()
        await one.look()

    assert listener.titles == [GREETING]


async def test_without_anybody_to_tell_the_log_has_it(redis_url: str) -> None:
    async with process(redis_url, "") as one:
        await one.look()
        await hold(one)
        with capture_logs() as logs:
            await one.look()
            await one.store.holds.release("mail_login", began_at=one.now)
            await one.look()

    assert [(line["event"], line["log_level"], line["trouble"]) for line in logs] == [
        ("alert.on", "error", "on_hold:mail_login"),
        ("alert.over", "info", "on_hold:mail_login"),
    ]


async def test_who_has_nobody_to_tell_leaves_it_to_who_has(
    redis_url: str, watching: Process, listener: Listener
) -> None:
    async with process(redis_url, "", Role.WORKER) as mute:
        await hold(watching)
        await mute.look()
        await watching.look()

    assert listener.titles == ["Mail is on hold (mail_login)"]


async def test_who_is_told_from_later_on_hears_what_is_on_already(redis_url: str, listener: Listener) -> None:
    async with process(redis_url, "") as before:
        await hold(before)
        await before.look()
    async with process(redis_url, listener.url) as after:
        await after.look()

    assert listener.titles == [GREETING]
    assert "Now: Mail is on hold (mail_login)" in listener.told[0]["message"]


async def test_a_week_later_the_digest_says_what_was_done(watching: Process, listener: Listener) -> None:
    await watching.store.counters.add("cases_recovered", 2)
    await watching.look(after=timedelta(days=8))
    await watching.look()

    assert listener.titles == ["the week"]
    assert "2 recovered" in listener.told[0]["message"]
    assert "held out:" not in listener.told[0]["message"]


async def test_the_digest_says_what_mails_bring_and_no_more_than_the_cases_tell(
    watching: Process, listener: Listener
) -> None:
    """Of a campaign's cases enough have ended, of another's too few, and those of this month may still be paid."""
    long_ago, lately = (keys.sums(f"{watching.now - timedelta(days=days):%Y-%m-%d}") for days in (60, 3))
    enough = {"due|renewal|mailed": 150, "paid|renewal|mailed": 100, "due|renewal|held_out": 80}
    of_another = {"paid|renewal|held_out": 35, "due|annual|mailed": 9, "due|annual|held_out": 1}
    for field, cases in (enough | of_another).items():
        await redis_of(watching.store).hset(long_ago, f"n|{field}|10|EUR", cases)
    await redis_of(watching.store).hset(lately, "n|due|weekly|held_out|10|EUR", 500)
    await watching.look(after=timedelta(days=8))

    said = listener.told[0]["message"]

    assert (
        "renewal, 10% held out: 100 of 150 recovered (66.7%) mailed and 35 of 80 recovered (43.8%) held out. "
        "Mails bring +22.9 points, between +9.5 and +35.4 with a confidence of 95%."
    ) in said
    assert (
        "annual, 10% held out: 0 of 9 recovered (0.0%) mailed and 0 of 1 recovered (0.0%) held out. "
        "Too few to say anything: it takes 30 on each side."
    ) in said
    assert "weekly" not in said


async def test_it_pings_while_all_is_well(redis_url: str, listener: Listener) -> None:
    async with process(redis_url, listener.ping_url) as one:
        await one.look()
        await one.look()
        assert listener.pings == 1  # a minute has not passed

        one._watcher._pinged_at = None
        await silence(one, Role.WORKER)
        await one.look()
        assert listener.pings == 1


async def test_a_ping_that_fails_is_logged(redis_url: str, listener: Listener) -> None:
    listener.is_deaf = True
    async with process(redis_url, f"{listener.ping_url},ping+http://127.0.0.1:1/") as one:
        with capture_logs() as logs:
            await one.look()

    assert [(line["event"], line["place"]) for line in logs] == [("alert.ping_failed", 1), ("alert.ping_failed", 2)]
