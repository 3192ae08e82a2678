"""The customers of a storm at the twin of Paddle, and their clicks."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientError, ClientSession

from paddle_twin import Twin
from tests.storms.clocks import Clocks
from tests.storms.history import Click, History
from tests.storms.mailbox import StormMailbox

# What all addresses have in common.
ADDRESSES = "+lantern@customer.example"
NAME = "Zoë O'Connor-Ünal"


@dataclass
class TwinAccount:
    """A seller's account at the twin."""

    twin: Twin

    def join(self, number: int) -> tuple[str, str, tuple[str, str]]:
        world, address = self.twin.world, f"zoe.{number}{ADDRESSES}"
        customer = world.add_customer(name=NAME, email=address, locale="en-GB")
        return customer, address, (world.add_subscription(customer), world.add_subscription(customer))

    def decline(self, subscription: str, code: str) -> str:
        return self.twin.world.decline(subscription, code)

    def retry(self, debt: str, code: str) -> None:
        self.twin.world.retry(debt, code)

    def pay(self, debt: str) -> None:
        self.twin.world.pay(debt)

    def end(self, subscription: str, status: str) -> None:
        (self.twin.world.cancel if status == "canceled" else self.twin.world.pause)(subscription)

    def schedule(self, subscription: str) -> None:
        self.twin.world.schedule(subscription)

    def archive(self, customer: str) -> None:
        self.twin.world.update_customer(customer, status="archived")


@dataclass
class Clicking:
    """Follows the links of mails, and writes down where they lead."""

    http: ClientSession
    twin: Twin
    mailbox: StormMailbox
    clocks: Clocks
    history: History

    async def click(self, debt: str, *, last: bool = False) -> None:
        """Look at the page, and press its button."""
        link = self.mailbox.links[debt]
        status, _ = await self._ask("GET", link)
        self.history.clicks.append(Click(self.clocks.seconds(), debt, status))
        at = self.clocks.seconds()
        status, location = await self._ask("POST", link)
        leads, signs_in = self._leads(location)
        self.history.clicks.append(Click(at, debt, status, leads, signs_in, last))

    async def _ask(self, method: str, link: str) -> tuple[int, str]:
        try:
            async with self.http.request(method, link, allow_redirects=False) as response:
                return response.status, response.headers.get("Location", "")
        except (ClientError, OSError, TimeoutError):
            return 0, ""

    def _leads(self, location: str) -> tuple[str, str | None]:
        if not location:
            return "", None
        if location == self.twin.portal_login_url:
            return "login", None
        token = parse_qs(urlsplit(location).query).get("token", [""])[0]
        if location.startswith(self.twin.links.url) and token:
            return "portal", self.twin.links.whose(token)
        return urlsplit(location).netloc, None
