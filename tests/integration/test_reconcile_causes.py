"""What came before a payment, asked of the twin's history of the subscription, and moved in the sums."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dunning.casebook.write import write_by
from dunning.errors import OperatorMustActError, TransientError
from dunning.paddle_api.grants import Grant
from dunning.rules.case import CaseState
from dunning.rules.tally import Money
from dunning.store import Store, Versioned
from tests.integration.at_rest import redis_of
from tests.integration.cases_by_hand import CAMPAIGN, sent
from tests.integration.reconciling import Scene, scene
from tests.unit.case_builders import a_case
from worker.reconcile.causes import tell_causes

HISTORY = "GET /subscriptions/{id}/history"
A_WHILE = timedelta(minutes=6)
MAIL = "recovered|renewal|first|hard|mail|USD"


@pytest.fixture
async def at(store: Store) -> AsyncIterator[Scene]:
    async with scene(store) as made:
        yield made


async def pay(at: Scene, source: str | None, *, mailed: bool = True) -> str:
    """Let a bill be paid half a day after a mail about it went out, and be counted."""
    bill = at.decline()
    transaction = at.twin.world.transactions[bill]
    case = a_case(
        id=bill,
        subscription_id=transaction["subscription_id"],
        customer_id=transaction["customer_id"],
        failed_at=at.clock.now,
        deliveries={"first": sent(at.clock.now + timedelta(days=1))} if mailed else {},
    )
    money = Money("USD", int(transaction["details"]["totals"]["grand_total"]))
    read = await write_by(at.store, CAMPAIGN, 1, at.clock.now, Versioned(None, 0), case, money=money)
    at.clock.forward(timedelta(hours=36))
    at.twin.world.pay(bill, source=source)
    await write_by(
        at.store, CAMPAIGN, 1, at.clock.now, read, case.end(CaseState.RECOVERED, None, at.clock.now), money=money
    )
    return bill


async def recovered(at: Scene) -> dict[str, int]:
    """Give today's sums of what was recovered, but for those that are zero."""
    (found,) = await at.store.sums.of([at.clock.now.date()])
    return {field: by for field, by in found.items() if by and "|recovered|" in field}


async def waiting(at: Scene) -> int:
    return len(await at.store.recovered.first(100))


@pytest.mark.parametrize(
    ("source", "mailed", "cause"),
    [
        ("customer_portal", True, "first|hard|mail"),
        ("customer_portal", False, "none|hard|customer"),
        ("retain", True, "first|hard|retain"),
        ("dashboard", True, "first|hard|seller"),
        (None, True, "first|hard|paddle"),
        (None, False, "none|hard|paddle"),
    ],
)
async def test_a_payment_moves_to_what_the_history_tells(
    at: Scene,
    source: str | None,
    mailed: bool,  # noqa: FBT001 - a case of the table
    cause: str,
) -> None:
    bill = await pay(at, source, mailed=mailed)
    at.clock.forward(A_WHILE)

    assert await tell_causes(at.reconciler) is None

    total = int(at.twin.world.transactions[bill]["details"]["totals"]["grand_total"])
    assert await recovered(at) == {
        f"n|recovered|renewal|{cause}|USD": 1,
        f"k|recovered|renewal|{cause}|USD": 1,
        f"a|recovered|renewal|{cause}|USD": total,
    }
    assert at.twin.counts == {"GET /transactions": 1, HISTORY: 1}
    assert await waiting(at) == 0


async def test_a_payment_of_just_now_waits_and_many_take_one_call_for_their_bills(at: Scene) -> None:
    for _ in range(3):
        await pay(at, "retain")
    at.clock.forward(timedelta(minutes=4))

    await tell_causes(at.reconciler)
    assert (await waiting(at), at.twin.counts) == (1, {"GET /transactions": 1, HISTORY: 2})
    at.clock.forward(timedelta(minutes=2))
    await tell_causes(at.reconciler)

    assert (await waiting(at), at.twin.counts) == (0, {"GET /transactions": 2, HISTORY: 3})


async def test_a_key_that_may_not_read_histories_leaves_all_causes_after_one_question(at: Scene) -> None:
    at.twin.api.permissions.remove("subscription_history.read")
    for _ in range(2):
        await pay(at, "retain")
    at.clock.forward(A_WHILE)

    refused = await tell_causes(at.reconciler)

    assert refused is not None
    assert "subscription_history.read" in refused
    assert (await recovered(at))[f"n|{MAIL}"] == 1
    assert (await waiting(at), at.twin.counts[HISTORY]) == (0, 1)
    assert await tell_causes(at.reconciler) is None
    assert at.twin.counts[HISTORY] == 1


async def test_a_key_that_is_refused_is_for_the_operator_and_all_goes_on_later(at: Scene) -> None:
    await pay(at, "retain")
    at.clock.forward(A_WHILE)
    at.twin.fail_next(HISTORY, 403, code="invalid_token")

    with pytest.raises(OperatorMustActError, match="revoked"):
        await tell_causes(at.reconciler)

    assert await waiting(at) == 1


async def test_what_paddle_does_not_know_keeps_its_cause_and_the_rest_moves(at: Scene) -> None:
    unknown, _ = await pay(at, "retain"), await pay(at, "retain")
    subscription = at.twin.world.transactions[unknown]["subscription_id"]
    del at.twin.world.subscriptions[subscription]
    at.clock.forward(A_WHILE)

    with capture_logs() as logs:
        await tell_causes(at.reconciler)

    (line,) = [one for one in logs if one["event"] == "reconcile.cause_not_told"]
    assert (line["case_id"], "404 not_found" in line["problem"]) == (unknown, True)
    (earlier,) = await at.store.sums.of([(at.clock.now - timedelta(hours=36)).date()])
    assert earlier[f"n|{MAIL}"] == 1
    assert (await recovered(at))["n|recovered|renewal|first|hard|retain|USD"] == 1
    assert await waiting(at) == 0


async def test_a_case_that_is_gone_and_a_bill_that_paddle_lacks_take_no_question(at: Scene) -> None:
    gone, lacking = await pay(at, "retain"), await pay(at, "retain")
    await redis_of(at.store).delete(f"dunning:case:{gone}")
    del at.twin.world.transactions[lacking]
    at.clock.forward(A_WHILE)

    await tell_causes(at.reconciler)

    assert at.twin.counts == {"GET /transactions": 1}
    assert await waiting(at) == 0


async def test_a_stall_of_paddles_leaves_it_for_later(at: Scene) -> None:
    await pay(at, "retain")
    at.clock.forward(A_WHILE)
    at.twin.fail_next(HISTORY, 500, times=2)

    with pytest.raises(TransientError):
        await tell_causes(at.reconciler)

    assert await waiting(at) == 1


async def test_a_turn_ends_after_a_while_and_the_next_goes_on(at: Scene) -> None:
    """Each call to Paddle takes a minute here."""
    for _ in range(4):
        await pay(at, "retain")
    at.clock.forward(A_WHILE)
    slow, next_grant = at.reconciler, at.reconciler.next_grant

    async def in_a_minute() -> Grant:
        at.clock.forward(timedelta(minutes=1))
        return await next_grant()

    await tell_causes(replace(slow, next_grant=in_a_minute))
    assert at.twin.counts[HISTORY] == 2
    await tell_causes(slow)

    assert (await waiting(at), at.twin.counts[HISTORY]) == (0, 4)
