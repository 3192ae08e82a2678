"""What Paddle's decline codes mean: for when to write, and for what to say.

Codes and meanings: `payments[].error_code` at https://developer.paddle.com/api-reference/transactions/overview.
They are an open set, so a code that isn't known here is an ordinary soft decline told in general words.
"""

from enum import StrEnum


class DeclineClass(StrEnum):
    """Why a collection attempt failed, as far as it matters for when to write."""

    HARD = "hard"
    """Charging again can't cure it: only the customer can, so they hear of it soon."""
    SOFT = "soft"
    """Paddle's next collection attempt may well succeed: give it a day."""
    OUTAGE = "outage"
    """A bank or provider was down; the customer has done nothing and most likely need do nothing."""


class Reason(StrEnum):
    """Why a payment failed, in the words a mail may use. Templates translate each."""

    EXPIRED_CARD = "expired_card"
    """The card has expired."""
    UNUSABLE_METHOD = "unusable_method"
    """The saved payment method can no longer be charged. Blames nobody: some customers revoked it on purpose."""
    CARD_NOT_ACCEPTED = "card_not_accepted"
    """This kind of card isn't accepted; another works."""
    NOT_ENOUGH_BALANCE = "not_enough_balance"
    """Too little balance, or a limit was reached."""
    AUTHENTICATION = "authentication"
    """The bank wants the customer to confirm, which nobody can do for them."""
    OUTAGE = "outage"
    """The bank or the payment provider couldn't be reached."""
    GENERIC = "generic"
    """The payment didn't go through: all we know, or all a mail should say."""


_CODES = {
    "expired_card": (DeclineClass.HARD, Reason.EXPIRED_CARD),
    # "Typically means that it's expired", says Paddle, which is too little to tell a customer so.
    "invalid_payment_details": (DeclineClass.HARD, Reason.UNUSABLE_METHOD),
    "declined_not_retryable": (DeclineClass.HARD, Reason.UNUSABLE_METHOD),
    "canceled": (DeclineClass.HARD, Reason.UNUSABLE_METHOD),
    "redacted_payment_method": (DeclineClass.HARD, Reason.UNUSABLE_METHOD),
    "transaction_not_permitted": (DeclineClass.HARD, Reason.UNUSABLE_METHOD),
    "prepaid_card_not_supported": (DeclineClass.HARD, Reason.CARD_NOT_ACCEPTED),
    "preferred_network_not_supported": (DeclineClass.HARD, Reason.CARD_NOT_ACCEPTED),
    "authentication_failed": (DeclineClass.HARD, Reason.AUTHENTICATION),
    # Suspicion and theft are the bank's to bring up: a mail that says so frightens the honest and warns the thief.
    "blocked_card": (DeclineClass.HARD, Reason.GENERIC),
    "blocked_by_policy": (DeclineClass.HARD, Reason.GENERIC),
    "fraud": (DeclineClass.HARD, Reason.GENERIC),
    "not_enough_balance": (DeclineClass.SOFT, Reason.NOT_ENOUGH_BALANCE),
    "declined": (DeclineClass.SOFT, Reason.GENERIC),
    "invalid_amount": (DeclineClass.SOFT, Reason.GENERIC),
    "unknown": (DeclineClass.SOFT, Reason.GENERIC),
    # Paddle: "not typically returned for payments".
    "already_canceled": (DeclineClass.SOFT, Reason.GENERIC),
    "already_refunded": (DeclineClass.SOFT, Reason.GENERIC),
    "issuer_unavailable": (DeclineClass.OUTAGE, Reason.OUTAGE),
    "psp_error": (DeclineClass.OUTAGE, Reason.OUTAGE),
    "system_error": (DeclineClass.OUTAGE, Reason.OUTAGE),
}
_NOT_KNOWN = (DeclineClass.SOFT, Reason.GENERIC)


def decline_class(code: str | None) -> DeclineClass:
    """Sort a decline code by when to write. No code, or one that isn't known, is soft."""
    return _CODES.get(code or "", _NOT_KNOWN)[0]


def reason_key(code: str | None) -> Reason:
    """Give the words a mail may use for a decline code, as a stable key. Never the code itself."""
    return _CODES.get(code or "", _NOT_KNOWN)[1]
