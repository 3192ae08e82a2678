"""A refusal of one recipient settles its step; refusals one after the other are about us, and hold."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from dunning.reasons import HoldWord
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.store import Store, keys
from tests.integration.at_rest import NOW, a_case, later, redis_of
from tests.integration.house import House, house
from tests.integration.several_debts import decline, grants, served
from worker.mail.transport import Outcome, Result
from worker.send.batch import send_steps
from worker.send.refusals import REFUSALS_HOLD, note_accepted, reclassify_refusal

REFUSED = Result(Outcome.REFUSED, "smtp_rcpt_550")
DEAD_ADDRESS = Result(Outcome.REFUSED, "smtp_rcpt_550", about_recipient=True)
POLICY = Result(Outcome.HELD, "smtp_rcpt_554", hold=HoldWord.MAIL_POLICY)
LOGIN = Result(Outcome.HELD, "smtp_login_535", hold=HoldWord.MAIL_LOGIN)


@dataclass
class Worker:
    """As much of the worker as weighs refusals, at a moment of the test's choosing."""

    store: Store
    now: list[object] = field(default_factory=lambda: [NOW])

    def clock(self) -> object:
        return self.now[-1]


async def outcomes(store: Store, *results: Result, cases: list[Case] | None = None) -> list[str | None]:
    """Weigh one refusal after the other, of a new customer each, and give the holds they come to."""
    given = cases or [a_case() for _ in results]
    weighed = [
        await reclassify_refusal(Worker(store), case, Delivery(), result)  # type: ignore[arg-type] # all that it needs
        for case, result in zip(given, results, strict=True)
    ]
    return [one.hold for one in weighed]


async def test_the_third_unspecific_refusal_in_a_row_is_about_us(store: Store) -> None:
    assert await outcomes(store, REFUSED, REFUSED, REFUSED) == [None, None, REFUSALS_HOLD]


async def test_dead_addresses_are_about_us_from_the_sixth_on(store: Store) -> None:
    assert await outcomes(store, *[DEAD_ADDRESS] * 6) == [None] * 5 + [REFUSALS_HOLD]


async def test_one_customer_with_many_debts_is_one_recipient(store: Store) -> None:
    case = a_case()

    assert await outcomes(store, *[REFUSED] * 4, cases=[case] * 4) == [None] * 4


async def test_a_mail_that_is_accepted_ends_the_row(store: Store) -> None:
    await outcomes(store, REFUSED, REFUSED)
    await note_accepted(Worker(store))  # type: ignore[arg-type] # all that it needs

    assert await outcomes(store, REFUSED, REFUSED) == [None, None]


async def test_a_row_ends_an_hour_after_the_last_new_customer_however_often_one_is_tried_again(store: Store) -> None:
    cases = [a_case() for _ in range(3)]
    await outcomes(store, *[REFUSED] * 3, cases=cases)
    await redis_of(store).pexpire(keys.REFUSED, 60_000)

    await outcomes(store, REFUSED, cases=cases[:1])

    assert await redis_of(store).pttl(keys.REFUSED) <= 60_000
    assert not await store.refusals.are_over()


@pytest.mark.parametrize(
    ("result", "accepted_at", "outcome"),
    [
        (POLICY, later(seconds=1), Outcome.REFUSED),
        (POLICY, later(seconds=-1), Outcome.HELD),
        (POLICY, None, Outcome.HELD),
        (LOGIN, later(seconds=1), Outcome.HELD),
        (Result(Outcome.HELD, "another", hold=HoldWord.MAIL_POLICY), later(seconds=1), Outcome.HELD),
    ],
    ids=["accepted_since", "accepted_before", "none_accepted", "before_any_recipient", "another_answer"],
)
async def test_what_one_mail_meets_twice_while_another_is_accepted_is_about_its_recipient(
    store: Store, result: Result, accepted_at: object, outcome: Outcome
) -> None:
    code = POLICY.code if result is POLICY else LOGIN.code
    before = Delivery().claim("me", NOW - timedelta(seconds=5)).put_back("me", code, NOW, counted=False)
    worker = Worker(store, [accepted_at])
    if accepted_at is not None:
        await note_accepted(worker)  # type: ignore[arg-type] # all that it needs

    weighed = await reclassify_refusal(worker, a_case(), before, result)  # type: ignore[arg-type] # all that it needs

    assert weighed.outcome is outcome


async def test_no_more_than_two_steps_are_lost_to_a_server_that_refuses_everybody(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bills = [decline(home, home.add_subscription(email=f"c{n}@customer.example"), "expired_card") for n in range(5)]
        home.mailbox.answer("rcpt", 550, times=5)
        async with served(home) as services:
            await send_steps(services, bills, await grants(services))

            states = sorted([(await delivery(home, bill)).state for bill in bills])
            assert states == [DeliveryState.PLANNED] * 3 + [DeliveryState.REFUSED] * 2
            assert [hold.word for hold in await services.store.holds.all()] == [REFUSALS_HOLD]
            assert {(await delivery(home, bill)).tries for bill in bills} == {0}

            await send_steps(services, bills, await grants(services))

            assert [hold.word for hold in await services.store.holds.all()] == []
            assert len(home.mailbox.mails) == 3


async def delivery(home: House, bill: str) -> Delivery:
    case = await home.case(bill)
    assert case is not None
    return case.delivery("first")
