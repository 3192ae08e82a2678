"""The built-in scenarios: each is what people and Paddle do in a month, and nothing of what Dunning does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta

from cli.lab.cast import Bought, Person
from cli.plan.simulate.journal import Who
from cli.plan.simulate.stage import Stage
from dunning.rules.campaign import Campaign, FinalAction, GivesUp, SendBetween

_STUDIO = Bought("Lantern Pro", 29_00, "EUR", card_last4="4242")
_NOTES = Bought("Lantern Notes", 90_00, "EUR", interval="year", card_last4="4242")
_DAILY = Bought("Lantern Weekly", 9_00, "EUR", interval="week", card_last4="4242")

ADA = Person("Ada Example", "ada@customer.example", "en-GB", "GB", (_STUDIO,))
JONAS = Person("Jonas Berg", "jonas@berg.example", "de-DE", "DE", (_STUDIO, _NOTES))
MIKA = Person("Mika Sato", "mika@sato.example", "ja-JP", "JP", (Bought("Lantern Pro", 4200, "JPY", card_last4=None),))
WANDA = Person("Wanda Example", "wanda@customer.example", "en-GB", "GB", (_DAILY,))

# What some scenarios add to a campaign that has none of its own. They then say "as if".
HOURS = SendBetween(time(8), time(18))
EVERYBODY = 100
GIVES_UP = GivesUp(timedelta(days=30), FinalAction.CANCEL)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story: its title is one sentence, and `plan` says who does what when."""

    title: str
    plan: Callable[[Stage], None]
    adapt: Callable[[Campaign], Campaign] = lambda campaign: campaign
    """Adds to the campaign what the story is to show."""


def _soft_recovered(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "not_enough_balance")
    stage.retried("45h", bill, "not_enough_balance")
    stage.collected("99h", bill)


def _hard_to_the_end(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "expired_card")
    for after in ("52h", "222h", "437h", "696h"):
        stage.retried(after, bill, "expired_card")
    stage.canceled("30d", subscription, by=Who.PADDLE)


def _outage_cured(stage: Stage) -> None:
    (subscription,) = stage.subscribed(MIKA)
    bill = stage.declined("0s", subscription, "issuer_unavailable")
    stage.collected("20h", bill)


def _paid_between(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "invalid_payment_details")
    stage.paid_in_portal("126h", bill)


def _paid_by_link(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "expired_card")
    stage.paid_by_link("5h", bill)
    stage.clicked("6d", bill)


def _canceled(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    stage.declined("0s", subscription, "declined")
    stage.canceled("6d", subscription, by=Who.CUSTOMER)


def _paused(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    stage.declined("0s", subscription, "declined")
    stage.paused("8d", subscription)


def _charged_back(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    stage.declined("0s", subscription, "fraud")
    stage.charged_back("2d", subscription)


def _two_debts(stage: Stage) -> None:
    (subscription,) = stage.subscribed(WANDA)
    older = stage.declined("0s", subscription, "expired_card")
    newer = stage.declined("7d", subscription, "expired_card")
    stage.paid_by_link("222h", older)
    stage.paid_by_link("15d", newer)


def _two_subscriptions(stage: Stage) -> None:
    first, second = stage.subscribed(JONAS)
    bill = stage.declined("0s", first, "expired_card")
    other = stage.declined("1h", second, "expired_card")
    stage.paid_by_link("4d", bill)
    stage.paid_by_link("8d", other)


def _suppressed(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "expired_card")
    stage.suppressed("3h", ADA.email)
    stage.collected("16d", bill)


def _invoiced(stage: Stage) -> None:
    (subscription,) = stage.subscribed(JONAS)[:1]
    bill = stage.declined("0s", subscription, "declined")
    stage.invoiced("2d", subscription)
    stage.paid_in_portal("9d", bill)


def _class_changes(stage: Stage) -> None:
    (subscription,) = stage.subscribed(ADA)
    bill = stage.declined("0s", subscription, "not_enough_balance")
    stage.retried("8h", bill, "expired_card")
    stage.paid_by_link("12h", bill)


def _at_night(stage: Stage) -> None:
    (subscription,) = stage.subscribed(MIKA)
    bill = stage.declined("0s", subscription, "expired_card")
    stage.paid_by_link("4d", bill)


SCENARIOS: Mapping[str, Scenario] = {
    "soft-recovered": Scenario("A soft decline that Paddle's own charge cures on day 4", _soft_recovered),
    "hard-to-the-end": Scenario("A hard decline that nobody cures: every mail, then the end", _hard_to_the_end),
    "outage-cured": Scenario("A bank's outage that is over before the first mail", _outage_cured),
    "paid-between-steps": Scenario("The customer pays between two steps, without a click", _paid_between),
    "paid-by-link": Scenario("The customer follows the mail's link and pays", _paid_by_link),
    "canceled": Scenario("The customer cancels the subscription instead", _canceled),
    "paused": Scenario("The seller pauses the subscription", _paused),
    "charged-back": Scenario("The customer's bank charges an earlier payment back", _charged_back),
    "two-debts": Scenario("The next renewal fails too, and is named with the first", _two_debts),
    "two-subscriptions": Scenario("Two subscriptions of one customer share a mail", _two_subscriptions),
    "suppressed": Scenario("The customer's address bounces", _suppressed),
    "turned-manual": Scenario("Collection turns manual in the middle", _invoiced),
    "class-changes": Scenario("Paddle's next charge shows that it is a hard decline", _class_changes),
    "outside-hours": Scenario(
        "A mail that would be due at night waits for the morning",
        _at_night,
        lambda campaign: replace(campaign, send_between=campaign.send_between or HOURS),
    ),
    "held-out": Scenario(
        "A customer who is held out gets no mail, and pays all the same",
        _paid_between,
        lambda campaign: replace(campaign, hold_out=EVERYBODY),
    ),
    "gives-up": Scenario(
        "Last mails name the day on which Paddle gives up",
        _hard_to_the_end,
        lambda campaign: replace(campaign, gives_up=campaign.gives_up or GIVES_UP),
    ),
}
