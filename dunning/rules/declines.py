"""What Paddle's decline codes mean: for when to write, for what to say, and for what the customer can do.

Codes and meanings: `payments[].error_code` at https://developer.paddle.com/api-reference/transactions/overview.
They are an open set, so a code that isn't known here is an ordinary soft decline told in general words.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from dunning.paddle.live import CARDS


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


class Advice(StrEnum):
    """What the customer can do about it. Templates translate each."""

    USE_NEW_CARD = "use_new_card"
    """Enter the card that came in place of the old one, or another."""
    ENTER_AGAIN = "enter_again"
    """The same card or account may work, once it is entered again."""
    USE_ANOTHER_METHOD = "use_another_method"
    """The one on file won't work again. For cards, and where it isn't known what it was."""
    CHANGE_METHOD = "change_method"
    """The same for what is no card, such as PayPal."""
    ASK_BANK = "ask_bank"
    """The bank would have to allow it; another payment method works without."""
    CONFIRM_WITH_BANK = "confirm_with_bank"
    """Pay while there is somebody to confirm it."""
    TOP_UP = "top_up"
    """Pay when there is enough on the account, or from another."""
    PAY_NOW = "pay_now"
    """Nothing has to be changed: what failed then most likely works now."""
    GENERIC = "generic"
    """Pay, with another payment method if need be, and ask the bank if one wants to know more."""


class Decline(NamedTuple):
    """What one decline code means."""

    decline_class: DeclineClass
    reason: Reason
    advice: Advice


# Suspicion and theft are the bank's to bring up: a mail that names them frightens the honest and warns the thief. So
# they are told in the very words of a decline that the bank gave no reason for.
_HARD_UNNAMED = Decline(DeclineClass.HARD, Reason.GENERIC, Advice.GENERIC)
_SOFT_UNNAMED = Decline(DeclineClass.SOFT, Reason.GENERIC, Advice.GENERIC)
_OUTAGE = Decline(DeclineClass.OUTAGE, Reason.OUTAGE, Advice.PAY_NOW)

CODES: Mapping[str, Decline] = MappingProxyType(
    {
        "expired_card": Decline(DeclineClass.HARD, Reason.EXPIRED_CARD, Advice.USE_NEW_CARD),
        # "Typically means that it's expired", says Paddle, which is too little to tell a customer so.
        "invalid_payment_details": Decline(DeclineClass.HARD, Reason.UNUSABLE_METHOD, Advice.USE_ANOTHER_METHOD),
        "declined_not_retryable": Decline(DeclineClass.HARD, Reason.UNUSABLE_METHOD, Advice.USE_ANOTHER_METHOD),
        "canceled": Decline(DeclineClass.HARD, Reason.UNUSABLE_METHOD, Advice.ENTER_AGAIN),
        "redacted_payment_method": Decline(DeclineClass.HARD, Reason.UNUSABLE_METHOD, Advice.ENTER_AGAIN),
        "transaction_not_permitted": Decline(DeclineClass.HARD, Reason.UNUSABLE_METHOD, Advice.ASK_BANK),
        "prepaid_card_not_supported": Decline(DeclineClass.HARD, Reason.CARD_NOT_ACCEPTED, Advice.USE_ANOTHER_METHOD),
        "preferred_network_not_supported": Decline(
            DeclineClass.HARD, Reason.CARD_NOT_ACCEPTED, Advice.USE_ANOTHER_METHOD
        ),
        "authentication_failed": Decline(DeclineClass.HARD, Reason.AUTHENTICATION, Advice.CONFIRM_WITH_BANK),
        "blocked_card": _HARD_UNNAMED,
        "blocked_by_policy": _HARD_UNNAMED,
        "fraud": _HARD_UNNAMED,
        "not_enough_balance": Decline(DeclineClass.SOFT, Reason.NOT_ENOUGH_BALANCE, Advice.TOP_UP),
        "declined": _SOFT_UNNAMED,
        "invalid_amount": _SOFT_UNNAMED,
        "unknown": _SOFT_UNNAMED,
        # Paddle: "not typically returned for payments".
        "already_canceled": _SOFT_UNNAMED,
        "already_refunded": _SOFT_UNNAMED,
        "issuer_unavailable": _OUTAGE,
        "psp_error": _OUTAGE,
        "system_error": _OUTAGE,
    }
)
"""Every code there is. One that isn't here means the same as `unknown`."""

_ABOUT_A_CARD = frozenset({Reason.EXPIRED_CARD, Reason.CARD_NOT_ACCEPTED})
_NAME_A_CARD = frozenset({Advice.USE_NEW_CARD, Advice.USE_ANOTHER_METHOD})


def read_code(code: str | None) -> Decline:
    """Tell what a decline code means. No code, or one that isn't known, is a soft decline without a reason."""
    return CODES.get(code or "", _SOFT_UNNAMED)


def decline_class(code: str | None) -> DeclineClass:
    """Sort a decline code by when to write. No code, or one that isn't known, is soft."""
    return read_code(code).decline_class


def reason_key(code: str | None, method: str | None = None) -> Reason:
    """Give the words a mail may use for a decline code, as a stable key. Never the code itself.

    `method` is what was charged, in Paddle's words: of what is no card no mail speaks as of one.
    """
    return _told_of(code, method).reason


def advice_key(code: str | None, method: str | None = None) -> Advice:
    """Give what a mail may tell the customer to do about a decline code, as a stable key."""
    return _told_of(code, method).advice


def _told_of(code: str | None, method: str | None) -> Decline:
    decline = read_code(code)
    if method is None or method in CARDS:
        return decline
    return decline._replace(
        reason=Reason.UNUSABLE_METHOD if decline.reason in _ABOUT_A_CARD else decline.reason,
        advice=Advice.CHANGE_METHOD if decline.advice in _NAME_A_CARD else decline.advice,
    )
