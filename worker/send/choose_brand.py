"""Chooses the brand of a mail, and leaves out the debts of other brands."""

from collections.abc import Mapping, Sequence

from dunning.brands.brand import Brand
from dunning.paddle.live import LiveTransaction
from dunning.rules.shared_debts import Companion
from worker.services import Services


def brand_of(services: Services, transaction: LiveTransaction) -> Brand:
    """Return the brand that a debt is of, by what was sold."""
    return services.settings.brands.choose(
        product_ids=transaction.product_ids,
        price_ids=transaction.price_ids,
        currency_code=transaction.currency_code,
    )


def of_same_brand(
    services: Services, due: LiveTransaction, companions: Sequence[Companion], live: Mapping[str, LiveTransaction]
) -> Sequence[Companion]:
    """Return the companions that a mail of the brand of `due` may name.

    A subscription is of the brand of the debt that carries its steps, whatever its other debts are of.
    """
    brand = brand_of(services, due)
    others = {
        one.case.subscription_id
        for one in companions
        if one.carries and (found := live.get(one.case.id)) is not None and brand_of(services, found) != brand
    }
    return [one for one in companions if one.case.subscription_id not in others]
