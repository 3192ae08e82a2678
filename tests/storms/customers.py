"""The customers of a storm: they do at Paddle what their lives say, and what is true of their debts is written down."""

from collections.abc import Callable
from typing import Protocol

from tests.storms.history import Debt, History
from tests.storms.schedule import Act, What


class Account(Protocol):
    """A seller's account at Paddle, whichever Paddle it is: the twin, or the one that is only values."""

    def join(self, number: int) -> tuple[str, str, tuple[str, str]]:
        """Let somebody subscribe twice. Returns the ids and the address: customer, address, subscriptions."""
        ...

    def decline(self, subscription: str, code: str) -> str: ...
    def retry(self, debt: str, code: str) -> None: ...
    def pay(self, debt: str) -> None: ...
    def end(self, subscription: str, status: str) -> None: ...
    def schedule(self, subscription: str) -> None: ...
    def archive(self, customer: str) -> None: ...


class Customers:
    """Lets them live, and keeps what is true of their debts in the history."""

    def __init__(self, account: Account, history: History, clock: Callable[[], float]) -> None:
        self._account = account
        self._history = history
        self._clock = clock
        self._who: dict[int, tuple[str, str, tuple[str, str]]] = {}
        self._over: set[str] = set()
        """Subscriptions that have ended."""
        self._spared: dict[str, float] = {}
        """Subscriptions that are not to be mailed about, and since when."""

    def act(self, number: int, act: Act) -> str | None:
        """Let a customer do something, if they still can. Returns the debt of a link that they click on."""
        if number not in self._who:
            self._who[number] = self._account.join(number)
        if act.what is What.CLICK:
            mailed = [debt for mail in self._history.mails for debt in mail.debts]
            return next((debt.id for debt in reversed(self._of(number)) if debt.id in mailed), None)
        customer, _, (first, other) = self._who[number]
        self._history.news.setdefault(customer, []).append(self._clock())
        if act.what in {What.DECLINE, What.DECLINE_AGAIN}:
            self._decline(number, first, act.code)
        elif act.what is What.DECLINE_OTHER:
            self._decline(number, other, act.code)
        else:
            self._go_on(number, act)
        return None

    def _go_on(self, number: int, act: Act) -> None:
        customer, _, (first, other) = self._who[number]
        owed = [debt for debt in self._of(number) if debt.ended_at is None]
        match act.what:
            case What.RETRY if owed:
                self._account.retry(owed[0].id, act.code)
            case What.PAY if owed:
                self._end(owed[0], "paid")
                self._account.pay(owed[0].id)
            case What.CANCEL | What.PAUSE if first not in self._over:
                self._over.add(first)
                for debt in owed:
                    if debt.subscription == first:
                        self._end(debt, "canceled")
                self._account.end(first, "canceled" if act.what is What.CANCEL else "paused")
            case What.SCHEDULE if first not in self._over:
                self._spare(number, first)
                self._account.schedule(first)
            case What.ARCHIVE:
                for subscription in (first, other):
                    self._spare(number, subscription)
                self._account.archive(customer)

    def _of(self, number: int) -> list[Debt]:
        customer = self._who[number][0]
        return [debt for debt in self._history.debts.values() if debt.customer == customer]

    def _decline(self, number: int, subscription: str, code: str) -> None:
        if subscription in self._over:
            return
        customer, address, _ = self._who[number]
        now = self._clock()
        debt = Debt(self._account.decline(subscription, code), subscription, customer, address, now)
        debt.spared_from = now if subscription in self._spared else None
        self._history.debts[debt.id] = debt

    def _end(self, debt: Debt, how: str) -> None:
        debt.ended_at, debt.ended_as = self._clock(), how

    def _spare(self, number: int, subscription: str) -> None:
        now = self._spared.setdefault(subscription, self._clock())
        for debt in self._of(number):
            if debt.subscription == subscription and debt.spared_from is None:
                debt.spared_from = now
