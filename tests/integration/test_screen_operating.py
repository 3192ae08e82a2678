"""What operators see and do on the screen beside cases: dead events, brakes, alerts, healing, campaigns."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.keys import CAMPAIGNS, STORE
from dunning.audit import Change
from dunning.campaign_file.reader import shipped
from dunning.errors import OperatorMustActError
from dunning.paddle.events import Event
from dunning.people import PersonRole
from dunning.reasons import HoldWord
from dunning.rules.breaker import hour_of
from dunning.rules.telling import Told
from dunning.store import Reconciled, SentAlert, Store, keys
from paddle_twin import Twin
from tests.integration.at_rest import of_transaction, redis_of
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import NOW, settings
from tests.integration.test_screen_cases import audit, change, said
from tests.integration.test_stores_dead import MALFORMED


@pytest.fixture
async def side(redis_url: str) -> AsyncIterator[ConsoleSide]:
    async with running_console(settings(redis_url)) as side:
        yield side


async def died(store: Store) -> Event:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.give_up(event.id, "fault: KeyError", NOW)
    return event


async def test_dead_events_are_read_by_viewers_and_replayed_and_dropped_by_operators(
    side: ConsoleSide, store: Store
) -> None:
    first, second = await died(store), await died(store)
    await store.inbox.bury(MALFORMED, NOW)
    viewer, operator = await side.sign_in(PersonRole.VIEWER), await side.sign_in(name="Ada")

    status, html = await viewer.get("/dead")
    replayed = await change(operator, "/dead/replay", event=first.id)
    dropped = await change(operator, "/dead/drop", event=second.id)
    gone = await change(operator, "/dead/drop", event=second.id)
    odd = await change(operator, "/dead/replay")
    rest = await change(operator, "/dead/drop")

    assert status == 200
    assert all(one in html for one in (first.id, second.id, "evt_odd", "fault: KeyError", first.facts.id))
    assert not any(f"/dead/{one}" in html for one in ("replay", "drop"))
    assert (replayed, await store.inbox.read(first.id)) == ((200, replayed[1]), first)
    assert ("1 event is handled again." in replayed[1], "1 event is dropped." in dropped[1]) == (True, True)
    assert gone[0] == 404
    assert ("0 events are handled again." in odd[1], "evt_odd is malformed" in odd[1]) == (True, True)
    assert "1 event is dropped." in rest[1]
    assert await store.dead.all() == []
    assert [(one.what, one.about) for one in await audit(side, 4)] == [
        (Change.DROP, "evt_odd"),
        (Change.REPLAY, "evt_odd"),
        (Change.DROP, second.id),
        (Change.REPLAY, first.id),
    ]
    assert "No event is dead." in said((await viewer.get("/dead"))[1])


async def test_dead_events_come_a_page_at_a_time(side: ConsoleSide, store: Store) -> None:
    for _ in range(51):
        await died(store)
    viewer = await side.sign_in(PersonRole.VIEWER)

    shown = [(await viewer.get(path))[1].count("fault: KeyError") for path in ("/dead", "/dead?first=50")]

    assert shown == [50, 1]
    assert (await viewer.get("/dead?first=x"))[0] == 400


async def test_mail_is_paused_and_resumed_by_name(side: ConsoleSide, store: Store) -> None:
    operator = await side.sign_in(name="Ada")

    all_ = await change(operator, "/brakes/pause")
    one = await change(operator, "/brakes/pause", campaign="renewal")
    paused = await store.brakes.paused()
    words = said((await operator.get("/brakes"))[1])
    resumed = [await change(operator, "/brakes/resume", **named) for named in ({}, {"campaign": "renewal"})]

    assert (all_[0], one[0]) == (200, 200)
    assert paused.all is not None
    assert (paused.all.why, [*paused.campaigns]) == ("by_operator Ada", ["renewal"])
    assert "All mail is paused since 2026-05-04 12:00 UTC (by_operator Ada)." in words
    assert "Resume “renewal”" in words
    assert "All mail is resumed." in resumed[0][1]
    assert (await store.brakes.paused()).stops("renewal") is False
    assert (await change(operator, "/brakes/pause", campaign="nothing"))[0] == 400
    assert [(one.what, one.about) for one in await audit(side, 4)] == [
        (Change.RESUME, "renewal"),
        (Change.RESUME, ""),
        (Change.PAUSE, "renewal"),
        (Change.PAUSE, ""),
    ]


async def test_the_breaker_is_shown_with_its_evidence(side: ConsoleSide, store: Store) -> None:
    this_hour = hour_of(NOW)
    await redis_of(store).hset(keys.OPENED, mapping={this_hour: 900, this_hour - 1: 40, this_hour - 40: 3})
    await store.due.sweep(NOW, calls_per_case=0, most_opened=120)

    words = said((await (await side.sign_in(PersonRole.VIEWER)).get("/brakes"))[1])

    assert "This hour has 900 new cases. More than 120 pause all mail: three times the busiest hour" in words
    assert "It has paused all mail: far more renewals fail than usual." in words
    assert "2026-05-04 12:00 UTC 900 2026-05-04 11:00 UTC 40 2026-05-02 20:00 UTC 3" in words
    assert "Resume" not in words


@pytest.mark.parametrize(
    ("breaker", "words"),
    [("off", "no number of failures pauses mail."), ("70", "More than 70 pause all mail, as DUNNING_BREAKER says.")],
)
async def test_a_breaker_that_is_set_is_shown(redis_url: str, breaker: str, words: str) -> None:
    async with running_console(settings(redis_url, BREAKER=breaker)) as side:
        assert words in said((await (await side.sign_in()).get("/brakes"))[1])


async def test_what_is_wrong_and_what_was_told_is_shown(redis_url: str, store: Store) -> None:
    on = {"on_hold:mail_login": Told(NOW, NOW, said=True), "backlog": Told(NOW)}
    await store.alerts.keep_told({**on, "webhooks_lost": Told(told_at=NOW)})
    await store.alerts.note_sent(
        SentAlert(NOW, "Dunning at x: Mail is on hold", "Work goes on", bad=True, to=("json",))
    )
    async with running_console(settings(redis_url, ALERT_URLS="json://secret:word@127.0.0.1:1/")) as side:
        html = (await (await side.sign_in(PersonRole.VIEWER)).get("/alerts"))[1]
    async with running_console(settings(redis_url)) as side:
        without = said((await (await side.sign_in()).get("/alerts"))[1])

    words = said(html)
    assert "Mail is on hold (mail_login) since 2026-05-04 12:00 UTC." in words
    assert "Work is late since 2026-05-04 12:00 UTC." in words
    assert "Told to nobody yet." in words
    assert "Webhooks don't arrive" not in words
    assert "By json, as DUNNING_ALERT_URLS says." in words
    assert "Dunning at x: Mail is on hold by json" in words
    assert "secret" not in html
    assert "alerts are in the log alone." in without


async def test_what_webhooks_missed_is_found_shown_and_mended(redis_url: str, store: Store) -> None:
    async with Twin() as twin:
        login = twin.portal_login_url
        of = settings(redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=login)
        customer = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        at = datetime.now(UTC) - timedelta(days=4)
        case_id = twin.world.decline(twin.world.add_subscription(customer), at=at)
        await store.reconciling.wait_for_operator(12)
        async with running_console(of) as side:
            viewer, operator = await side.sign_in(PersonRole.VIEWER), await side.sign_in(name="Ada")
            before = said((await viewer.get("/healing"))[1])
            found = await change(operator, "/healing/look")
            unchanged = await redis_of(store).zcard(keys.INBOX)
            healed = await change(operator, "/healing/apply")
            twin.fail_next("GET /subscriptions", 403, times=9)
            broken = [await change(operator, f"/healing/{way}") for way in ("look", "apply")]
            changes = [(one.what, one.who) for one in await audit(side, 9)]

    assert "12 debts wait for your word" in before
    assert "Past-due debts were last read never." in before
    assert "Look what webhooks missed" not in before
    assert (found[0], f"{case_id} " in found[1], "1 opened, 0 closed" in found[1]) == (200, True, True)
    assert ("This was a dry run" in found[1], unchanged) == (True, 0)
    assert ("1 opened" in healed[1], "dry run" in healed[1]) == (True, False)
    assert await redis_of(store).zcard(keys.INBOX) == 1
    assert changes == [(Change.RECONCILE, "Ada")] * 2  # what breaks off may have changed something
    assert [(status, "It broke off" in words) for status, words in broken] == [(503, True)] * 2


async def test_when_it_was_last_read_is_shown(side: ConsoleSide, store: Store) -> None:
    turn = await store.reconciling.take_turn(Reconciled.EVENTS, unless_within=timedelta(0), now=NOW)
    assert turn is not None
    await store.reconciling.end_turn(turn, NOW)

    words = said((await (await side.sign_in()).get("/healing"))[1])

    assert "Events were last read 2026-05-04 12:00 UTC." in words


async def test_the_plan_is_shown_and_what_a_changed_file_changes(redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "campaigns.toml"
    file.write_text(shipped())
    async with running_console(settings(redis_url, CAMPAIGN_FILE=str(file))) as side:
        viewer = await side.sign_in(PersonRole.VIEWER)
        plan = said((await viewer.get("/campaigns"))[1])
        file.write_text(shipped().replace('hard = "2h"', 'hard = "4h"'))
        changed = said((await viewer.get("/campaigns"))[1])
        file.write_text("[campaign.renewal]\non = 'renewal'\n")
        broken = said((await viewer.get("/campaigns"))[1])
        (campaign,) = side.app[CAMPAIGNS].all

    assert "first day 0, 2 h day 1 day 2 payment failed" in plan
    assert "The file has changed" not in plan
    assert "first goes out on day 0, 4 h after a hard decline, instead of day 0, 2 h." in changed
    assert "nobody who has a case is mailed otherwise" in changed
    assert ("The file can't be put in force" in broken, f"{file}:2:" in broken) == (True, True)
    assert campaign.name == "renewal"


async def test_every_mail_is_shown_in_every_language(side: ConsoleSide) -> None:
    viewer = await side.sign_in(PersonRole.VIEWER)

    english = (await viewer.get("/campaigns/mails/payment_failed"))[1]
    german = (await viewer.get("/campaigns/mails/payment_failed?language=de"))[1]
    nothing = [await viewer.get(f"/campaigns/mails/{query}") for query in ("nothing", "reminder?language=xx")]

    assert "sandbox srcdoc=" in english
    assert 'option value="de" selected' in german
    assert "lang=&#34;de&#34;" in german
    assert [status for status, _ in nothing] == [404, 404]
    assert "there is no" in said(nothing[0][1])


async def test_holds_stand_in_a_case_s_way_and_on_the_overview(side: ConsoleSide) -> None:
    error = OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN)
    await side.app[STORE].holds.raise_(error, NOW)

    assert "The login is refused." in said((await (await side.sign_in()).get("/"))[1])
