"""What starts a campaign. To add a trigger, add its word here, and say which events start it."""

from enum import StrEnum

from dunning.paddle.events import TransactionFacts

# The states in which an automatically collected renewal is a debt. At the first failure the transaction is still
# `billed`; `past_due` follows within milliseconds. https://developer.paddle.com/webhooks/transactions/transaction-past-due
OWING = frozenset({"billed", "past_due"})


class Trigger(StrEnum):
    """What starts a campaign, as the campaign file spells it."""

    RENEWAL_FAILED = "renewal_failed"


def triggered_by(facts: TransactionFacts) -> tuple[Trigger | None, str]:
    """Tell what a failed or overdue transaction starts, or None and in a word why it starts nothing."""
    if facts.origin != "subscription_recurring" or facts.subscription_id is None or facts.customer_id is None:
        return None, "no_renewal"
    if facts.collection_mode != "automatic":
        return None, "collected_by_invoice"
    if facts.status not in OWING:
        return None, f"transaction_{facts.status}"
    return Trigger.RENEWAL_FAILED, Trigger.RENEWAL_FAILED.value
