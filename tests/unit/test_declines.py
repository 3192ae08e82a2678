import pytest
from paddle_billing.Entities.Shared import ErrorCode

from dunning.declines import _CODES, DeclineClass, Reason, decline_class, reason_key


@pytest.mark.parametrize(
    "code", ["expired_card", "invalid_payment_details", "declined_not_retryable", "authentication_failed", "canceled"]
)
def test_what_only_the_customer_can_cure_is_hard(code: str) -> None:
    assert decline_class(code) is DeclineClass.HARD


@pytest.mark.parametrize("code", ["declined", "not_enough_balance", "unknown"])
def test_what_the_next_attempt_may_cure_is_soft(code: str) -> None:
    assert decline_class(code) is DeclineClass.SOFT


@pytest.mark.parametrize("code", ["issuer_unavailable", "psp_error", "system_error"])
def test_what_the_customer_has_no_part_in_is_an_outage(code: str) -> None:
    assert decline_class(code) is DeclineClass.OUTAGE
    assert reason_key(code) is Reason.OUTAGE


@pytest.mark.parametrize("code", [None, "", "invented_next_year", "EXPIRED_CARD"])
def test_a_code_not_known_is_soft_and_told_in_general_words(code: str | None) -> None:
    assert decline_class(code) is DeclineClass.SOFT
    assert reason_key(code) is Reason.GENERIC


@pytest.mark.parametrize("code", ["fraud", "blocked_card", "blocked_by_policy"])
def test_suspicion_and_theft_are_never_named_to_the_customer(code: str) -> None:
    assert reason_key(code) is Reason.GENERIC


def test_an_expired_card_is_called_that_only_when_the_issuer_said_so() -> None:
    assert reason_key("expired_card") is Reason.EXPIRED_CARD
    assert reason_key("invalid_payment_details") is Reason.UNUSABLE_METHOD


def test_every_code_of_the_official_library_is_known() -> None:
    codes = {str(value) for name, value in vars(ErrorCode).items() if name[0].isupper()}

    assert codes == set(_CODES)
