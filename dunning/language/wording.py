"""The sentences that depend on why a payment failed. English for now."""

from dunning.rules.declines import Advice, Reason

_REASONS = {
    Reason.EXPIRED_CARD: "The card has expired.",
    Reason.UNUSABLE_METHOD: "The saved payment method can no longer be charged.",
    Reason.CARD_NOT_ACCEPTED: "This kind of card can't be used here, but another one can.",
    Reason.NOT_ENOUGH_BALANCE: "There was too little balance, or a limit was reached.",
    Reason.AUTHENTICATION: "Your bank would like you to confirm the payment yourself.",
    Reason.OUTAGE: "Your bank or the payment provider couldn't be reached.",
    Reason.GENERIC: "This can have many causes, and most are quickly mended.",
}

# Each is true from the first mail to the last, and promises nothing that only a bank can keep.
_ADVICE = {
    Advice.USE_NEW_CARD: "Please enter your new card, or choose another payment method.",
    Advice.ENTER_AGAIN: "Please enter your payment details again, or choose another payment method.",
    Advice.USE_ANOTHER_METHOD: "Please choose another card or payment method.",
    Advice.ASK_BANK: "Please choose another payment method, or ask your bank to allow this payment.",
    Advice.CONFIRM_WITH_BANK: "When you pay, your bank will ask you for it, perhaps in its app.",
    Advice.TOP_UP: "You can pay as soon as there is enough on the account, or with another payment method.",
    Advice.PAY_NOW: "Your payment method is most likely fine, and paying now should work.",
    Advice.GENERIC: "If paying again fails, another payment method often works, and your bank can tell you more.",
}


def reason_sentence(key: str) -> str:
    """Say in plain words why a payment failed; a reason that isn't known is told in general words."""
    try:
        return _REASONS[Reason(key)]
    except ValueError:
        return _REASONS[Reason.GENERIC]


def advice_sentence(key: str) -> str:
    """Say in plain words what the customer can do; advice that isn't known is given in general words."""
    try:
        return _ADVICE[Advice(key)]
    except ValueError:
        return _ADVICE[Advice.GENERIC]
