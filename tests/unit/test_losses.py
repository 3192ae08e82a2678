"""The money of losses, once Paddle has told it."""

from datetime import date

from dunning.rules.losses import losses_of, with_amount
from dunning.rules.tally import Counted, Key, Money, Sum, Total, What, totals_of

DAY = date(2026, 5, 4)
COUNTED = Sum(DAY, "n|lost|renewal|none|hard|exhausted|", 1)
NOT_LOST = [Sum(DAY, "n|recovered|renewal|none|hard|paddle|EUR", 1), Sum(DAY, "n|due|renewal|none|0|EUR", 1)]


def test_only_losses_wait_for_an_amount() -> None:
    assert losses_of("txn_1", [COUNTED, *NOT_LOST]) == [Counted("txn_1", COUNTED)]


def test_a_loss_moves_to_the_currency_of_its_bill() -> None:
    sums = [COUNTED, *with_amount(Counted("txn_1", COUNTED), Money("EUR", 2_900))]

    assert {one.day for one in sums} == {DAY}
    added: dict[str, int] = {}
    for one in sums:
        added[one.field] = added.get(one.field, 0) + one.by
    assert totals_of(added) == {
        Key(What.LOST, "renewal", "none", "hard", "exhausted", ""): Total(),
        Key(What.LOST, "renewal", "none", "hard", "exhausted", "EUR"): Total(1, 1, 2_900),
    }


def test_what_is_taken_back_takes_back_its_amount() -> None:
    taken_back = COUNTED._replace(by=-1)

    sums = with_amount(Counted("txn_1", taken_back), Money("EUR", 2_900))

    assert [one.by for one in sums] == [1, -1, -1, -2_900]
