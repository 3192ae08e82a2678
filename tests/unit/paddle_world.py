"""Paddle's recorded and documented event orders, each as what a seller's account went through and told of it.

The orders by `occurred_at` are those of Paddle's own recording of a failed renewal and of its simulator's scenarios.
https://developer.paddle.com/webhooks/simulator/subscription-renewed
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cli.plan.simulate.asked import AskedPaddle
from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.paddle import Happening, Paddle
from cli.plan.simulate.post_office import PostOffice
from cli.plan.simulate.rehearsal import Rehearsal
from cli.plan.simulate.unwritten import Unwritten
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.paddle.events import Event
from dunning.rules.campaign import Campaign

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CUSTOMER = "ctm_" + "0" * 25 + "1"
SUBSCRIPTION, OTHER_SUBSCRIPTION = ("sub_" + "0" * 25 + digit for digit in "12")
BILL, SECOND_BILL, PAID_BILL = ("txn_" + "0" * 25 + digit for digit in "123")

CAMPAIGNS: tuple[Campaign, ...] = parse_campaigns(shipped(), "default.toml")


class Told(NamedTuple):
    """What came to be at Paddle, and all that it told, in the order in which it happened."""

    paddle: Paddle
    happenings: Sequence[Happening]

    @property
    def events(self) -> list[Event]:
        """Those that Dunning uses."""
        return [happening.event for happening in self.happenings if happening.event]

    @property
    def over_at(self) -> datetime:
        """The moment after the last of them."""
        return max(happening.at for happening in self.happenings) + HOUR


def an_account(tell: Callable[[Happening], None]) -> Paddle:
    """Give an account with one customer, who has two subscriptions."""
    paddle = Paddle(tell)
    paddle.customers[CUSTOMER] = Customer(CUSTOMER, "Rosa Lume", "rosa@lamplight.example")
    for number, subscription_id in enumerate((SUBSCRIPTION, OTHER_SUBSCRIPTION), start=1):
        paddle.subscriptions[subscription_id] = Subscription(
            subscription_id,
            CUSTOMER,
            f"Lantern {number}",
            f"pro_{number:026d}",
            f"pri_{number:026d}",
            2400,
            "EUR",
            "4242",
        )
    return paddle


def told(history: Callable[[Paddle], None]) -> Told:
    """Let a history happen."""
    happenings: list[Happening] = []
    paddle = an_account(happenings.append)
    history(paddle)
    return Told(paddle, sorted(happenings, key=lambda happening: happening.at))


def a_worker(history: Told) -> Rehearsal:
    """Give a worker over an empty store in memory, who asks this account."""
    worker = Rehearsal(BEGAN, CAMPAIGNS, Unwritten(), PostOffice, as_text=True)
    worker.services = replace(worker.services, paddle=AskedPaddle(history.paddle, worker.store.limiter, worker.clock))
    return worker


def _failed_renewal(paddle: Paddle) -> None:
    """With the late `active` in it: the period advances before anything is charged."""
    paddle.decline(SUBSCRIPTION, BILL, "declined", BEGAN)


def _retries(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.retry(BILL, "issuer_unavailable", BEGAN + 20 * HOUR)
    paddle.retry(BILL, "expired_card", BEGAN + 30 * HOUR)


def _recovered_by_the_existing_method(paddle: Paddle) -> None:
    _retries(paddle)
    paddle.pay(BILL, BEGAN + 2 * DAY, new_method=False)


def _recovered_by_an_updated_method(paddle: Paddle) -> None:
    _retries(paddle)
    paddle.pay(BILL, BEGAN + 2 * DAY, new_method=True)


def _recovered_at_the_first_retry(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.pay(BILL, BEGAN + HOUR, new_method=False)


def _final_failure_canceled(paddle: Paddle) -> None:
    _retries(paddle)
    paddle.retry(BILL, "expired_card", BEGAN + 3 * DAY)
    paddle.end(SUBSCRIPTION, "canceled", BEGAN + 3 * DAY)


def _final_failure_paused(paddle: Paddle) -> None:
    _retries(paddle)
    paddle.retry(BILL, "expired_card", BEGAN + 3 * DAY)
    paddle.end(SUBSCRIPTION, "paused", BEGAN + 3 * DAY)


def _second_overdue_renewal(paddle: Paddle) -> None:
    _retries(paddle)
    paddle.decline(SUBSCRIPTION, SECOND_BILL, "not_enough_balance", BEGAN + DAY)


def _second_overdue_renewal_then_the_first_is_paid(paddle: Paddle) -> None:
    _second_overdue_renewal(paddle)
    paddle.pay(BILL, BEGAN + 2 * DAY, new_method=True)


def _paused_with_two_debts(paddle: Paddle) -> None:
    _second_overdue_renewal(paddle)
    paddle.end(SUBSCRIPTION, "paused", BEGAN + 2 * DAY)


def _resumed_and_failed_again(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.end(SUBSCRIPTION, "paused", BEGAN + DAY)
    paddle.resume(SUBSCRIPTION, BEGAN + 2 * DAY)
    paddle.decline(SUBSCRIPTION, SECOND_BILL, "expired_card", BEGAN + 2 * DAY + HOUR)
    paddle.retry(SECOND_BILL, "declined", BEGAN + 2 * DAY + 5 * HOUR)


def _canceled_with_two_debts(paddle: Paddle) -> None:
    _second_overdue_renewal(paddle)
    paddle.end(SUBSCRIPTION, "canceled", BEGAN + 2 * DAY)


def _charged_back(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.charge_back(SUBSCRIPTION, PAID_BILL, BEGAN + DAY)


def _charged_back_between_retries(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.charge_back(SUBSCRIPTION, PAID_BILL, BEGAN + 25 * HOUR)
    paddle.retry(BILL, "expired_card", BEGAN + 30 * HOUR)


def _charged_back_then_canceled(paddle: Paddle) -> None:
    _charged_back_between_retries(paddle)
    paddle.end(SUBSCRIPTION, "canceled", BEGAN + 2 * DAY)


def _canceled_then_charged_back(paddle: Paddle) -> None:
    _canceled_with_two_debts(paddle)
    paddle.charge_back(SUBSCRIPTION, PAID_BILL, BEGAN + 3 * DAY)


def _paused_then_canceled(paddle: Paddle) -> None:
    _paused_with_two_debts(paddle)
    paddle.end(SUBSCRIPTION, "canceled", BEGAN + 4 * DAY)


def _paid_then_charged_back(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.pay(BILL, BEGAN + DAY, new_method=True)
    paddle.charge_back(SUBSCRIPTION, BILL, BEGAN + 2 * DAY)


def _another_subscription_is_canceled(paddle: Paddle) -> None:
    _failed_renewal(paddle)
    paddle.decline(OTHER_SUBSCRIPTION, SECOND_BILL, "expired_card", BEGAN + HOUR)
    paddle.end(OTHER_SUBSCRIPTION, "canceled", BEGAN + DAY)


HISTORIES: Sequence[Callable[[Paddle], None]] = (
    _failed_renewal,
    _retries,
    _recovered_at_the_first_retry,
    _recovered_by_the_existing_method,
    _recovered_by_an_updated_method,
    _final_failure_canceled,
    _final_failure_paused,
    _second_overdue_renewal,
    _second_overdue_renewal_then_the_first_is_paid,
    _paused_with_two_debts,
    _resumed_and_failed_again,
    _canceled_with_two_debts,
    _charged_back,
    _charged_back_between_retries,
    _charged_back_then_canceled,
    _canceled_then_charged_back,
    _paused_then_canceled,
    _paid_then_charged_back,
    _another_subscription_is_canceled,
)


def name_of(history: Callable[[Paddle], None]) -> str:
    """Name a history, for a test."""
    return history.__name__.strip("_")
