"""Mail stops and starts as the operator says, wherever a batch is at that moment, and as the breaker says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from dunning.paddle.live import LiveTransaction
from dunning.rules.delivery import DeliveryState
from dunning.store import Pause, Paused, Store
from tests.integration.at_rest import redis_of
from tests.integration.house import House, house, running
from tests.integration.several_debts import Interrupted
from tests.until import until
from worker.handle_event import handle_event
from worker.send.batch import send_steps
from worker.services import WorkerServices, check_templates, open_services, utc_now


@dataclass
class PausesMeanwhile:
    """A client of Paddle's, during whose call somebody pulls the brake."""

    real: Any
    store: Store
    campaign: str | None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        """Do all else as the real one does."""
        return getattr(self.real, name)

    async def read_transactions(self, *asked: Any) -> dict[str, LiveTransaction]:  # noqa: ANN401 - as the real one
        await self.store.brakes.pause(self.campaign, "operator", utc_now())
        answer: dict[str, LiveTransaction] = await self.real.read_transactions(*asked)
        return answer


@dataclass
class ResumedMeanwhile:
    """Brakes that were pulled when they were looked at, and are not any more."""

    real: Any

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real ones have
        """Do all else as the real ones do."""
        return getattr(self.real, name)

    async def paused(self) -> Paused:
        return Paused(None, {"renewal": Pause(utc_now(), "by_operator")})


@asynccontextmanager
async def services_of(home: House, redis_url: str) -> AsyncIterator[WorkerServices]:
    services = open_services(home.settings, redis_url, check_templates(home.settings))
    yield services
    await services.close()


async def a_due_case(home: House, services: WorkerServices) -> str:
    """Decline a renewal and handle its events, and nothing more."""
    bill = home.twin.world.decline(home.add_subscription())
    await home.twin.notifications.settled()
    for notification in home.twin.sent:
        await handle_event(services, notification.event_id)
    return bill


async def deal_with(services: WorkerServices, case_id: str, *, calls: int = 2) -> None:
    """Run the job that a sweep would have queued, after it was."""
    grants = await services.store.limiter.ask(calls, background=True)
    await send_steps(services, [case_id], [grant.id for grant in grants or []])


async def test_while_all_mail_is_paused_events_are_handled_and_steps_stay_due(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        await home.store.brakes.pause(None, "operator", utc_now())
        bill = home.twin.world.decline(home.add_subscription())
        await until(lambda: home.case(bill))
        assert home.mailbox.mails == []

        await home.store.brakes.resume(None, utc_now())

        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def test_cases_of_a_paused_campaign_wait_until_it_is_resumed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        await home.store.brakes.pause("renewal", "operator", utc_now())
        bill = home.twin.world.decline(home.add_subscription())
        await until(lambda: is_parked(home, bill))
        assert home.mailbox.mails == []
        assert home.twin.counts.total() == 0

        await home.store.brakes.resume("renewal", utc_now())

        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def test_another_campaigns_pause_stops_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        await home.store.brakes.pause("other", "operator", utc_now())

        bill = home.twin.world.decline(home.add_subscription())

        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def test_a_batch_that_was_queued_already_is_put_back_without_a_call(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, services_of(home, redis_url) as services:
        bill = await a_due_case(home, services)
        await home.store.brakes.pause(None, "operator", utc_now())

        await deal_with(services, bill)

        assert home.twin.counts.total() == 0
        assert (await home.store.due.sweep(utc_now(), calls_per_case=0)).why == "paused"
        await home.store.brakes.resume(None, utc_now())
        assert (await home.store.due.sweep(utc_now(), calls_per_case=0)).moved == 1
        case = await home.case(bill)
        assert case is not None
        assert case.deliveries == {}


async def test_mail_that_is_paused_while_paddle_is_asked_does_not_go_out(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, services_of(home, redis_url) as services:
        bill = await a_due_case(home, services)
        paddle: Any = PausesMeanwhile(services.paddle, home.store, None)

        await deal_with(replace(services, paddle=paddle), bill)

        assert home.twin.counts["GET /transactions"] == 1
        assert home.mailbox.mails == []
        await home.store.brakes.resume(None, utc_now())
        assert (await home.store.due.sweep(utc_now(), calls_per_case=0)).moved == 1


async def test_a_campaign_that_is_paused_while_paddle_is_asked_is_parked(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, services_of(home, redis_url) as services:
        bill = await a_due_case(home, services)
        paddle: Any = PausesMeanwhile(services.paddle, home.store, "renewal")

        await deal_with(replace(services, paddle=paddle), bill)

        assert home.mailbox.mails == []
        assert await is_parked(home, bill)


async def test_the_calls_kept_for_links_of_mails_that_are_paused_meanwhile_are_given_back(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        house(redis_url, tmp_path, working=False, LINK_MINT="send") as home,
        services_of(home, redis_url) as services,
    ):
        bill = await a_due_case(home, services)
        paddle: Any = PausesMeanwhile(services.paddle, home.store, "renewal")

        await deal_with(replace(services, paddle=paddle), bill, calls=3)

        assert home.twin.counts.total() == 2
        assert await redis_of(home.store).zcard("dunning:api:log") == 2


async def test_a_pause_just_before_data_stops_the_mail_uncounted_and_its_case_is_parked(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, services_of(home, redis_url) as services:
        bill = await a_due_case(home, services)

        async def pause() -> None:
            await home.store.brakes.pause("renewal", "operator", utc_now())

        await deal_with(replace(services, transport=Interrupted(services.transport, pause)), bill)

        assert home.mailbox.mails == []
        case = await home.case(bill)
        assert case is not None
        assert (case.delivery("first").reason, case.delivery("first").tries) == ("paused", 0)
        await deal_with(services, bill)
        assert await is_parked(home, bill)


async def test_a_campaign_that_is_resumed_in_this_moment_is_due_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, services_of(home, redis_url) as services:
        bill = await a_due_case(home, services)
        brakes: Any = ResumedMeanwhile(services.store.brakes)
        services.store.brakes = brakes

        await deal_with(services, bill)

        assert not await is_parked(home, bill)
        assert (await home.store.due.sweep(utc_now(), calls_per_case=0)).moved == 1


async def test_the_breaker_trips_before_the_first_mail_of_a_burst_and_says_so_once(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False, BREAKER="2") as home:
        async with services_of(home, redis_url) as services:
            for _ in range(3):
                await a_due_case(home, services)
        with capture_logs() as logs:
            async with running(home.worker):
                await until(lambda: told(logs, "sending.paused"))
                assert home.mailbox.mails == []
                await home.store.brakes.resume(None, utc_now())
                await home.mailbox.wait_for(3)

        (tripped,) = [entry for entry in logs if entry["event"] == "breaker.tripped"]
        assert (tripped["log_level"], tripped["opened"], tripped["at_most"]) == ("error", 3, 2)
        assert await told(logs, "sending.resumed")


async def test_as_many_new_cases_as_the_breaker_allows_are_mailed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, BREAKER="2") as home:
        bills = [home.twin.world.decline(home.add_subscription()) for _ in range(2)]

        assert [await home.delivery_ended(bill) for bill in bills] == [DeliveryState.SENT] * 2


async def is_parked(home: House, case_id: str) -> bool:
    return bool(await redis_of(home.store).sismember("dunning:parked:renewal", case_id))


async def told(logs: list[Any], event: str) -> bool:
    return event in {entry["event"] for entry in logs}
