"""What a write of a case adds to the sums of days."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from dunning.paddle.events import CollectionAttempt, EventType, SubscriptionFacts
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.tally import Cause, Key, Money, Sum, Total, What, by_another_method, sums_of, totals_of
from tests.unit.case_builders import CUSTOMER, a_case, a_transaction, an_event

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
EUR = Money("EUR", 2_900)


def sent(at: datetime) -> Delivery:
    return Delivery().claim("me", at).begin_data("me").settle("me", DeliveryState.SENT, "smtp_250")


CASE = a_case(campaign="renewal", decline_class="hard")
MAILED = a_case(
    campaign="renewal",
    decline_class="hard",
    deliveries={"first": sent(NOW - timedelta(days=3)), "reminder": sent(NOW - timedelta(days=1))},
)


def told(
    before: Case | None, after: Case, *, money: Money | None = None, clicked: bool = False, unasked: bool = False
) -> set[tuple[str, int]]:
    found = sums_of(before, after, NOW, money=money, clicked=clicked, unasked=unasked)
    assert {one.day for one in found} <= {TODAY}
    return {(one.field, one.by) for one in found}


def recovered(case: Case) -> Case:
    return case.end(CaseState.RECOVERED, None, NOW)


def test_a_case_that_is_opened_is_counted_with_its_amount() -> None:
    assert told(None, CASE, money=EUR) == {
        ("n|opened|renewal||hard||EUR", 1),
        ("k|opened|renewal||hard||EUR", 1),
        ("a|opened|renewal||hard||EUR", 2_900),
    }


def test_without_its_amount_it_is_counted_as_one_whose_amount_is_not_known() -> None:
    assert told(None, CASE) == {("n|opened|renewal||hard||", 1)}


@pytest.mark.parametrize(
    ("case", "clicked", "step", "cause"),
    [
        (MAILED, True, "reminder", "click"),
        (MAILED, False, "reminder", "mail"),
        (CASE, False, "none", "paddle"),
        (CASE, True, "none", "click"),
    ],
)
def test_a_payment_is_counted_by_what_came_before_it(case: Case, clicked: bool, step: str, cause: str) -> None:  # noqa: FBT001 - a case of the table
    field = f"recovered|renewal|{step}|hard|{cause}|EUR"

    assert told(case, recovered(case), money=EUR, clicked=clicked) == {
        (f"n|{field}", 1),
        (f"k|{field}", 1),
        (f"a|{field}", 2_900),
    }


@pytest.mark.parametrize(
    ("case", "clicked", "cause"), [(CASE, False, "customer"), (MAILED, False, "mail"), (CASE, True, "click")]
)
def test_another_payment_method_shows_that_the_customer_paid_unless_we_had_asked(
    case: Case, *, clicked: bool, cause: str
) -> None:
    fields = {field for field, _ in told(case, recovered(case), clicked=clicked, unasked=True)}

    assert {field.split("|")[5] for field in fields} == {cause}


def test_where_nothing_tells_of_the_payment_method_it_was_paddles_own_charge() -> None:
    found = sums_of(CASE, recovered(CASE), NOW, money=None, clicked=False)

    assert [one.field for one in found] == ["n|recovered|renewal|none|hard|paddle|"]


ONE, OTHER = "paymtd_" + "1" * 26, "paymtd_" + "2" * 26


def attempt(status: str, method_id: str | None) -> CollectionAttempt:
    return CollectionAttempt(at=NOW, status=status, method_id=method_id)


@pytest.mark.parametrize(
    ("attempts", "another"),
    [
        ([attempt("captured", OTHER), attempt("error", ONE)], True),
        ([attempt("captured", ONE), attempt("error", ONE)], False),
        ([attempt("captured", ONE), attempt("error", OTHER), attempt("error", ONE)], False),
        ([attempt("captured", None), attempt("error", ONE)], False),
        ([attempt("captured", OTHER), attempt("error", None)], False),
        ([attempt("captured", OTHER)], False),
        ([attempt("error", ONE)], False),
    ],
)
def test_another_method_is_one_that_had_not_failed(attempts: list[CollectionAttempt], *, another: bool) -> None:
    event = an_event(EventType.TRANSACTION_PAID, a_transaction(attempts=tuple(attempts)))

    assert by_another_method(event) is another


def test_an_event_of_no_transaction_tells_of_no_method() -> None:
    facts = SubscriptionFacts(id="sub_" + "1" * 26, status="paused", collection_mode="automatic", customer_id=CUSTOMER)

    assert by_another_method(an_event(EventType.SUBSCRIPTION_PAUSED, facts)) is False


def test_a_loss_is_counted_by_its_reason_without_an_amount() -> None:
    canceled = MAILED.end(CaseState.STOPPED, EndReason.SUBSCRIPTION_CANCELED, NOW)
    lapsed = CASE.end(CaseState.EXHAUSTED, None, NOW)

    assert told(MAILED, canceled, money=EUR) == {("n|lost|renewal|reminder|hard|subscription_canceled|", 1)}
    assert told(CASE, lapsed) == {("n|lost|renewal|none|hard|exhausted|", 1)}


def test_a_loss_that_is_paid_after_all_is_taken_back_from_its_own_day() -> None:
    before = MAILED.end(CaseState.STOPPED, EndReason.DEBT_CANCELED, NOW - timedelta(days=2))

    found = sums_of(before, recovered(before), NOW, money=None, clicked=False)

    assert found == [
        Sum((NOW - timedelta(days=2)).date(), "n|lost|renewal|reminder|hard|debt_canceled|", -1),
        Sum(TODAY, "n|recovered|renewal|reminder|hard|mail|", 1),
    ]


def test_a_stronger_reason_takes_the_place_of_the_first() -> None:
    before = CASE.end(CaseState.STOPPED, EndReason.DEBT_CANCELED, NOW)
    after = before.end(CaseState.STOPPED, EndReason.CHARGED_BACK, NOW)

    assert told(before, after) == {
        ("n|lost|renewal|none|hard|debt_canceled|", -1),
        ("n|lost|renewal|none|hard|charged_back|", 1),
    }


def test_a_write_that_changes_neither_beginning_nor_end_adds_nothing() -> None:
    ended = recovered(CASE)

    assert told(CASE, MAILED, money=EUR) == set()
    assert told(ended, ended.but(reason=None), money=EUR) == set()


def test_the_last_mail_is_the_one_that_went_out_last_whatever_the_steps_are_called() -> None:
    case = CASE.but(deliveries={"second": sent(NOW - timedelta(days=3)), "last": sent(NOW - timedelta(days=1))})

    assert told(case, recovered(case)) == {("n|recovered|renewal|last|hard|mail|", 1)}


def test_in_which_order_a_days_fields_are_read_changes_nothing() -> None:
    fields = {f"{unit}|opened|renewal||hard||EUR": value for unit, value in (("n", 3), ("k", 2), ("a", 5_800))}

    read = [totals_of(dict(order)) for order in permutations(fields.items())]

    assert read == [{Key(What.OPENED, "renewal", "", "hard", "", "EUR"): Total(3, 2, 5_800)}] * 6


def test_a_days_fields_are_read_as_totals() -> None:
    fields = {
        "n|opened|renewal||hard||EUR": 3,
        "k|opened|renewal||hard||EUR": 2,
        "a|opened|renewal||hard||EUR": 5_800,
        "n|lost|renewal|none|hard|exhausted|": 1,
        "n|of_a_later_version|renewal||hard||EUR": 1,
        "n|opened|renewal": 1,
        "x|opened|renewal||hard||EUR": 1,
    }

    assert totals_of(fields) == {
        Key(What.OPENED, "renewal", "", "hard", "", "EUR"): Total(3, 2, 5_800),
        Key(What.LOST, "renewal", "none", "hard", "exhausted", ""): Total(1, 0, 0),
    }


def test_what_is_written_is_read_as_it_was_meant() -> None:
    found = sums_of(MAILED, recovered(MAILED), NOW, money=EUR, clicked=False)

    assert totals_of({one.field: one.by for one in found}) == {
        Key(What.RECOVERED, "renewal", "reminder", "hard", Cause.MAIL, "EUR"): Total(1, 1, 2_900)
    }
