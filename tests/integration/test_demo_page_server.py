"""The page's server, on a twin and a mailbox without a Dunning: what it shows, does and refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import pytest
from aiohttp import ClientSession

from cli.demo.page.page import DemoPage
from cli.demo.page.ports import Ports
from cli.demo.page.scene import Scene
from cli.demo.page.serve import Served, serving
from cli.lab.cast import FIRST
from cli.local_page.listen import listening
from dunning.errors import ConfigurationError
from tests.until import until

OWN = {"X-Dunning-Page": "1"}
ANY_FREE = Ports(0, 0, 0, 0)
NOBODY = "http://127.0.0.1:9/"


@dataclass
class Browser:
    """What a browser does with the page."""

    http: ClientSession
    served: Served
    scene: Scene

    async def state(self) -> dict[str, Any]:
        async with self.http.get(f"{self.served.page_url}/state") as response:
            state: dict[str, Any] = await response.json()
            return state

    async def press(self, path: str, body: object = None) -> tuple[int, str | None]:
        async with self.http.post(f"{self.served.page_url}{path}", json=body or {}, headers=OWN) as response:
            sentence = (await response.json())["error"] if response.status >= 400 else None
            return response.status, sentence

    async def subscription(self) -> dict[str, Any]:
        """Give the first customer's subscription, as it is shown."""
        shown: dict[str, Any] = (await self.state())["customers"][0]["subscriptions"][0]
        return shown


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with serving(ANY_FREE, webhook_url=NOBODY) as served, ClientSession() as http:
        scene = Scene(http, served.twin_url, served.mailbox_url)
        await scene.fill()
        yield Browser(http, served, scene)


async def test_the_customers_are_shown_with_their_subscriptions(browser: Browser) -> None:
    customers = (await browser.state())["customers"]

    assert [one["name"] for one in customers] == [person.name for person in FIRST]
    assert customers[0]["subscriptions"][0] | {"id": ""} == {
        "id": "",
        "product": "Lantern Pro",
        "price": "€29.00",
        "interval": "month",
        "status": "active",
        "code": None,
        "can_decline": True,
        "can_pay": False,
        "can_cancel": True,
    }
    assert customers[2]["subscriptions"][0]["price"] == "¥4,200"


async def test_a_customer_can_be_added(browser: Browser) -> None:
    before = len((await browser.state())["customers"])

    for _ in range(2):
        await browser.press("/customers")

    names = [one["name"] for one in (await browser.state())["customers"][before:]]
    assert names == ["Iris Example", "Tomas Example"]


async def test_a_renewal_is_declined_then_paid(browser: Browser) -> None:
    path = f"/subscriptions/{(await browser.subscription())['id']}"

    declined = await browser.press(f"{path}/decline", {"code": "not_enough_balance"})
    owing = await browser.subscription()
    paid = await browser.press(f"{path}/pay")
    settled = await browser.subscription()

    assert (declined, paid) == ((204, None), (204, None))
    assert (owing["status"], owing["code"], owing["can_decline"], owing["can_pay"]) == (
        "past due",
        "not_enough_balance",
        False,
        True,
    )
    assert (settled["status"], settled["can_decline"], settled["can_pay"]) == ("active", True, False)


async def test_what_the_twin_sends_is_shown_newest_first(browser: Browser) -> None:
    await browser.press(f"/subscriptions/{(await browser.subscription())['id']}/decline")

    webhooks = (await browser.state())["webhooks"]

    assert [one["type"] for one in reversed(webhooks)] == [
        "subscription.updated",
        "transaction.created",
        "transaction.billed",
        "transaction.payment_failed",
        "transaction.updated",
        "transaction.past_due",
        "subscription.updated",
        "subscription.past_due",
    ]


async def test_a_subscription_is_canceled_for_good(browser: Browser) -> None:
    path = f"/subscriptions/{(await browser.subscription())['id']}"

    await browser.press(f"{path}/cancel")

    assert (await browser.subscription())["status"] == "canceled"
    assert await browser.press(f"{path}/cancel") == (409, "This subscription is canceled already.")
    assert await browser.press(f"{path}/decline") == (
        409,
        "A subscription that is canceled has no renewal to decline.",
    )


async def test_what_cannot_be_done_is_refused_with_a_sentence(browser: Browser) -> None:
    path = f"/subscriptions/{(await browser.subscription())['id']}"

    assert await browser.press(f"{path}/pay") == (409, "Nothing is owed for this subscription.")
    assert await browser.press("/subscriptions/sub_none/cancel") == (409, "There is no such subscription.")
    assert await browser.press(f"{path}/decline", {"reason": "x"}) == (400, "Not what this takes.")
    assert await browser.press("/time", {"next_stop": True}) == (409, "Time is real here: other processes go by it.")


async def test_what_the_twin_refuses_is_told(browser: Browser) -> None:
    with pytest.raises(Exception, match="The twin refused subscriptions"):
        await browser.scene._change("subscriptions", customer_id="ctm_none")


async def test_a_mail_is_shown_with_its_parts(browser: Browser) -> None:
    await send_mail(browser.served)

    (outline,) = (await browser.state())["mails"]
    async with browser.http.get(f"{browser.served.page_url}/mails/0") as response:
        mail = await response.json()
    async with browser.http.get(f"{browser.served.page_url}/mails/0/html") as response:
        html, policy = await response.text(), response.headers["Content-Security-Policy"]

    assert (outline["subject"], outline["case_id"], outline["step"]) == ("Hello", "txn_1", "first")
    assert mail["text"] == "plain\n"
    assert mail["headers"]["to"] == "ada@customer.example"
    assert '<head><base target="_blank">' in html
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox allow-popups allow-popups-to-escape-sandbox")


async def test_a_mail_that_has_not_come_is_not_found(browser: Browser) -> None:
    for path in ("/mails/0", "/mails/0/html", "/assets/none.js"):
        async with browser.http.get(f"{browser.served.page_url}{path}") as response:
            assert response.status == 404


async def test_mails_asked_for_twice_at_once_are_shown_once(browser: Browser) -> None:
    await send_mail(browser.served)

    both = await asyncio.gather(browser.scene.mails(), browser.scene.mails())

    assert [len(mails) for mails in both] == [1, 1]


async def test_the_mailbox_gives_mails_since_a_number(browser: Browser) -> None:
    await send_mail(browser.served)
    await send_mail(browser.served)
    url = f"{browser.served.mailbox_url}/mails"

    async with browser.http.get(url, params={"since": "1"}) as response:
        assert len(await response.json()) == 1
    async with browser.http.get(url, params={"since": "-1"}) as response:
        assert response.status == 400


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1", "127.0.0.1:1", ""])
async def test_a_name_that_somebody_lets_point_here_is_refused(browser: Browser, host: str) -> None:
    async with browser.http.get(f"{browser.served.page_url}/state", headers={"Host": host}) as response:
        assert response.status == 421
        assert "customers" not in await response.text()


async def test_localhost_is_a_name_of_the_page(browser: Browser) -> None:
    port = urlsplit(browser.served.page_url).port

    async with browser.http.get(f"{browser.served.page_url}/", headers={"Host": f"localhost:{port}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("headers", [{}, {"X-Dunning-Page": "0"}])
async def test_a_button_pressed_by_another_page_does_nothing(browser: Browser, headers: dict[str, str]) -> None:
    path = f"{browser.served.page_url}/subscriptions/{(await browser.subscription())['id']}/cancel"

    async with browser.http.post(path, data="{}", headers=headers | {"Origin": "https://evil.example"}) as response:
        assert response.status == 403

    assert (await browser.subscription())["status"] == "active"


@pytest.mark.parametrize("path", ["/", "/state", "/assets/page.js", "/assets/page.css", "/assets/icon.svg", "/none"])
async def test_every_answer_says_that_only_the_page_itself_may_use_it(browser: Browser, path: str) -> None:
    async with browser.http.get(f"{browser.served.page_url}{path}") as response:
        policy = response.headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_twin_that_is_gone_is_told() -> None:
    async with ClientSession() as http:
        page = DemoPage(Scene(http, NOBODY, NOBODY))
        async with serving_page(page) as url, http.post(f"{url}/customers", headers=OWN) as response:
            assert response.status == 502
            assert await response.json() == {"error": "The twin does not answer."}


@pytest.mark.parametrize("part", ["page", "twin", "smtp", "mailbox"])
async def test_a_port_that_is_taken_stops_the_start(part: str) -> None:
    async with serving(ANY_FREE, webhook_url=NOBODY) as served:
        port = urlsplit(served.twin_url).port
        assert port is not None

        with pytest.raises(ConfigurationError, match=f"Port {port} is taken"):
            async with serving(Ports(**{"page": 0, "twin": 0, "smtp": 0, "mailbox": 0} | {part: port})):
                pass


async def test_the_usual_port_may_be_taken_by_another_demo() -> None:
    page = DemoPage(Scene(ClientSession(), NOBODY, NOBODY))
    async with page.scene.http, serving_page(page, None) as one, serving_page(page, None) as other:
        assert one != other


def serving_page(page: DemoPage, port: int | None = 0) -> AbstractAsyncContextManager[str]:
    return listening(page.app(), port)


async def send_mail(served: Served) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "billing@lantern.example", "ada@customer.example", "Hello"
    mail["Message-ID"] = "<txn_1.first@lantern.example>"
    mail.set_content("plain\n")
    mail.add_alternative("<html><head></head><body>rich</body></html>", subtype="html")
    address = urlsplit(served.smtp_url)
    await aiosmtplib.send(mail, hostname=address.hostname, port=address.port, start_tls=False)

    async with ClientSession() as http:

        async def came() -> bool:
            async with http.get(f"{served.mailbox_url}/mails") as response:
                return bool(await response.json())

        await until(came)
