"""A case keeps the campaign that it began with, and a new one gets the first that is for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dunning.campaign_file.reader import parse_campaigns
from dunning.casebook.campaigns import Campaigns
from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.rules.delivery import DeliveryState
from dunning.store import Store
from tests.integration.at_rest import a_case
from tests.integration.house import AT_ONCE, House, house, running

CHANGED = AT_ONCE.replace('name = "reminder"', 'name = "another"')
(OLD,), (NEW,) = parse_campaigns(AT_ONCE, "old.toml"), parse_campaigns(CHANGED, "new.toml")
FOUR_DAYS_AGO = datetime.now(UTC) - timedelta(days=4)


async def test_a_case_that_began_before_the_campaign_file_changed_gets_the_old_steps(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=CHANGED, working=False) as home:
        case_id = await began_with(home, OLD)

        async with running(home.worker):
            assert await home.delivery_ended(case_id, "reminder") is DeliveryState.SENT

        case = await home.case(case_id)
        assert case is not None
        assert set(case.deliveries) == {"first", "reminder"}


async def began_with(home: House, campaign: Campaign) -> str:
    """Open a case four days old that follows this campaign, and for which nothing was sent yet."""
    await Campaigns(home.store, (campaign,)).keep()
    home.twin.notifications.url = None
    case_id = home.twin.world.decline(home.add_subscription(email="bo@customer.example"), at=FOUR_DAYS_AGO)
    debt = home.twin.world.transactions[case_id]
    case = a_case(case_id, subscription=debt["subscription_id"]).model_copy(
        update={
            "customer_id": debt["customer_id"],
            "version": version(campaign),
            "failed_at": FOUR_DAYS_AGO,
            "attempted_at": FOUR_DAYS_AGO,
        }
    )
    await home.store.cases.commit(case, 0, due_at=FOUR_DAYS_AGO, now=datetime.now(UTC))
    return case_id


async def test_a_campaign_is_known_by_its_version_whatever_the_file_says_now(store: Store) -> None:
    await Campaigns(store, (OLD,)).keep()

    campaign = await Campaigns(store, (NEW,)).of(a_case().model_copy(update={"version": version(OLD)}))

    assert campaign == OLD


async def test_where_its_version_is_lost_a_case_follows_what_its_campaigns_name_means_now(store: Store) -> None:
    other = replace(NEW, name="annual")
    campaigns = Campaigns(store, (other, NEW))

    assert await campaigns.of(a_case().model_copy(update={"version": "01234567"})) == NEW
    assert await campaigns.of(a_case().model_copy(update={"version": "01234567", "campaign": "gone"})) == other


async def test_a_version_that_cannot_be_read_counts_as_lost(store: Store) -> None:
    await store._redis.hset("dunning:campaigns", "01234567", "{}")

    assert await store.campaigns.read("01234567") is None
    assert await Campaigns(store, (NEW,)).of(a_case().model_copy(update={"version": "01234567"})) == NEW


async def test_a_debt_gets_the_campaign_for_its_currency_and_one_that_is_for_nobody_else_gets_none(
    redis_url: str, tmp_path: Path
) -> None:
    for_euros = AT_ONCE.replace('on = "renewal_failed"', 'on = "renewal_failed"\nwhen = { currency = "EUR" }')
    for_dollars = for_euros.replace("campaign.renewal", "campaign.dollars").replace("EUR", "USD")
    async with house(redis_url, tmp_path, campaign=for_euros + for_dollars) as home:
        world = home.twin.world
        customer = world.add_customer(email="ada@customer.example", name="Ada Example")
        dollars = world.decline(world.add_subscription(customer, currency="USD"))
        pounds = world.decline(world.add_subscription(customer, currency="GBP"))

        await home.delivery_ended(dollars)
        await home.twin.notifications.settled()

        case = await home.case(dollars)
        assert case is not None
        assert case.campaign == "dollars"
        assert await home.case(pounds) is None
