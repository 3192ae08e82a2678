"""Redis loses everything in the middle of a campaign, and reconciling brings every open debt back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession

from dunning.paddle_api.client import PaddleClient
from dunning.paddle_api.grants import Unlimited
from dunning.rules.delivery import DeliveryState
from tests.integration.at_rest import redis_of
from tests.integration.house import House, house
from tests.until import until
from worker.reconcile.debts import Findings, carry_out, find
from worker.reconcile.patient_grants import PatientGrants
from worker.reconcile.reconciler import Reconciler

DAY = timedelta(days=1)


def declined(home: House, name: str, *, ago: timedelta) -> str:
    subscription = home.add_subscription(name=name, email=f"{name.lower()}@customer.example")
    return home.twin.world.decline(subscription, at=datetime.now(UTC) - ago)


def message_ids(home: House) -> dict[str, list[str]]:
    """Give the Message-IDs of the mails that each customer got, in order."""
    found: dict[str, list[str]] = {}
    for mail in home.mailbox.mails:
        found.setdefault(mail.recipients[0].partition("@")[0], []).append(mail.message["Message-ID"])
    return found


async def reconciled(home: House) -> Findings:
    """Reconcile by hand, and tell what was found."""
    async with ClientSession() as http:
        reconciler = Reconciler(
            store=home.store,
            paddle=PaddleClient(http, api_url=home.twin.url, api_key=home.twin.api_key, limiter=Unlimited()),
            campaigns=home.settings.campaigns,
            breaker="auto",
            next_grant=PatientGrants(Unlimited(), 1_000_000),
            clock=home.twin.world.clock,
        )
        findings = await find(reconciler)
        await carry_out(reconciler, findings, asked_to=False)
        return findings


async def test_a_wiped_store_has_every_open_debt_back_at_the_step_its_age_deserves(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        bills = {
            "reminder": declined(home, "Ada", ago=4 * DAY),
            "first": declined(home, "Omar", ago=DAY),
        }
        paid = declined(home, "Rosa", ago=DAY)
        for step, bill in bills.items():
            assert await home.delivery_ended(bill, step) is DeliveryState.SENT
        assert await home.delivery_ended(paid) is DeliveryState.SENT
        before = message_ids(home)
        home.twin.world.pay(paid)
        await home.case_ended(paid)
        home.twin.notifications.url = None
        unknown = declined(home, "Zoe", ago=DAY)

        await redis_of(home.store).flushall()
        findings = await reconciled(home)

        assert {opening.case.id for opening in findings.plan.openings} == {*bills.values(), unknown}
        for step, bill in [*bills.items(), ("first", unknown)]:
            assert await home.delivery_ended(bill, step) is DeliveryState.SENT
        # What was sent is forgotten with the store: the latest step may come once more, and is then the same mail.
        assert message_ids(home) == {
            "ada": before["ada"] * 2,
            "omar": before["omar"] * 2,
            "rosa": before["rosa"],
            "zoe": message_ids(home)["zoe"],
        }
        assert len(message_ids(home)["zoe"]) == 1


async def test_what_was_brought_back_is_closed_when_it_is_paid(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = declined(home, "Ada", ago=DAY)
        await home.delivery_ended(bill)
        await redis_of(home.store).flushall()
        await reconciled(home)

        async def opened() -> bool:
            return await home.case(bill) is not None

        await until(opened)

        home.twin.world.pay(bill)

        assert (await home.case_ended(bill)).reason is None
