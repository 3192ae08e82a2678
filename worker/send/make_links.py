"""Makes the links of a mail: ours, or Paddle's own if the seller wants that. Neither is kept."""

import asyncio
from collections.abc import Sequence

from dunning import time_limits
from dunning.errors import GrantRefusedError, OperatorMustActError, TransientError, UnsafePortalUrlError
from dunning.links import LINK_LIFETIME, Purpose
from dunning.paddle.portal import PortalSession
from dunning.paddle_api.grants import Grant
from dunning.paddle_api.permissions import MINTING_NEEDS
from dunning.reasons import HoldWord
from dunning.rules.case import Case
from worker.operator import MINT_HOLD, release_holds
from worker.services import Services

# Before this, reading the batch may take 10 s. After it, the mail server may take 30 s.
MINT_WITHIN = time_limits.MINTING


async def make_links(
    services: Services, cases: Sequence[Case], language: str, brand: str, grant: Grant | None
) -> dict[str, str]:
    """Make a link for each of these cases of one customer, and return them by the cases' ids.

    Args:
        services: what the worker works with.
        cases: each has a subscription of its own.
        language: that of the mail, for the pages that our links open.
        brand: the key of the mail's, for the same.
        grant: for one call of Paddle's API, where links are made by it.

    Raises:
        GrantRefusedError: a portal session is wanted, and no call was reserved for it.
        TransientError: Paddle made none in time.
        OperatorMustActError: the API key may not make one.
    """
    if not services.minting_on_send:
        return {case.id: _our_link(services, case, language, brand) for case in cases}
    began_at = services.clock()
    session = await _mint(services, cases, grant)
    try:
        links = {
            case.id: session.update_link(case.subscription_id, services.settings.paddle.portal_origins)
            for case in cases
        }
    except UnsafePortalUrlError as error:
        # If the key may not make portal sessions, Paddle may answer with links that have no token. We have seen that.
        problem = f"{error} Does the API key have the permission customer_portal_session.write?"
        raise OperatorMustActError(problem, hold=MINT_HOLD) from None
    await release_holds(services, MINT_HOLD, began_at=began_at, shows=MINTING_NEEDS)
    return links


def make_stop_links(services: Services, cases: Sequence[Case], language: str, brand: str) -> dict[str, str]:
    """Make the link by which the customer stops the reminders of each of these cases, by the cases' ids."""
    return {
        case.id: _our_link(services, case, language, brand, path="pay/stop", purpose=Purpose.STOP_REMINDERS)
        for case in cases
    }


def _our_link(
    services: Services, case: Case, language: str, brand: str, *, path: str = "pay", purpose: Purpose = Purpose.PAY
) -> str:
    token = services.links.sign(case.id, case.failed_at + LINK_LIFETIME, purpose, language=language, brand=brand)
    return f"{services.settings.public_url}/{path}/{token}"


async def _mint(services: Services, cases: Sequence[Case], grant: Grant | None) -> PortalSession:
    """Make one portal session for all the cases' subscriptions."""
    if grant is None:
        raise GrantRefusedError("no API call was reserved to make this mail's portal session")
    subscription_ids = list(dict.fromkeys(case.subscription_id for case in cases))
    try:
        async with asyncio.timeout(MINT_WITHIN.total_seconds()):
            session = await services.paddle.create_portal_session(cases[0].customer_id, subscription_ids, grant)
    except TimeoutError:
        raise TransientError("Paddle made no portal session in time") from None
    except OperatorMustActError as error:
        raise OperatorMustActError(
            str(error), hold=MINT_HOLD if error.hold == HoldWord.PADDLE_PERMISSION else error.hold, about=error.about
        ) from None
    return session
