"""Whether a customer owes anything: all that a banner or an entitlement check needs, out of our own store."""

from aiohttp import web

from console.api.models import CustomerPath, Nothing, PastDue, Standing
from console.keys import CAMPAIGNS, LINKS, SETTINGS, STORE
from dunning.links import LINK_LIFETIME
from dunning.rules.case import Case


async def read(request: web.Request, path: CustomerPath, _query: Nothing, _body: Nothing) -> Standing:
    """Tell of each unpaid renewal, the oldest first; also of those whose reminders the customer has stopped."""
    store = request.app[STORE]
    ids = dict.fromkeys(
        [*await store.cases.open_of_customer(path.customer_id), *await store.ended.of(path.customer_id)]
    )
    reads = await store.cases.read_versioned(list(ids)) if ids else []
    unpaid = sorted(
        (one.case for one in reads if one.case is not None and one.case.may_be_paid), key=lambda case: case.failed_at
    )
    subscriptions = [await _past_due(request, case) for case in unpaid]
    return Standing(
        customer_id=path.customer_id,
        past_due=bool(subscriptions),
        since=min((one.since for one in subscriptions), default=None),
        until=min((one.until for one in subscriptions if one.until is not None), default=None),
        subscriptions=subscriptions,
    )


async def _past_due(request: web.Request, case: Case) -> PastDue:
    app = request.app
    campaign = await app[CAMPAIGNS].of(case)
    token = app[LINKS].sign(case.id, case.failed_at + LINK_LIFETIME)
    return PastDue(
        subscription_id=case.subscription_id,
        transaction_id=case.id,
        since=case.failed_at,
        until=campaign.ends_at(case.failed_at),
        payment_link=f"{app[SETTINGS].public_url}/pay/{token}",
    )
