"""Portal links for the seller's own app, whose customer is signed in there."""

from aiohttp import web

from console.api.models import CustomerPath, Nothing, PortalLinks, PortalLinksRequest, SubscriptionLinks
from console.api.problems import ProblemError
from console.portal_sessions import NoLinksError, make_links


async def make(request: web.Request, path: CustomerPath, _query: Nothing, body: PortalLinksRequest) -> PortalLinks:
    """Make the overview's link, and those of the subscriptions that are named.

    Raises:
        ProblemError: there are none.
    """
    try:
        made = await make_links(request.app, path.customer_id, body.subscription_ids)
    except NoLinksError as error:
        raise ProblemError(error.status, error.detail, retry_after=error.retry_after) from None
    return PortalLinks(
        customer_id=path.customer_id,
        overview=made.overview,
        expires_at=made.expires_at,
        subscriptions=[
            SubscriptionLinks(
                subscription_id=links.subscription_id,
                update_payment_method=links.update_payment_method,
                cancel=links.cancel,
                view=links.view,
            )
            for links in made.subscriptions
        ],
    )
