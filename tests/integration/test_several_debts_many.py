"""A customer with hundreds of open debts holds nobody else up, and their own mails go on."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dunning.jobs import BATCH
from dunning.rules.case import Case
from tests.integration.house import house
from tests.integration.several_debts import decline, grants, hold, served, subscriptions
from tests.unit.test_case_debts_many import Looks
from worker.send.batch import send_steps
from worker.send.share_mails import A_MOMENT

MANY = 300


@dataclass
class Counted:
    """The campaigns, with a count of how often somebody looks at a case's steps."""

    real: Any
    looks: Looks = field(default_factory=Looks)

    async def of(self, case: Case) -> Any:  # noqa: ANN401 - as the real one answers
        """Give the case's campaign, which counts."""
        campaign = await self.real.of(case)
        return replace(campaign, steps=type(self.looks.campaign.steps)(campaign.steps))


async def test_hundreds_that_wait_are_looked_at_once_a_batch_and_come_back_in_turn_behind_anothers_mail(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False, BREAKER="off") as home:
        asked = subscriptions(home, *[f"Product {number}" for number in range(MANY)])
        many = [decline(home, subscription, "expired_card") for subscription in asked]
        alone = decline(home, home.add_subscription(email="b@customer.example"), "expired_card")
        async with served(home) as usual:
            campaigns: Any = Counted(usual.campaigns)
            services = replace(usual, campaigns=campaigns)
            await hold(services, many[0])

            for first in range(0, MANY, BATCH):
                await send_steps(services, many[first : first + BATCH], await grants(services))
            await send_steps(services, [alone], await grants(services))

            (mail,) = home.mailbox.mails
            assert mail.message["To"] == "b@customer.example"
            assert campaigns.looks.count <= 5 * MANY * (MANY / BATCH + 1)
            due_at = [at for at in await services.store.due.when(many[1:]) if at is not None]
            now = services.clock()
            assert len([at for at in due_at if at <= now + A_MOMENT]) >= BATCH
            assert max(due_at) <= now + A_MOMENT * (MANY / BATCH)
            assert len({at for at in due_at if at > now + 2 * A_MOMENT}) > 1
