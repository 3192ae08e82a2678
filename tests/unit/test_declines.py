import pytest
from paddle_billing.Entities.Shared import ErrorCode

from dunning.rules.declines import CODES, Advice, DeclineClass, Reason, advice_key, decline_class, read_code, reason_key


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
    assert advice_key(code) is Advice.GENERIC


@pytest.mark.parametrize("code", ["fraud", "blocked_card", "blocked_by_policy"])
def test_suspicion_and_theft_are_told_in_the_words_of_a_decline_without_a_reason(code: str) -> None:
    assert (reason_key(code), advice_key(code)) == (reason_key("declined"), advice_key("declined"))
    assert reason_key(code) is Reason.GENERIC


def test_an_expired_card_is_called_that_only_when_the_issuer_said_so() -> None:
    assert reason_key("expired_card") is Reason.EXPIRED_CARD
    assert reason_key("invalid_payment_details") is Reason.UNUSABLE_METHOD


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("expired_card", Advice.USE_NEW_CARD),
        ("redacted_payment_method", Advice.ENTER_AGAIN),
        ("prepaid_card_not_supported", Advice.USE_ANOTHER_METHOD),
        ("transaction_not_permitted", Advice.ASK_BANK),
        ("authentication_failed", Advice.CONFIRM_WITH_BANK),
        ("not_enough_balance", Advice.TOP_UP),
        ("issuer_unavailable", Advice.PAY_NOW),
    ],
)
def test_the_customer_is_told_what_they_can_do(code: str, advice: Advice) -> None:
    assert advice_key(code) is advice


@pytest.mark.parametrize("code", ["expired_card", "prepaid_card_not_supported", "declined_not_retryable"])
@pytest.mark.parametrize("method", ["paypal", "pix", "a_method_of_next_year"])
def test_of_what_is_no_card_nobody_speaks_as_of_one(code: str, method: str) -> None:
    assert reason_key(code, method) is Reason.UNUSABLE_METHOD
    assert advice_key(code, method) is Advice.CHANGE_METHOD


@pytest.mark.parametrize("method", ["card", "apple_pay", "south_korea_local_card", None])
def test_a_card_is_spoken_of_as_one_also_in_a_wallet(method: str | None) -> None:
    assert reason_key("expired_card", method) is Reason.EXPIRED_CARD
    assert advice_key("expired_card", method) is Advice.USE_NEW_CARD


def test_what_is_not_about_a_card_is_told_of_any_method() -> None:
    assert reason_key("not_enough_balance", "paypal") is Reason.NOT_ENOUGH_BALANCE
    assert advice_key("not_enough_balance", "paypal") is Advice.TOP_UP


def test_every_class_reason_and_advice_is_of_some_code() -> None:
    declines = CODES.values()
    advice = {advice_key(code, method) for code in CODES for method in ("card", "paypal")}

    assert {decline.decline_class for decline in declines} == set(DeclineClass)
    assert {decline.reason for decline in declines} == set(Reason)
    assert advice == set(Advice)


def test_a_code_not_known_means_the_same_as_unknown() -> None:
    assert read_code("invented_next_year") == read_code(None) == CODES["unknown"]


def test_every_code_of_the_official_library_is_known() -> None:
    codes = {str(value) for name, value in vars(ErrorCode).items() if name[0].isupper()}

    assert codes == set(CODES)
