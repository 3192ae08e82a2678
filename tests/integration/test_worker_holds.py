"""While the operator has something to mend, a case that could not find out whether it was mended lets another one."""

from pathlib import Path

import pytest

from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.store import Store, keys
from tests.integration.at_rest import redis_of
from tests.integration.house import house
from tests.integration.several_debts import decline, grants, hold, served, subscriptions
from worker.send.batch import send_steps
from worker.services import WorkerServices

LOGIN = OperatorMustActError("The mail server refuses the login.", hold=HoldWord.MAIL_LOGIN)


@pytest.mark.parametrize("what", ["parked", "waits_for_leader", "covered", "not_due"])
async def test_a_case_that_is_not_mailed_now_lets_another_one_try_at_once_and_is_not_due_itself(
    redis_url: str, tmp_path: Path, what: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        other = decline(home, maps, "expired_card")
        looked_at = decline(home, maps if what == "covered" else support, "expired_card")
        async with served(home) as services:
            match what:
                case "parked":
                    await services.store.brakes.pause("renewal", "operator", services.clock())
                case "waits_for_leader":
                    await hold(services, other)
                case "not_due":
                    await hold(services, looked_at)
            await services.store.holds.raise_(LOGIN, services.clock())

            await send_steps(services, [looked_at], await grants(services))

            assert not await is_being_tried(services.store)
            (due_at,) = await services.store.due.when([looked_at])
            assert due_at is not None
            assert due_at > services.clock()
            assert home.twin.counts.total() == 0


async def test_a_case_that_turns_out_to_be_over_lets_another_one_try_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home) as services:
            home.twin.notifications.url = None
            home.twin.world.pay(bill)
            await services.store.holds.raise_(LOGIN, services.clock())

            await send_steps(services, [bill], await grants(services))

            assert (await home.case_ended(bill)).state is CaseState.RECOVERED
            assert not await is_being_tried(services.store)


async def test_a_mail_that_did_not_go_out_was_a_try(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")

        async def fail(services: WorkerServices) -> None:
            await services.store.holds.raise_(LOGIN, services.clock())
            raise LOGIN

        async with served(home, fail) as services:
            await send_steps(services, [bill], await grants(services))

            assert await is_being_tried(services.store)


async def is_being_tried(store: Store) -> bool:
    """Whether the next try is half a minute off."""
    return bool(await redis_of(store).exists(keys.PROBE))
