"""A rehearsal's entities as Paddle's API would answer them: JSON, with only the fields that we read.

https://developer.paddle.com/api-reference/events/list-events
"""

import json
from typing import Any

from cli.plan.simulate import entities
from cli.plan.simulate.entities import Bill, Facts, Subscription
from cli.plan.simulate.paddle import Happening
from dunning.paddle.events import TransactionFacts

Json = dict[str, Any]


def event(happening: Happening) -> bytes:
    """Write an event of the list. Of one that Dunning doesn't use there is the outside alone."""
    return _written(
        {
            "event_id": happening.id,
            "event_type": happening.type,
            "occurred_at": happening.at.isoformat(),
            "data": _entity(happening.event.facts) if happening.event else {},
        }
    )


def transaction(bill: Bill, of: Subscription) -> bytes:
    """Write a bill as it is now."""
    return _written(_transaction(entities.transaction(bill, of)))


def _entity(facts: Facts) -> Json:
    return _transaction(facts) if isinstance(facts, TransactionFacts) else facts.model_dump(exclude={"kind"})


def _transaction(facts: TransactionFacts) -> Json:
    return {
        "id": facts.id,
        "status": facts.status,
        "origin": facts.origin,
        "collection_mode": facts.collection_mode,
        "subscription_id": facts.subscription_id,
        "customer_id": facts.customer_id,
        "currency_code": facts.currency_code,
        "billed_at": facts.billed_at.isoformat() if facts.billed_at else None,
        "items": [
            {"price": {"id": price_id, "product_id": product_id}}
            for price_id, product_id in zip(facts.price_ids, facts.product_ids, strict=True)
        ],
        "payments": [
            {"status": attempt.status, "error_code": attempt.code, "created_at": attempt.at.isoformat()}
            for attempt in facts.attempts
        ],
    }


def _written(entity: Json) -> bytes:
    return json.dumps(entity).encode()
