"""What healing plans: which debts get a case, at which step, when, and which cases are closed."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.errors import MalformedEventError
from dunning.paddle.events import Event, EventType, SubscriptionFacts, TransactionFacts
from dunning.paddle.live import LiveTransaction
from dunning.rules.breaker import Breaker
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.rules.healing import Cursor, Plan, closing_event, debt_event, most_unasked, plan
from dunning.rules.on_event import on_transaction
from dunning.rules.tally import Money, money_of
from tests.unit import paddle_bodies as bodies

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CAMPAIGNS = parse_campaigns(shipped(), "default.toml")
EUROS_ONLY = parse_campaigns(
    """
    [campaign.euros]
    on = "renewal_failed"
    when = { currency = "EUR" }

    [[campaign.euros.step]]
    name = "first"
    after = "1h"
    template = "payment_failed"
    """,
    "euros.toml",
)


def debt(number: int = 1, *, ago: timedelta = DAY, code: str = "declined", **changes: object) -> Event:
    """Make the event of a debt that failed so long ago."""
    failed_at = (NOW - ago).isoformat()
    transaction = bodies.transaction(
        id=f"txn_{number:026d}",
        payments=[bodies.payment(created_at=failed_at, error_code=code)],
        **{"billed_at": failed_at, **changes},
    )
    return debt_event(json.dumps(transaction).encode(), NOW)


def planned(*debts: Event, max_age: timedelta = 30 * DAY, spread: timedelta | None = None) -> Plan:
    return plan(debts, CAMPAIGNS, NOW, max_age=max_age, spread=spread)


def live(status: str, *, balance: int = 2400) -> LiveTransaction:
    return LiveTransaction(
        id=bodies.TRANSACTION,
        status=status,
        subscription_id=bodies.SUBSCRIPTION,
        collection_mode="automatic",
        balance=balance,
        currency_code="USD",
        product_names=(),
        attempts=(),
        customer=None,
    )


def open_case() -> Case:
    return Case(
        id=bodies.TRANSACTION,
        subscription_id=bodies.SUBSCRIPTION,
        customer_id=bodies.CUSTOMER,
        campaign="renewal",
        decline_class=DeclineClass.SOFT,
        failed_at=NOW - DAY,
        attempted_at=NOW - DAY,
    )


def test_a_debt_becomes_an_event_of_our_own_that_happened_when_it_was_read() -> None:
    event = debt()

    assert (event.type, event.occurred_at) == (EventType.TRANSACTION_PAST_DUE, NOW)
    assert event.id == "reconciled_0000000000000000000000000120260504opened"
    assert event.is_reconciled


def test_a_debt_is_the_same_event_all_day_and_another_one_tomorrow() -> None:
    transaction = json.dumps(bodies.transaction()).encode()

    ids = [debt_event(transaction, NOW + hours * HOUR).id for hours in (0, 11, 12)]

    assert ids[0] == ids[1] != ids[2]


def test_a_debt_that_lacks_what_we_need_is_malformed() -> None:
    with pytest.raises(MalformedEventError, match="subscription_id"):
        debt(subscription_id="sub_x")


@pytest.mark.parametrize(
    ("days", "step"),
    [(1, "first"), (2, "first"), (3, "reminder"), (29, None)],
)
def test_a_debt_joins_its_campaign_at_the_latest_step_that_is_due(days: int, step: str | None) -> None:
    (opening,) = planned(debt(ago=days * DAY)).openings

    assert opening.step.name == (step or CAMPAIGNS[0].steps[-1].name)
    assert opening.at == NOW
    assert opening.event.not_before is None


def test_a_debt_without_a_step_that_is_due_waits_for_its_first() -> None:
    failed_at = NOW - HOUR

    (opening,) = planned(debt(ago=HOUR, code="expired_card")).openings

    assert (opening.case.decline_class, opening.step.name) == (DeclineClass.HARD, "first")
    assert opening.campaign == CAMPAIGNS[0]
    assert opening.at == failed_at + 2 * HOUR
    assert opening.event.not_before is None


def test_the_plan_names_the_case_that_its_event_will_open() -> None:
    (opening,) = planned(debt()).openings

    assert isinstance(opening.event.facts, TransactionFacts)
    assert on_transaction(opening.event, opening.event.facts, None, CAMPAIGNS, NOW).case == opening.case
    assert opening.campaign.name == opening.case.campaign


def test_debts_older_than_the_age_cap_are_left_alone() -> None:
    found = planned(debt(1, ago=7 * DAY - HOUR), debt(2, ago=7 * DAY), debt(3, ago=35 * DAY), max_age=7 * DAY)

    assert [opening.case.id[-1] for opening in found.openings] == ["1"]
    assert found.too_old == 2


def test_debts_for_which_no_case_is_opened_are_counted_by_why() -> None:
    never_failed = debt(3).model_copy(
        update={"facts": debt(3).facts.model_copy(update={"attempts": (), "billed_at": None})}
    )

    found = plan([debt(1), debt(2, origin="subscription_charge"), never_failed, debt(4)], EUROS_ONLY, NOW)

    assert found.openings == ()
    assert found.left == {"no_campaign": 2, "no_renewal": 1, "never_failed": 1}


def test_an_event_of_no_transaction_is_no_debt() -> None:
    facts = SubscriptionFacts(
        id=bodies.SUBSCRIPTION, status="past_due", collection_mode="automatic", customer_id=bodies.CUSTOMER
    )

    with pytest.raises(TypeError, match="of no transaction"):
        planned(debt().model_copy(update={"facts": facts}))


def test_the_longest_owed_comes_first() -> None:
    found = planned(*(debt(days, ago=days * DAY) for days in (2, 9, 5)))

    assert [opening.case.failed_at for opening in found.openings] == [NOW - days * DAY for days in (9, 5, 2)]


def test_few_mails_go_at_once() -> None:
    found = planned(*(debt(number) for number in range(50)))

    assert {opening.at for opening in found.openings} == {NOW}


def test_many_mails_are_spread_out_by_themselves() -> None:
    found = planned(*(debt(number) for number in range(600)))

    times = [opening.at for opening in found.openings]
    assert times[:2] == [NOW, NOW + timedelta(seconds=12)]
    assert times[-1] == NOW + 2 * HOUR - timedelta(seconds=12)
    assert found.openings[0].event.not_before is None
    assert [opening.event.not_before for opening in found.openings[1:]] == times[1:]


def test_mails_that_are_due_later_take_no_turn() -> None:
    found = planned(debt(1), debt(2, ago=HOUR), debt(3), spread=2 * HOUR)

    assert [opening.at for opening in found.openings if opening.step.name == "first"] == [
        NOW,
        NOW + HOUR,
        NOW + 23 * HOUR,
    ]


def test_a_mail_that_is_put_off_is_of_the_step_that_is_due_then() -> None:
    found = planned(debt(1, ago=3 * DAY - HOUR), debt(2, ago=3 * DAY - HOUR), spread=2 * HOUR)

    assert [opening.step.name for opening in found.openings] == ["first", "reminder"]


def test_a_spread_of_nothing_sends_all_at_once() -> None:
    found = planned(*(debt(number) for number in range(60)), spread=timedelta(0))

    assert {opening.at for opening in found.openings} == {NOW}


@pytest.mark.parametrize(
    ("status", "balance", "event_type"),
    [
        ("paid", 0, EventType.TRANSACTION_PAID),
        ("completed", 0, EventType.TRANSACTION_PAID),
        ("past_due", 0, EventType.TRANSACTION_PAID),
        ("canceled", 2400, EventType.TRANSACTION_CANCELED),
        ("draft", 2400, EventType.TRANSACTION_CANCELED),
    ],
)
def test_a_case_whose_debt_is_gone_is_closed_by_an_event(status: str, balance: int, event_type: EventType) -> None:
    event = closing_event(open_case(), live(status, balance=balance), NOW)

    assert event is not None
    assert (event.type, event.facts.id, event.is_reconciled) == (event_type, bodies.TRANSACTION, True)
    assert isinstance(event.facts, TransactionFacts)
    verdict = on_transaction(event, event.facts, open_case(), CAMPAIGNS, NOW)
    assert verdict.case is not None
    assert not verdict.case.is_open


@pytest.mark.parametrize("found", [live("past_due"), live("billed"), None])
def test_a_case_whose_debt_may_be_there_stays_open(found: LiveTransaction | None) -> None:
    assert closing_event(open_case(), found, NOW) is None


def test_what_closes_a_case_names_its_subscription_and_its_customer() -> None:
    event = closing_event(open_case(), live("paid"), NOW)

    assert event is not None
    assert isinstance(event.facts, TransactionFacts)
    assert (event.facts.subscription_id, event.facts.customer_id) == (bodies.SUBSCRIPTION, bodies.CUSTOMER)


def test_what_closes_a_case_tells_the_amount_that_paddle_told() -> None:
    found = dataclasses.replace(live("paid"), total=2_900, currency_code="EUR")

    event = closing_event(open_case(), found, NOW)

    assert event is not None
    assert money_of(event) == Money("EUR", 2_900)


def test_opening_and_closing_on_one_day_are_events_of_their_own() -> None:
    opening = debt_event(json.dumps(bodies.transaction()).encode(), NOW)
    paid = closing_event(open_case(), live("paid"), NOW)
    canceled = closing_event(open_case(), live("canceled"), NOW)

    of_the_day = f"reconciled_{bodies.TRANSACTION.removeprefix('txn_')}20260504"
    ids = [event.id.removeprefix(of_the_day) for event in (opening, paid, canceled) if event is not None]
    assert ids == ["opened", "paid", "canceled"]


@pytest.mark.parametrize(("breaker", "most"), [("auto", 50), (120, 120), ("off", None)])
def test_a_run_opens_unasked_what_the_breakers_floor_allows(breaker: Breaker, most: int | None) -> None:
    assert most_unasked(breaker) == most


def test_reading_goes_on_after_the_newest_event_that_is_an_hour_older_than_the_newest() -> None:
    cursor = Cursor("evt_0", NOW)

    for number, minutes in enumerate((0, 30, 60, 80), start=1):
        cursor.saw(f"evt_{number}", NOW + timedelta(minutes=minutes))

    assert cursor.event_id == "evt_1"


def test_an_event_exactly_an_hour_older_than_the_newest_is_not_read_again() -> None:
    cursor = Cursor("evt_0", NOW)

    cursor.saw("evt_1", NOW)
    cursor.saw("evt_2", NOW + HOUR)

    assert cursor.event_id == "evt_1"


def test_reading_goes_on_where_it_stopped_while_all_events_are_of_one_hour() -> None:
    cursor = Cursor("evt_0", NOW)

    for number in range(1, 5):
        cursor.saw(f"evt_{number}", NOW + timedelta(minutes=number))

    assert cursor.event_id == "evt_0"


def test_an_event_that_shows_up_late_does_not_lead_back() -> None:
    cursor = Cursor("evt_0", NOW)
    cursor.saw("evt_1", NOW)
    cursor.saw("evt_2", NOW + 2 * HOUR)

    cursor.saw("evt_3", NOW - HOUR)
    cursor.saw("evt_4", NOW + 2 * HOUR)

    assert cursor.event_id == "evt_1"


def test_an_event_that_is_a_day_old_is_not_read_again_though_nothing_newer_came() -> None:
    cursor = Cursor("evt_0", NOW)

    cursor.saw("evt_1", NOW - DAY - timedelta(minutes=1))
    cursor.saw("evt_2", NOW - DAY)
    read_first = cursor.event_id
    cursor.saw("evt_3", NOW - DAY + timedelta(seconds=1))

    assert (read_first, cursor.event_id) == ("evt_2", "evt_2")


def test_a_gap_in_time_leaves_the_newest_event_to_be_read_again() -> None:
    cursor = Cursor("evt_0", NOW)
    cursor.saw("evt_1", NOW)

    cursor.saw("evt_2", NOW + 5 * DAY)

    assert cursor.event_id == "evt_1"
