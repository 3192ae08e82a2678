"""Redis goes away before anything was sent: no fault of ours, and put right as soon as it is back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

from structlog.testing import capture_logs

from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.delivery import DeliveryState
from dunning.store import Store
from tests.integration.house import House, house
from tests.integration.redis_full import FullOnceAsked, emptied_in_the_end, empty, fill
from tests.integration.several_debts import decline, grants, served
from tests.until import until
from worker.mail.transport import Result, Transport
from worker.operator import put_on_hold
from worker.redis_away import AwayBeforeDataError
from worker.send.batch import send_steps
from worker.services import WorkerServices


async def test_a_mail_that_redis_lets_nobody_begin_is_put_back_uncounted_when_redis_is_back(
    redis_url: str, tmp_path: Path, store: Store
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, emptied_in_the_end(store):
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home, full) as services:
            with capture_logs() as logs:
                await send_steps(services, [bill], await grants(services))

            assert told(logs) == {("step.redis_away", "warning", bill)}
            assert home.mailbox.mails == []
            await empty(store)
            await until(lambda: is_free_and_due(home, services, bill))

            await send_steps(services, [bill], await grants(services))
            assert await home.delivery_ended(bill) is DeliveryState.SENT
            assert len(home.mailbox.mails) == 1


async def test_a_claim_that_redis_refuses_has_the_case_looked_at_again_when_redis_is_back(
    redis_url: str, tmp_path: Path, store: Store
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, emptied_in_the_end(store):
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home) as services:
            await sweep_away(services, bill)
            with capture_logs() as logs:
                await send_steps(full_once_asked(services), [bill], await grants(services))

            assert told(logs) == {("step.redis_away", "warning", bill)}
            await empty(store)
            await until(lambda: is_free_and_due(home, services, bill))


async def test_a_skip_that_redis_refuses_has_the_case_looked_at_again_and_the_batch_goes_on(
    redis_url: str, tmp_path: Path, store: Store
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, emptied_in_the_end(store):
        bills = [decline(home, home.add_subscription(email=to), "expired_card") for to in ("", "bo@customer.example")]
        async with served(home) as services:
            await sweep_away(services, *bills)
            with capture_logs() as logs:
                await send_steps(full_once_asked(services), bills, await grants(services))

            assert told(logs) == {("step.redis_away", "warning", bill) for bill in bills}
            await empty(store)
            for bill in bills:
                await until(lambda bill=bill: is_free_and_due(home, services, bill))  # type: ignore[misc] # mypy can't tell


async def test_a_begin_whose_answer_was_lost_is_put_back_too_since_nothing_was_handed_over(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home) as services:
            lossy = replace(services, transport=LosesTheAnswer(services.transport))
            await send_steps(lossy, [bill], await grants(services))

            await until(lambda: is_free_and_due(home, services, bill))
            case = await home.case(bill)
            assert case is not None
            assert case.delivery("first").unknowns == 0


async def test_a_hold_that_redis_refuses_does_not_keep_the_step_from_being_put_back(
    redis_url: str, tmp_path: Path, store: Store
) -> None:
    async def refuse(services: WorkerServices) -> None:
        await fill(services.store)
        raise OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN)

    async with house(redis_url, tmp_path, working=False) as home, emptied_in_the_end(store):
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home, refuse) as services:
            job = services.in_background(send_steps(services, [bill], await grants(services)))
            with capture_logs() as logs:
                await until(lambda: events(logs, "hold.not_noted"))
            await empty(store)
            await job
            assert await is_free_and_due(home, services, bill)


async def test_a_hold_that_cannot_be_noted_is_a_warning(redis_url: str, tmp_path: Path, store: Store) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services, emptied_in_the_end(store):
        await fill(store)
        with capture_logs() as logs:
            await put_on_hold(services, OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN))

        of_holds = [(entry["event"], entry["log_level"]) for entry in logs if entry["event"].startswith("hold.")]
        assert of_holds == [("hold.not_noted", "warning")]


@dataclass
class LosesTheAnswer:
    """A transport that hears nothing of what was written before DATA."""

    real: Transport

    @property
    def idempotent(self) -> bool:
        return self.real.idempotent

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        del mail, recipient, key
        assert await before_data()
        raise AwayBeforeDataError

    async def probe(self) -> frozenset[str] | None:
        return await self.real.probe()

    async def close(self) -> None:
        await self.real.close()


def full_once_asked(services: WorkerServices) -> WorkerServices:
    return replace(services, paddle=FullOnceAsked(services.paddle, services.store))  # type: ignore[arg-type] # it answers as the real one does


async def full(services: WorkerServices) -> None:
    await fill(services.store)


async def sweep_away(services: WorkerServices, *bills: str) -> None:
    """Set the cases aside, as the sweep does."""
    await services.store.due.put_back(list(bills), services.clock().replace(year=2099))


async def is_free_and_due(home: House, services: WorkerServices, bill: str) -> bool:
    case = await home.case(bill)
    (due_at,) = await home.store.due.when([bill])
    delivery = case.delivery("first") if case else None
    return (
        delivery is not None
        and (delivery.state, delivery.owner, delivery.tries) == (DeliveryState.PLANNED, None, 0)
        and due_at is not None
        and due_at <= services.clock()
    )


async def events(logs: Sequence[Mapping[str, object]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


def told(logs: Sequence[Mapping[str, object]]) -> set[tuple[object, object, object]]:
    """Give what is said of the cases in the way of trouble."""
    loud = [entry for entry in logs if entry["log_level"] in {"warning", "error"}]
    return {(entry["event"], entry["log_level"], entry.get("case_id")) for entry in loud}
