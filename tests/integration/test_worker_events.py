"""Events through a real worker: whatever the order, what a case becomes is what is true."""

from pathlib import Path

import pytest

from dunning.rules.case import CaseState
from tests.integration.at_rest import redis_of
from tests.integration.house import House, house, running
from tests.until import until

LATER = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = "1h"
template = "payment_failed"
"""

NEVER = 'on = "renewal_failed"\nwhen = { currency = ["JPY"] }'


async def test_a_payment_that_is_told_before_the_failure_keeps_the_case_from_opening(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        url, home.twin.notifications.url = home.twin.notifications.url, None
        bill = home.twin.world.decline(home.add_subscription())
        home.twin.world.pay(bill)
        home.twin.notifications.url = url
        for told in ("transaction.paid", "transaction.payment_failed", "transaction.past_due"):
            event = next(sent for sent in home.twin.sent if sent.event_type == told)
            home.twin.replay(event.event_id)
            await home.twin.notifications.settled()
            await until(lambda: _all_handled(home))
        assert await home.case(bill) is None
        assert {one.came_to for one in await home.store.traces.events(bill)} == {"ended_before_opening"}


async def test_what_an_event_without_a_case_came_to_can_be_asked_for(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER.replace('on = "renewal_failed"', NEVER)) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.twin.notifications.settled()
        await until(lambda: _all_handled(home))

        found = await home.store.traces.events(bill)

        assert {(one.event_type, one.came_to) for one in found} == {
            ("transaction.payment_failed", "no_campaign"),
            ("transaction.past_due", "no_campaign"),
        }
        assert await home.case(bill) is None


async def test_an_event_that_has_a_case_leaves_no_trace_beside_it(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.twin.notifications.settled()
        await until(lambda: _all_handled(home))

        assert await home.case(bill) is not None
        assert await home.store.traces.events(bill) == []


async def test_a_pause_that_is_told_before_the_failure_it_ended_keeps_the_case_from_opening(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        url, home.twin.notifications.url = home.twin.notifications.url, None
        subscription = home.add_subscription()
        bill = home.twin.world.decline(subscription)
        home.twin.world.pause(subscription)
        home.twin.notifications.url = url
        for told in ("subscription.paused", "transaction.payment_failed"):
            home.twin.replay(next(sent for sent in home.twin.sent if sent.event_type == told).event_id)
            await home.twin.notifications.settled()
            await until(lambda: _all_handled(home))
        assert await home.case(bill) is None


async def test_a_canceled_subscription_stops_all_its_open_cases(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        subscription = home.add_subscription()
        bills = [home.twin.world.decline(subscription) for _ in range(2)]
        await until(lambda: _all_opened(home, bills))
        home.twin.world.cancel(subscription)
        ended = [await home.case_ended(bill) for bill in bills]
        assert [case.state for case in ended] == [CaseState.STOPPED] * 2


async def test_a_case_that_cannot_be_read_keeps_no_other_of_the_customer_from_ending(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        subscriptions = [home.twin.world.add_subscription(customer) for _ in range(2)]
        debts = {home.twin.world.decline(subscription): subscription for subscription in subscriptions}
        await until(lambda: _all_opened(home, list(debts)))
        await until(lambda: _all_handled(home))
        unreadable, canceled = sorted(debts)
        await redis_of(home.store).set(f"dunning:case:{unreadable}", "7 open {}")
        url, home.twin.notifications.url = home.twin.notifications.url, None
        home.twin.world.cancel(debts[canceled])
        home.twin.notifications.url = url
        home.twin.replay(next(sent for sent in home.twin.sent if sent.event_type == "subscription.canceled").event_id)

        ended = await home.case_ended(canceled)

        assert (ended.state, ended.reason) == (CaseState.STOPPED, "subscription_canceled")
        await until(lambda: _dead(home, 1))  # so that it is handled anew when the other can be read


@pytest.mark.parametrize("last_first", [False, True])
async def test_a_canceled_subscription_is_the_reason_in_whatever_order_it_is_told(
    redis_url: str, tmp_path: Path, *, last_first: bool
) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        subscription = home.add_subscription()
        bill = home.twin.world.decline(subscription)
        await until(lambda: _all_opened(home, [bill]))
        url, home.twin.notifications.url = home.twin.notifications.url, None
        home.twin.world.cancel(subscription)
        home.twin.notifications.url = url
        for told in sorted(("subscription.canceled", "transaction.canceled"), reverse=last_first):
            home.twin.replay(next(sent for sent in home.twin.sent if sent.event_type == told).event_id)
            await home.twin.notifications.settled()
            await until(lambda: _all_handled(home))
        assert (await home.case_ended(bill)).reason == "subscription_canceled"
        counters = (await home.store.health.snapshot(home.twin.world.clock())).counters
        first = "debt_canceled" if last_first else "subscription_canceled"
        assert {name: count for name, count in counters.items() if "stopped" in name} == {
            "cases_stopped": 1,
            f"stopped_{first}": 1,
        }


async def test_the_same_event_twice_opens_one_case(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        bill = home.twin.world.decline(home.add_subscription())
        failure = next(sent for sent in home.twin.sent if sent.event_type == "transaction.payment_failed")
        await home.twin.notifications.settled()
        home.twin.replay(failure.event_id)
        await home.twin.notifications.settled()
        await until(lambda: _all_handled(home))
        story = await home.told(bill)
        assert story.count("opened") == 1


async def test_a_declined_checkout_opens_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        url, home.twin.notifications.url = home.twin.notifications.url, None
        bill = home.twin.world.decline(home.add_subscription())
        home.twin.notifications.url = url
        checkout = {**home.twin.world.transactions[bill], "origin": "web", "subscription_id": None, "status": "ready"}
        home.twin.send("transaction.payment_failed", checkout)
        await home.twin.notifications.settled()
        await until(lambda: _all_handled(home))
        assert await home.case(bill) is None


async def test_a_failure_that_says_no_time_is_kept_as_dead_and_revived_by_a_replay(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=LATER) as home:
        url, home.twin.notifications.url = home.twin.notifications.url, None
        bill = home.twin.world.decline(home.add_subscription())
        home.twin.notifications.url = url
        timeless = {**home.twin.world.transactions[bill], "payments": [], "billed_at": None}
        sent = home.twin.send("transaction.past_due", timeless)
        await until(lambda: _dead(home, 1))
        home.twin.replay(sent.event_id)
        await home.twin.notifications.settled()
        await until(lambda: _dead(home, 1))
        assert await home.case(bill) is None


async def test_events_that_waited_for_a_worker_are_handled_when_there_is_one(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=LATER, working=False) as home:
        bill = home.twin.world.decline(home.add_subscription())
        await home.twin.notifications.settled()
        await home.store.inbox._redis.delete("dunning:jobs")  # even the queue is lost: the inbox is not
        waiting = await home.store.inbox._redis.zrange("dunning:inbox", 0, -1)
        await home.store.inbox._redis.zadd("dunning:inbox", dict.fromkeys(waiting, 0))  # and a while passes
        async with running(home.worker):
            await until(lambda: _all_opened(home, [bill]))


async def _all_handled(home: House) -> bool:
    gauges = (await home.store.health.snapshot(home.twin.world.clock())).gauges
    return gauges["unhandled_events"] == 0 and gauges["queued_jobs"] == 0


async def _all_opened(home: House, bills: list[str]) -> bool:
    return all([await home.case(bill) for bill in bills])


async def _dead(home: House, count: int) -> bool:
    gauges = (await home.store.health.snapshot(home.twin.world.clock())).gauges
    return gauges["dead_events"] == count and gauges["unhandled_events"] == 0
