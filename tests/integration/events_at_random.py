"""Events of few debts, subscriptions and customers, drawn at random."""

import random
from datetime import datetime

from dunning.paddle.events import AdjustmentFacts, Event, EventType
from tests.integration.at_rest import customer_of, of_subscription, of_transaction

CASES = [f"txn_{number:026d}" for number in range(4)]
SUBSCRIPTIONS = [f"sub_{number:026d}" for number in range(2)]
CUSTOMERS = [customer_of(one) for one in SUBSCRIPTIONS]


def subscription_of(case_id: str) -> str:
    return SUBSCRIPTIONS[CASES.index(case_id) % 2]


def an_event(chance: random.Random, number: int, at: datetime) -> Event:
    """Make an event of a failure or of an end, of any of the cases."""
    case_id = chance.choice(CASES)
    subscription = subscription_of(case_id)
    match chance.randint(0, 3):
        case 0:
            event = of_subscription(
                chance.choice([EventType.SUBSCRIPTION_CANCELED, EventType.SUBSCRIPTION_PAUSED]),
                subscription=subscription,
                at=at,
            )
        case 1:
            facts = AdjustmentFacts(
                id=f"adj_{number:026d}",
                action=chance.choice(["chargeback", "refund"]),
                status="approved",
                transaction_id=case_id,
                subscription_id=chance.choice([None, subscription]),
                customer_id=customer_of(subscription),
            )
            event = Event(id=f"evt_{number:026d}", type=EventType.ADJUSTMENT_CREATED, occurred_at=at, facts=facts)
        case _:
            of_type = chance.choice(
                [EventType.TRANSACTION_PAYMENT_FAILED, EventType.TRANSACTION_PAID, EventType.TRANSACTION_CANCELED]
            )
            event = of_transaction(
                of_type,
                transaction=case_id,
                subscription=subscription,
                failed=chance.random() < 0.7,
                at=at,
            )
    return event.model_copy(update={"id": f"evt_{number:026d}"})
