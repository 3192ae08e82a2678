"""That a storm's mails share calls to Paddle, and that one of them in trouble costs the others little.

The jobs are the worker's own, over the store in memory.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bench.scaling import Storm
from cli.plan.simulate.asked import AskedPaddle
from dunning.errors import PermanentError
from dunning.jobs import MOST_STEPS
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle_api.grants import Grant


class CountingPaddle(AskedPaddle):
    """Counts its calls. It can't answer a call that asks about `refused`, as often as `refusals` says."""

    def __init__(self, storm: Storm) -> None:
        super().__init__(storm.paddle, storm.store.limiter, storm.clock)
        self.calls: Counter[str] = Counter()
        self.refused, self.refusals = "", 0

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveTransaction]:
        self._count("transactions", ids)
        return await super().read_transactions(ids, grant)

    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveSubscription]:
        self._count("subscriptions", ids)
        return await super().read_subscriptions(ids, grant)

    def _count(self, call: str, ids: Sequence[str]) -> None:
        self.calls[call] += 1
        if self.refused in ids and self.refusals:
            self.refusals -= 1
            raise PermanentError("Paddle answered 400.")


class AskedStorm(Storm):
    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.asked = CountingPaddle(self)
        self.services = replace(self.services, paddle=self.asked)


async def test_a_mail_of_a_storm_of_3000_takes_at_most_0_045_calls() -> None:
    storm = AskedStorm(3_000)

    mailed = await storm.mailed()

    assert len(mailed) == 3_000
    assert max(mailed.values()) < timedelta(minutes=1)
    assert storm.asked.calls == {"transactions": 100, "subscriptions": 34}
    assert storm.asked.calls.total() / 3_000 <= 0.045


async def test_a_batch_that_paddle_can_not_answer_for_costs_no_other_batch_of_its_job() -> None:
    storm = AskedStorm(MOST_STEPS)
    storm.asked.refused, storm.asked.refusals = f"txn_{40:026d}", 1

    mailed = await storm.mailed()

    at_once = sorted(case_id for case_id, after in mailed.items() if after < timedelta(seconds=1))
    assert len(mailed) == MOST_STEPS
    assert at_once == [f"txn_{number:026d}" for number in (*range(30), *range(60, 90))]
    assert max(mailed.values()) < timedelta(seconds=3)


async def test_a_subscription_that_paddle_can_never_answer_for_delays_the_other_mails_by_seconds_only() -> None:
    storm = AskedStorm(MOST_STEPS)
    storm.asked.refused, storm.asked.refusals = f"sub_{40:026d}", 1_000

    mailed = await storm.mailed()

    assert mailed.keys() == {f"txn_{number:026d}" for number in range(MOST_STEPS) if number != 40}
    assert max(mailed.values()) < timedelta(seconds=10)
