"""The storms' checker finds each thing that it is there to find, and nothing where all is well."""

from collections.abc import Callable

import pytest

from tests.storms.checker import judge
from tests.storms.history import Case, Click, Debt, Delivery, History, Mail, Notification, Span

SENT = Delivery("sent", "smtp_250")
SKIPPED = Delivery("skipped", "recovered")


def good() -> History:
    """Somebody who never pays, and somebody who pays after the first mail."""
    history = History(rate_limit=3, ended=4000.0)
    history.debts = {
        "txn_1": Debt("txn_1", "sub_1", "ctm_1", "1@customer.example", 10.0),
        "txn_2": Debt("txn_2", "sub_2", "ctm_2", "2@customer.example", 20.0, 50.0, "paid"),
    }
    history.mails = [
        Mail(11.0, "1@customer.example", "txn_1", "first", ("txn_1",), "a"),
        Mail(21.0, "2@customer.example", "txn_2", "first", ("txn_2",), "b"),
        Mail(101.0, "1@customer.example", "txn_1", "second", ("txn_1",), "c"),
        Mail(251.0, "1@customer.example", "txn_1", "third", ("txn_1",), "d"),
    ]
    history.cases = {
        "txn_1": Case("open", {"first": SENT, "second": SENT, "third": SENT}),
        "txn_2": Case("recovered", {"first": SENT, "second": SKIPPED}),
    }
    history.clicks = [
        Click(30.0, "txn_2", 303, "portal", "ctm_2"),
        Click(31.0, "txn_2", 503, "login"),
        Click(3999.0, "txn_1", 303, "portal", "ctm_1", last=True),
        Click(3999.0, "txn_2", 200, last=True),
    ]
    history.notifications = [Notification("evt_1", "txn_1", (0, 503, 200)), Notification("evt_2", "txn_2", ())]
    history.calls = [11.0, 21.0, 22.0, 101.0]
    history.ends = {"worker 1": 0}
    return history


def with_copy(history: History, at: float = 25.0, content: str = "b", *, shows: bool = True) -> None:
    history.mails.insert(2, Mail(at, "2@customer.example", "txn_2", "first", ("txn_2",), content))
    history.cases["txn_2"] = Case("recovered", {"first": Delivery("sent", "smtp_250", int(shows))})


def no_case(history: History) -> None:
    del history.cases["txn_1"]


def no_mail(history: History) -> None:
    history.mails = history.mails[1:2]


def closed_too_early(history: History) -> None:
    history.cases["txn_1"] = Case("recovered", history.cases["txn_1"].deliveries)


def not_closed(history: History) -> None:
    history.cases["txn_2"] = Case("open", history.cases["txn_2"].deliveries)


def dead(history: History) -> None:
    history.cases["txn_2"] = Case("recovered", {"first": Delivery("dead", "not_possible", 1)})


def not_noted(history: History) -> None:
    history.cases["txn_2"] = Case("recovered", {"first": SKIPPED})


def not_begun(history: History) -> None:
    history.mails.pop()
    history.cases["txn_1"] = Case("open", {"first": SENT, "second": SENT})


def still_planned(history: History) -> None:
    history.mails.pop()
    history.cases["txn_1"] = Case("open", {"first": SENT, "second": SENT, "third": Delivery("planned", "no_grant")})


def without_reason(history: History) -> None:
    history.cases["txn_2"] = Case("recovered", {"first": SENT, "second": Delivery("skipped")})


def after_payment(history: History) -> None:
    history.mails.append(Mail(112.0, "2@customer.example", "txn_2", "second", ("txn_2",), "e"))
    history.cases["txn_2"] = Case("recovered", {"first": SENT, "second": SENT})


def spared(history: History) -> None:
    history.debts["txn_1"].spared_from = 100.0


def doubled_and_other(history: History) -> None:
    with_copy(history, content="x")
    history.silenced = [21.0]


def thrice(history: History) -> None:
    with_copy(history)
    with_copy(history)
    history.silenced = [21.0]


def over_budget(history: History) -> None:
    history.calls.append(70.9)


def missed(history: History) -> None:
    history.missed = 2


BROKEN: dict[str, Callable[[History], object]] = {
    "lost: txn_1 is owed and has no case": no_case,
    "lost: txn_1 is owed and was never mailed about": no_mail,
    "wrong: txn_1 is open by what Paddle has, and its case is recovered": closed_too_early,
    "wrong: txn_2 is recovered by what Paddle has, and its case is open": not_closed,
    "wrong: first of txn_2 is dead (not_possible)": dead,
    "wrong: txn_1 has third sent, and nobody got it": lambda history: history.mails.pop(),
    "wrong: first of txn_2 went out, and is skipped": not_noted,
    "stuck: third of txn_1 was due, and nothing became of it": not_begun,
    "stuck: third of txn_1 is planned": still_planned,
    "wrong: second of txn_2 is skipped without a reason": without_reason,
    "wrong: second of txn_2 at 112.0 is about txn_2: paid at 50.0": after_payment,
    "wrong: third of txn_1 at 251.0 is about txn_1: not to be mailed about since 100.0": spared,
    "wrong: first of txn_1 at 12.0 is about txn_2: somebody else's": lambda history: history.mails.append(
        Mail(12.0, "1@customer.example", "txn_1", "first", ("txn_2",), "a")
    ),
    "wrong: first of txn_9 at 12.0 is about txn_9: no debt of anybody's": lambda history: history.mails.append(
        Mail(12.0, "1@customer.example", "txn_9", "first", ("txn_9",), "a")
    ),
    "wrong: second of txn_1 at 90.0 is about txn_1: due at 100.0 only": lambda history: history.mails.append(
        Mail(90.0, "1@customer.example", "txn_1", "second", ("txn_1",), "c")
    ),
    "doubled: first of txn_2 came twice, and nothing was in its gap at 21.0": with_copy,
    "doubled: first of txn_2 came twice, and it does not show": lambda history: with_copy(history, shows=False),
    "doubled: first of txn_2 came twice, and not as the same mail": doubled_and_other,
    "doubled: first of txn_2 came 3 times": thrice,
    "wrong: a click for txn_2 at 32.0 was answered 500": lambda history: history.clicks.append(
        Click(32.0, "txn_2", 500)
    ),
    "wrong: a click for txn_2 at 32.0 was answered 404": lambda history: history.clicks.append(
        Click(32.0, "txn_2", 404)
    ),
    "wrong: a click for txn_2 at 32.0 leads to evil.example": lambda history: history.clicks.append(
        Click(32.0, "txn_2", 303, "evil.example")
    ),
    "wrong: a click for txn_2 at 32.0 signs in ctm_1, not ctm_2": lambda history: history.clicks.append(
        Click(32.0, "txn_2", 303, "portal", "ctm_1")
    ),
    "wrong: a click for txn_2 at 90.0 leads to the portal, and the debt was paid at 50.0": lambda history: (
        history.clicks.append(Click(90.0, "txn_2", 303, "portal", "ctm_2"))
    ),
    "lost: a click for txn_1 at 3999.0 was answered 200, though the debt stands and all is well": lambda history: (
        history.clicks.append(Click(3999.0, "txn_1", 200, last=True))
    ),
    "wrong: evt_3 was answered 500": lambda history: history.notifications.append(
        Notification("evt_3", "txn_1", (500, 200))
    ),
    "wrong: evt_3 was answered 401": lambda history: history.notifications.append(
        Notification("evt_3", "txn_1", (401, 200))
    ),
    "stuck: evt_3 was sent 2 times, and never acknowledged": lambda history: history.notifications.append(
        Notification("evt_3", "txn_1", (0, 503))
    ),
    "lost: 2 events had to be read from Paddle, though every webhook came": missed,
    "wrong: 4 calls within a minute, and 3 are allowed": over_budget,
    "stuck: 1 in the inbox": lambda history: history.waiting.update({"the inbox": 1, "the queue": 0}),
    "an address is in the key dunning:x": lambda history: history.leaks.append("an address is in the key dunning:x"),
    "a fault of our own was logged: job.fault": lambda history: history.faults.append("job.fault"),
    "worker 1 ended with -6": lambda history: history.ends.update({"worker 1": -6}),
    "worker 1 ended with None": lambda history: history.ends.update({"worker 1": None}),
}


def test_nothing_is_said_of_a_storm_that_was_survived() -> None:
    assert judge(good()) == []


@pytest.mark.parametrize("problem", BROKEN)
def test_what_must_not_be_is_told(problem: str) -> None:
    history = good()
    BROKEN[problem](history)

    assert problem in judge(history)


def test_a_copy_whose_first_was_met_with_silence_is_the_one_gap() -> None:
    history = good()
    with_copy(history)
    history.silenced = [21.0]

    assert judge(history) == []


def test_a_copy_whose_worker_was_killed_meanwhile_is_the_one_gap() -> None:
    history = good()
    with_copy(history)
    history.gaps = [Span(15.0, 22.0)]

    assert judge(history) == []


def test_a_copy_may_tell_news_that_came_between_the_two() -> None:
    history = good()
    doubled_and_other(history)
    history.news = {"ctm_2": [24.0]}

    assert judge(history) == []


def test_what_redis_forgot_may_be_done_again() -> None:
    history = good()
    with_copy(history, content="x", shows=False)
    history.calls = [21.0, 21.5, 22.0, 23.0]
    history.clicks.append(Click(23.0, "txn_2", 404))
    history.losses = [Span(20.5, 22.5)]

    assert judge(history) == []


@pytest.mark.parametrize(
    ("stood", "may"), [(Span(13.0, 20.5), True), (Span(16.0, 20.5), False), (Span(13.0, 19.0), False)]
)
def test_a_mail_whose_begin_redis_forgot_may_go_out_after_a_standstill(stood: Span, *, may: bool) -> None:
    history = good()
    with_copy(history, content="x", shows=False)
    history.losses = [Span(12.0, 14.0)]
    history.standstills = [stood]

    assert (judge(history) == []) is may


def test_a_debt_that_another_debts_mail_covered_needs_none_of_its_own() -> None:
    history = good()
    covered = Delivery("skipped", "covered")
    history.debts["txn_3"] = Debt("txn_3", "sub_1", "ctm_1", "1@customer.example", 15.0)
    history.cases["txn_3"] = Case("open", {"first": covered, "second": covered, "third": covered})

    assert judge(history) == []


def test_a_receiver_whose_clock_was_off_may_have_refused_signatures() -> None:
    history = good()
    history.off = 90.0
    history.notifications.append(Notification("evt_3", "txn_1", (401, 200)))

    assert judge(history) == []
