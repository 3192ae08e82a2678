from dunning.errors import ConfigurationError, OperatorMustActError, TransientError
from dunning.reasons import HoldWord


def test_a_transient_error_says_how_long_the_other_side_asked_us_to_wait() -> None:
    assert TransientError("It is away.", retry_after=2.5).retry_after == 2.5
    assert TransientError("It is away.").retry_after is None
    assert str(TransientError("It is away.", retry_after=2.5)) == "It is away."


def test_what_only_the_operator_can_mend_names_the_hold() -> None:
    error = OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY)

    assert (str(error), error.hold, error.about) == ("The key is revoked.", "paddle_key", "")
    assert OperatorMustActError("No.", hold=HoldWord.PADDLE_KEY, about="customer.read").about == "customer.read"


def test_what_is_wrong_with_the_configuration_is_a_line_each() -> None:
    error = ConfigurationError(["One.", "Two."])

    assert (str(error), error.problems) == ("One.\nTwo.", ["One.", "Two."])
