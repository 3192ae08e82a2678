"""Where a scenario is played. Its methods plan what people and Paddle do. The journal tells each when it happens."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from cli.lab.cast import Bought, Person
from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.journal import Line, Who
from cli.plan.simulate.paddle import Happening
from cli.plan.simulate.post_office import PostOffice
from cli.plan.simulate.rehearsal import PUBLIC_URL, Act, Rehearsal, links, quietly
from cli.plan.simulate.timeless import run
from dunning.brands.brand import Brands
from dunning.casebook.words import in_a_sentence
from dunning.durations import parse_duration
from dunning.errors import ExpiredLinkError
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.story import UNDER_WAY, Entry, Kind
from dunning.rules.time_zones import zone_of
from dunning.suppression import address_key
from worker.letters.render import Renderer

_SOON_AFTER = timedelta(minutes=1)


class Stage:
    """One scenario's month. Times are durations after its beginning, as a campaign file has them: `2h`, `4d`."""

    def __init__(self, began: datetime, campaign: Campaign, renderer: Renderer, brands: Brands) -> None:
        self.journal: list[Line] = []
        self.people: list[Person] = []
        self._labels: dict[str, str] = {}
        self.campaign = campaign
        self._why = ""
        self.rehearsal = Rehearsal(
            began, [campaign], renderer, self._open_post_office, told=self._note, hear=self._hear, brands=brands
        )

    def subscribed(self, person: Person) -> list[str]:
        """Let somebody subscribe to what they bought, and return the subscriptions' ids."""
        self.people.append(person)
        paddle, number = self.rehearsal.paddle, len(self.people)
        customer_id = _id("ctm", number)
        paddle.customers[customer_id] = Customer(customer_id, person.name, person.email, person.locale, person.country)
        made = []
        for bought in person.bought:
            subscription_id = _id("sub", len(paddle.subscriptions) + 1)
            paddle.subscriptions[subscription_id] = self._subscription(subscription_id, customer_id, bought)
            made.append(subscription_id)
        return made

    def declined(self, after: str, subscription_id: str, code: str) -> str:
        """Let a renewal be declined, and return its bill's id."""
        bill_id = _id("txn", len(self._labels) + 1)
        product = self.rehearsal.paddle.subscriptions[subscription_id].product
        nth = sum(label.startswith(product) for label in self._labels.values()) + 1
        self._labels[bill_id] = product if nth == 1 else f"{product}, bill {nth}"
        self._plan(
            after,
            Who.PADDLE,
            f"Renewal declined: {code}",
            partial(self.rehearsal.paddle.decline, subscription_id, bill_id, code),
            bill_id,
        )
        return bill_id

    def retried(self, after: str, bill_id: str, code: str) -> None:
        """Let Paddle charge once more, and fail."""
        act = partial(self.rehearsal.paddle.retry, bill_id, code)
        self._plan(after, Who.PADDLE, f"Charged again, declined: {code}", act, bill_id)

    def collected(self, after: str, bill_id: str) -> None:
        """Let Paddle charge once more, and get its money."""
        act = partial(self.rehearsal.paddle.pay, bill_id, new_method=False)
        self._plan(after, Who.PADDLE, "Charged again, paid", act, bill_id)

    def paid_in_portal(self, after: str, bill_id: str) -> None:
        """Let the customer pay by themselves, without any mail of ours."""
        act = partial(self.rehearsal.paddle.pay, bill_id, new_method=True)
        self._plan(after, Who.CUSTOMER, "Pays with a new card, unasked", act, bill_id)

    def paid_by_link(self, after: str, bill_id: str) -> None:
        """Let the customer follow the newest mail's link and pay."""
        at = self._at(after)
        self.rehearsal.plan(at, partial(self._click, bill_id))
        act = partial(self.rehearsal.paddle.pay, bill_id, new_method=True)
        self.rehearsal.plan(at + 2 * _SOON_AFTER, partial(self._do, Who.CUSTOMER, "Pays with a new card", act, bill_id))

    def clicked(self, after: str, bill_id: str) -> None:
        """Let the customer follow the newest mail's link."""
        self.rehearsal.plan(self._at(after), partial(self._click, bill_id))

    def canceled(self, after: str, subscription_id: str, *, by: Who) -> None:
        """Cancel a subscription."""
        title = "Gives up and cancels the subscription" if by is Who.PADDLE else "Cancels the subscription"
        self._plan(after, by, title, partial(self.rehearsal.paddle.end, subscription_id, "canceled"))

    def paused(self, after: str, subscription_id: str, *, by: Who = Who.SELLER) -> None:
        """Pause a subscription."""
        title = "Gives up and pauses the subscription" if by is Who.PADDLE else "Pauses the subscription"
        self._plan(after, by, title, partial(self.rehearsal.paddle.end, subscription_id, "paused"))

    def charged_back(self, after: str, subscription_id: str) -> None:
        """Let the customer's bank take back an earlier payment."""
        act = partial(self.rehearsal.paddle.charge_back, subscription_id, _id("txn", 0))
        self._plan(after, Who.CUSTOMER, "Has an earlier payment charged back by the bank", act)

    def invoiced(self, after: str, subscription_id: str) -> None:
        """Turn a subscription's collection manual."""
        act = partial(self.rehearsal.paddle.collect_by_invoice, subscription_id)
        self._plan(after, Who.SELLER, "Turns collection manual: invoices from now on", act)

    def suppressed(self, after: str, email: str) -> None:
        """Let an address bounce."""

        async def bounce(now: datetime) -> None:
            (secret, *_) = self.rehearsal.services.link_secrets
            await self.rehearsal.store.suppressions.add(address_key(email, secret), "bounce", now)

        self._plan(after, Who.CUSTOMER, "The address bounces: the mail provider tells Dunning", bounce)

    def play(self) -> None:
        """Play it to the end."""
        with quietly():
            run(self.rehearsal.play())

    def cases(self) -> list[Case]:
        """Return every case that was opened."""
        return [kept.case for kept in self.rehearsal.store.kept.cases.values()]

    def about(self, bill_id: str | None) -> str:
        """Name a debt, if there are several."""
        return self._labels.get(bill_id or "", "") if len(self._labels) > 1 else ""

    def day(self, at: datetime) -> int:
        """Count the days since the day of the beginning."""
        return (at.date() - self.rehearsal.began.date()).days

    def _subscription(self, subscription_id: str, customer_id: str, bought: Bought) -> Subscription:
        """Make a subscription that the campaign is for."""
        when, number = self.campaign.when, len(self.rehearsal.paddle.subscriptions) + 1
        currency = min(when.currencies, default=bought.currency)
        return Subscription(
            id=subscription_id,
            customer_id=customer_id,
            product=bought.product,
            product_id=min(when.products, default=_id("pro", number)),
            price_id=min(when.prices, default=_id("pri", number)),
            price=bought.price,
            currency=bought.currency if bought.currency in when.currencies else currency,
            card_last4=bought.card_last4,
            interval=bought.interval,
        )

    def _plan(self, after: str, who: Who, title: str, act: Act, bill_id: str | None = None) -> None:
        self.rehearsal.plan(self._at(after), partial(self._do, who, title, act, bill_id))

    def _at(self, after: str) -> datetime:
        return self.rehearsal.began + parse_duration(after)

    def _do(self, who: Who, title: str, act: Act, bill_id: str | None, now: datetime) -> Awaitable[None] | None:
        self.journal.append(Line(now, who, title, about=self.about(bill_id), kind="paddle"))
        return act(now)

    def _open_post_office(self, clock: Callable[[], datetime]) -> PostOffice:
        self.post_office = PostOffice(clock)
        return self.post_office

    async def _click(self, bill_id: str, now: datetime) -> None:
        letter = self.post_office.newest_of(bill_id)
        if letter is None:
            return
        line = Line(
            now, Who.CUSTOMER, f"Opens the link of mail “{letter.step}”", about=self.about(bill_id), kind="clicked"
        )
        try:
            case = await self.rehearsal.store.cases.read(links().verify(letter.token(PUBLIC_URL), now).case_id)
        except ExpiredLinkError:
            line.why = "It has expired: the page leads to the portal's login."
        else:
            good = case is not None and case.is_open
            line.why = (
                "Its button leads, signed in, to Paddle's page for a new payment method."
                if good
                else "The case has ended: a page says so, and leads to nothing that needs a token."
            )
        self.journal.append(line)

    def _hear(self, happening: Happening) -> None:
        told = next((line for line in reversed(self.journal) if line.kind == "paddle"), None)
        if told is not None and happening.at - told.at < _SOON_AFTER and happening.type not in told.webhooks:
            told.webhooks.append(happening.type)

    def _next_look(self, at: datetime, case: Case) -> str:
        customer = self.rehearsal.paddle.customers[case.customer_id]
        local = at.astimezone(zone_of(customer.country))
        return f"Next look: day {self.day(at)}, {at:%H:%M}; {local:%H:%M} in {customer.country}."

    def _note(self, case_id: str, entry: Entry, now: datetime) -> None:
        if entry.moved in UNDER_WAY:
            return
        case = self.rehearsal.store.kept.cases[case_id].case
        if entry.kind is Kind.COVERED:  # this explains the next line
            entry = replace(entry, by=self._labels.get(entry.by or "", entry.by))
            self._why = f"{in_a_sentence(entry, case, self.campaign).title}."
            return
        told = in_a_sentence(entry, case, self.campaign)
        why, self._why = self._why or told.why, ""
        line = Line(now, Who.DUNNING, told.title, why, self.about(case_id), told.kind)
        if entry.again_at is not None:
            line.why += f" {self._next_look(entry.again_at, case)}"
        letter = self.post_office.newest_of(case_id)
        if told.kind == "sent" and letter is not None:
            line.subject = letter.subject
        known = [one for one in self.journal if (one.title, one.about, one.kind) == (line.title, line.about, "stopped")]
        if known:  # several webhooks often tell of one end, and what the last one says counts
            known[0].why = line.why
        else:
            self.journal.append(line)


def _id(prefix: str, number: int) -> str:
    return f"{prefix}_{number:026d}"
