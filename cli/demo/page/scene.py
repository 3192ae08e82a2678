"""The world around Dunning: a twin of Paddle and a mailbox, both asked and changed over their control APIs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import ClientSession

from cli.lab import cast
from dunning.errors import DunningError

Json = dict[str, Any]


class RefusedError(DunningError):
    """What was asked for can't be done to the world as it is. The sentence says why."""


@dataclass(slots=True)
class Scene:
    """The twin and the mailbox, by the addresses where they are controlled."""

    http: ClientSession
    twin_url: str
    mailbox_url: str
    _mails: list[Json] = field(default_factory=list)
    _further: Iterator[cast.Person] = field(default_factory=cast.more)

    async def world(self) -> Json:
        """Return all that the twin knows."""
        async with self.http.get(f"{self.twin_url}/_twin/world") as response:
            world: Json = await response.json()
            return world

    async def mails(self) -> list[Json]:
        """Return every mail that has come, oldest first."""
        url = f"{self.mailbox_url}/mails?since={len(self._mails)}"
        known = len(self._mails)
        async with self.http.get(url) as response:
            fresh: list[Json] = await response.json()
        if len(self._mails) == known:  # else another request was quicker
            self._mails += fresh
        return self._mails

    async def fill(self) -> None:
        """Add the first customers."""
        for person in cast.FIRST:
            await self._add(person)

    async def add_customer(self) -> None:
        """Add one more customer."""
        await self._add(next(self._further))

    async def decline(self, subscription_id: str, code: str) -> None:
        """Decline the renewal of a subscription that is paid so far.

        Raises:
            RefusedError: it is not.
        """
        subscription = await self._subscription(subscription_id)
        if subscription["status"] != "active":
            raise RefusedError(f"A subscription that is {_plain(subscription['status'])} has no renewal to decline.")
        await self._change(f"subscriptions/{subscription_id}/decline", code=code)

    async def pay(self, subscription_id: str) -> None:
        """Pay all debts of a subscription, as its customer would.

        Raises:
            RefusedError: there are none.
        """
        world = await self.world()
        debts = [
            one["id"] for one in world["transactions"] if is_debt(one) and one["subscription_id"] == subscription_id
        ]
        if not debts:
            raise RefusedError("Nothing is owed for this subscription.")
        for transaction_id in debts:
            await self._change(f"transactions/{transaction_id}/pay")

    async def cancel(self, subscription_id: str) -> None:
        """Cancel a subscription, and its debts with it.

        Raises:
            RefusedError: it is canceled already.
        """
        subscription = await self._subscription(subscription_id)
        if subscription["status"] == "canceled":
            raise RefusedError("This subscription is canceled already.")
        await self._change(f"subscriptions/{subscription_id}/cancel")

    async def _add(self, person: cast.Person) -> None:
        facts = asdict(person)
        bought = facts.pop("bought")
        customer = await self._change("customers", **facts)
        for one in bought:
            await self._change("subscriptions", customer_id=customer["id"], **one)

    async def _subscription(self, subscription_id: str) -> Json:
        for found in (await self.world())["subscriptions"]:
            if found["id"] == subscription_id:
                subscription: Json = found
                return subscription
        raise RefusedError("There is no such subscription.")

    async def _change(self, path: str, **body: object) -> Json:
        async with self.http.post(f"{self.twin_url}/_twin/{path}", json=body) as response:
            answer: Json = await response.json()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"The twin refused {path.partition('/')[0]}: {answer.get('error')}")
        return answer


def is_debt(transaction: Json) -> bool:
    """Tell whether a transaction is still owed."""
    return bool(transaction["status"] == "past_due")


def _plain(status: str) -> str:
    return status.replace("_", " ")
