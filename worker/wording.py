"""The sentences that depend on why a payment failed. English for now."""

from dunning.declines import Reason

_REASONS = {
    Reason.EXPIRED_CARD: "The card has expired.",
    Reason.UNUSABLE_METHOD: "The saved payment method can no longer be charged.",
    Reason.CARD_NOT_ACCEPTED: "This kind of card can't be used here, but another one can.",
    Reason.NOT_ENOUGH_BALANCE: "There was too little balance, or a limit was reached.",
    Reason.AUTHENTICATION: "Your bank would like you to confirm the payment yourself.",
    Reason.OUTAGE: "Your bank or the payment provider couldn't be reached.",
    Reason.GENERIC: "This can have many causes, and most are quickly mended.",
}


def reason_sentence(key: str) -> str:
    """Say in plain words why a payment failed; a reason that isn't known is told in general words."""
    try:
        return _REASONS[Reason(key)]
    except ValueError:
        return _REASONS[Reason.GENERIC]
