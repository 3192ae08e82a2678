"""A debt at the twin of Paddle, and a case of ours about it."""

from typing import Any

from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from paddle_twin import Twin
from tests.integration.edge import NOW


def debt_at(twin: Twin, campaign: Campaign, **facts: Any) -> Case:  # noqa: ANN401 - of any field
    """Decline a renewal of a new customer at the twin, and return the case that follows this campaign."""
    customer_id = twin.world.add_customer(name="Ada Example", email="ada@example.com")
    subscription_id = twin.world.add_subscription(customer_id)
    return Case(
        id=twin.world.decline(subscription_id, "expired_card"),
        subscription_id=subscription_id,
        customer_id=customer_id,
        campaign=campaign.name,
        version=version(campaign),
        decline_class=DeclineClass.HARD,
        failed_at=NOW,
        attempted_at=NOW,
        **facts,
    )
