"""The customers of a storm at a Paddle that is only values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.paddle import Paddle


@dataclass
class AccountInMemory:
    """A seller's account, as values."""

    paddle: Paddle
    clock: Callable[[], datetime]

    def join(self, number: int) -> tuple[str, str, tuple[str, str]]:
        customer, address = f"ctm_{number:026d}", f"customer.{number}@customer.example"
        self.paddle.customers[customer] = Customer(customer, "Ada", address)
        first, other = (f"sub_{2 * number + which:026d}" for which in range(2))
        for one in (first, other):
            product, price = one.replace("sub_", "pro_"), one.replace("sub_", "pri_")
            self.paddle.subscriptions[one] = Subscription(one, customer, "Lantern", product, price, 2900, "EUR")
        return customer, address, (first, other)

    def decline(self, subscription: str, code: str) -> str:
        debt = f"txn_{len(self.paddle.bills):026d}"
        self.paddle.decline(subscription, debt, code, self.clock())
        return debt

    def retry(self, debt: str, code: str) -> None:
        self.paddle.retry(debt, code, self.clock())

    def pay(self, debt: str) -> None:
        self.paddle.pay(debt, self.clock(), new_method=True)

    def end(self, subscription: str, status: str) -> None:
        self.paddle.end(subscription, status, self.clock())

    def schedule(self, subscription: str) -> None:
        self.paddle.schedule(subscription, "cancel", self.clock())

    def archive(self, customer: str) -> None:
        self.paddle.archive(customer, self.clock())
