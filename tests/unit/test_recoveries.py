"""What came before a payment, told by Paddle's history of the subscription."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dunning.paddle.history import HistoryEntry
from dunning.paddle.live import LiveAttempt, LiveTransaction
from dunning.rules.case import Case
from dunning.rules.recoveries import first_cause, recoveries_of, told_cause, with_cause
from dunning.rules.tally import Cause, Counted, Key, Money, Sum, Total, What, totals_of
from tests.unit.case_builders import a_case
from tests.unit.test_tally import sent

FAILED_AT = datetime(2026, 7, 4, 12, 0, tzinfo=UTC)
PAID_AT = FAILED_AT + timedelta(days=5)
MAILED_AT = FAILED_AT + timedelta(days=1)
UNMAILED = a_case(failed_at=FAILED_AT)
MAILED = a_case(
    failed_at=FAILED_AT, deliveries={"first": sent(MAILED_AT), "reminder": sent(MAILED_AT + timedelta(days=2))}
)

DAY = date(2026, 7, 9)
EUR = Money("EUR", 2_900)
RECOVERED = Sum(DAY, "n|recovered|renewal|first|hard|mail|EUR", 1)
WITHOUT_AMOUNT = Sum(DAY, "n|recovered|renewal|first|hard|mail|", 1)


def attempt(status: str, at: datetime | None, method: str | None = "paymtd_old") -> LiveAttempt:
    return LiveAttempt(at, status, None, method_id=method)


def bill(*attempts: LiveAttempt) -> LiveTransaction:
    return LiveTransaction("txn_1", "completed", "sub_1", "automatic", 0, "EUR", (), attempts, None)


DECLINED = attempt("error", FAILED_AT)
BY_THE_SAME = bill(attempt("captured", PAID_AT), DECLINED)
BY_ANOTHER = bill(attempt("captured", PAID_AT, "paymtd_new"), DECLINED)
BY_SOME_METHOD = bill(attempt("captured", PAID_AT, None), DECLINED)


def change(source: str, at: datetime, action: str = "subscription_payment_method_updated") -> HistoryEntry:
    return HistoryEntry(at, action, source)


BETWEEN = FAILED_AT + timedelta(days=4)


@pytest.mark.parametrize("source", ["customer_portal", "checkout", "support_bot"])
@pytest.mark.parametrize(
    ("case", "at", "cause"),
    [
        (UNMAILED, BETWEEN, Cause.CUSTOMER),
        (MAILED, BETWEEN, Cause.MAIL),
        (MAILED, MAILED_AT - timedelta(seconds=1), Cause.CUSTOMER),
        (MAILED, MAILED_AT, Cause.MAIL),
        (UNMAILED, FAILED_AT, Cause.CUSTOMER),
        (UNMAILED, PAID_AT + timedelta(minutes=5), Cause.CUSTOMER),
    ],
)
def test_what_a_customer_changed_is_their_doing_after_a_mail_if_one_had_gone_out_by_then(
    source: str, case: Case, at: datetime, cause: Cause
) -> None:
    for first in (Cause.MAIL, Cause.CUSTOMER, Cause.PADDLE):
        assert told_cause(first, case, BY_ANOTHER, [change(source, at)]) is cause


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("retain", Cause.RETAIN),
        ("api", Cause.SELLER),
        ("dashboard", Cause.SELLER),
        ("system", Cause.PADDLE),
    ],
)
@pytest.mark.parametrize("action", ["subscription_payment_method_updated", "subscription_payment_method_added"])
def test_what_others_changed_is_theirs_whatever_mails_went_out(source: str, cause: Cause, action: str) -> None:
    assert told_cause(Cause.MAIL, MAILED, BY_ANOTHER, [change(source, BETWEEN, action)]) is cause


def test_the_last_change_before_the_payment_decides() -> None:
    history = [change("retain", BETWEEN), change("api", BETWEEN - timedelta(hours=1))]

    assert told_cause(Cause.MAIL, MAILED, BY_ANOTHER, history) is Cause.RETAIN
    assert told_cause(Cause.MAIL, MAILED, BY_ANOTHER, history[::-1]) is Cause.RETAIN


@pytest.mark.parametrize(
    "entry",
    [
        change("customer_portal", FAILED_AT - timedelta(seconds=1)),
        change("customer_portal", PAID_AT + timedelta(minutes=6)),
        change("customer_portal", BETWEEN, "subscription_payment_method_removed"),
        change("customer_portal", BETWEEN, "subscription_item_added"),
        change("unknown", BETWEEN),
        change("something_new", BETWEEN),
    ],
)
@pytest.mark.parametrize(
    ("paid", "first", "cause"),
    [
        (BY_THE_SAME, Cause.MAIL, Cause.PADDLE),
        (BY_THE_SAME, Cause.PADDLE, Cause.PADDLE),
        (BY_ANOTHER, Cause.MAIL, Cause.MAIL),
        (BY_ANOTHER, Cause.CUSTOMER, Cause.CUSTOMER),
        (BY_SOME_METHOD, Cause.MAIL, Cause.MAIL),
    ],
)
def test_without_a_change_that_counts_the_method_that_had_failed_was_charged_by_paddle(
    entry: HistoryEntry, paid: LiveTransaction, first: Cause, cause: Cause
) -> None:
    assert told_cause(first, MAILED, paid, [entry]) is cause
    assert told_cause(first, MAILED, paid, []) is cause


@pytest.mark.parametrize("paid", [bill(DECLINED), bill(attempt("captured", None), DECLINED)])
def test_where_it_is_not_told_when_it_was_paid_the_first_cause_stays(paid: LiveTransaction) -> None:
    assert told_cause(Cause.MAIL, MAILED, paid, [change("retain", BETWEEN)]) is Cause.MAIL


def test_recoveries_wait_for_their_cause_and_those_after_a_click_do_not() -> None:
    others = ["n|recovered|renewal|first|hard|click|EUR", "k|recovered|renewal|first|hard|mail|EUR", "n|lost|a|b|c|d|"]

    found = recoveries_of("txn_1", [RECOVERED, *(Sum(DAY, field, 1) for field in others)])

    assert found == [Counted("txn_1", RECOVERED)]
    assert first_cause(found[0]) is Cause.MAIL


@pytest.mark.parametrize("cause", ["of_a_later_version", ""])
def test_a_cause_that_this_version_does_not_know_is_none(cause: str) -> None:
    assert first_cause(Counted("txn_1", Sum(DAY, f"n|recovered|renewal|first|hard|{cause}|EUR", 1))) is None
    assert first_cause(Counted("txn_1", Sum(DAY, "n|recovered|more|fields|than|there|are|now|EUR", 1))) is None


def test_a_recovery_moves_to_its_cause_with_its_amount() -> None:
    counted = [
        RECOVERED,
        *(Sum(DAY, RECOVERED.field.replace("n|", f"{unit}|"), by) for unit, by in (("k", 1), ("a", 2_900))),
    ]
    added: dict[str, int] = {}

    for one in [*counted, *with_cause(Counted("txn_1", RECOVERED), Cause.RETAIN, EUR)]:
        assert one.day == DAY
        added[one.field] = added.get(one.field, 0) + one.by

    assert totals_of(added) == {
        Key(What.RECOVERED, "renewal", "first", "hard", Cause.MAIL, "EUR"): Total(),
        Key(What.RECOVERED, "renewal", "first", "hard", Cause.RETAIN, "EUR"): Total(1, 1, 2_900),
    }


def test_one_that_was_counted_without_an_amount_moves_without_one() -> None:
    assert with_cause(Counted("txn_1", WITHOUT_AMOUNT), Cause.PADDLE, EUR) == [
        WITHOUT_AMOUNT._replace(by=-1),
        Sum(DAY, "n|recovered|renewal|first|hard|paddle|", 1),
    ]


@pytest.mark.parametrize(
    ("recovery", "cause", "money"),
    [
        (RECOVERED, Cause.MAIL, EUR),
        (RECOVERED, Cause.PADDLE, None),
        (RECOVERED, Cause.PADDLE, Money("USD", 2_900)),
        (Sum(DAY, "n|recovered|more|fields|than|there|are|now|EUR", 1), Cause.PADDLE, EUR),
    ],
)
def test_what_stays_or_cannot_be_moved_whole_is_left(recovery: Sum, cause: Cause, money: Money | None) -> None:
    assert with_cause(Counted("txn_1", recovery), cause, money) == []
