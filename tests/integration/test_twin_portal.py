import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from paddle_twin import Twin
from paddle_twin.links import OVERVIEW, UPDATE


def owing(twin: Twin, *, price: int = 2400, currency: str = "USD") -> tuple[str, str, str]:
    customer = twin.world.add_customer(name="Rosa <Lume>", email="rosa@lamplight.example")
    subscription = twin.world.add_subscription(
        customer, product="Lantern <Pro>", price=price, currency=currency, card_last4="0341"
    )
    return customer, subscription, twin.world.decline(subscription)


def update_link(twin: Twin, customer: str, subscription: str) -> str:
    session = twin.links.session(customer, [subscription])
    return str(session["urls"]["subscriptions"][0][UPDATE])


async def page(http: ClientSession, url: str, method: str = "GET") -> tuple[str, str]:
    """Give a page's name and its HTML."""
    async with http.request(method, url) as response:
        html = await response.text()
    named = re.search(r'data-page="([a-z]+)"', html)
    assert named
    return named[1], html


@pytest.mark.parametrize(
    ("price", "currency", "shown"), [(2400, "USD", "$24.00"), (2980, "JPY", "¥2,980"), (100050, "EUR", "€1,000.50")]
)
async def test_a_link_with_a_token_shows_what_is_due(
    twin: Twin, http: ClientSession, price: int, currency: str, shown: str
) -> None:
    customer, subscription, _ = owing(twin, price=price, currency=currency)

    name, html = await page(http, update_link(twin, customer, subscription))

    assert name == "update"
    assert shown in html
    assert "Lantern &lt;Pro&gt;" in html
    assert "ending in 0341" in html
    assert "Signed in as rosa@lamplight.example" in html
    assert "Update payment method and pay" in html
    assert "<script" not in html


async def test_the_button_pays_the_debt_and_says_so(twin: Twin, http: ClientSession) -> None:
    customer, subscription, transaction = owing(twin)
    link = update_link(twin, customer, subscription)

    name, html = await page(http, link, "POST")

    assert name == "paid"
    assert "goes on as before" in html
    assert twin.world.transactions[transaction]["status"] == "completed"
    assert twin.world.subscriptions[subscription]["status"] == "active"


async def test_without_a_debt_there_is_nothing_to_press(twin: Twin, http: ClientSession) -> None:
    customer, subscription, transaction = owing(twin)
    twin.world.pay(transaction)

    name, html = await page(http, update_link(twin, customer, subscription))

    assert name == "update"
    assert "<form" not in html


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_living_token_there_is_only_the_login_page(http: ClientSession, method: str) -> None:
    days = [datetime(2026, 3, 2, tzinfo=UTC)]
    async with Twin(clock=lambda: days[-1]) as twin:
        customer, subscription, transaction = owing(twin)
        link = update_link(twin, customer, subscription)
        bare = twin.links.link(UPDATE, subscription, token=None)
        portal_of_another_seller = link.replace("cpl_", "cpl_x")

        found = [
            (await page(http, url, method))[0]
            for url in (link + "x", bare, portal_of_another_seller, twin.portal_login_url)
        ]
        days.append(days[-1] + timedelta(hours=24))
        expired, _ = await page(http, link, method)

    assert [*found, expired] == ["login"] * 5
    assert twin.world.transactions[transaction]["status"] == "past_due"


async def test_a_token_opens_nobody_elses_subscription(twin: Twin, http: ClientSession) -> None:
    customer, _, _ = owing(twin)
    _, foreign, foreign_debt = owing(twin)
    link = update_link(twin, customer, foreign)

    name, html = await page(http, link)
    paid, _ = await page(http, link, "POST")

    assert (name, paid) == ("overview", "login")
    assert "Update payment method and pay" not in html
    assert twin.world.transactions[foreign_debt]["status"] == "past_due"


async def test_the_overview_lists_what_the_customer_has_and_leads_to_what_is_due(
    twin: Twin, http: ClientSession
) -> None:
    customer, _, _ = owing(twin)
    twin.world.add_subscription(customer, product="Lantern Lite")
    overview = twin.links.session(customer, [])["urls"]["general"][OVERVIEW]

    name, html = await page(http, overview)

    assert name == "overview"
    assert html.count(">Pay</a>") == 1
    assert "past due" in html
    assert "Lantern Lite" in html


async def test_the_login_page_asks_for_an_address_and_promises_a_mail(twin: Twin, http: ClientSession) -> None:
    asking, html = await page(http, twin.portal_login_url)
    _, answered = await page(http, twin.portal_login_url, "POST")

    assert asking == "login"
    assert 'type="email"' in html
    assert "on its way" in answered


async def test_no_page_is_kept_and_no_address_is_passed_on(twin: Twin, http: ClientSession) -> None:
    customer, subscription, _ = owing(twin)

    async with http.get(update_link(twin, customer, subscription)) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_portal_may_be_told_to_lead_elsewhere_or_to_forget_the_token(twin: Twin) -> None:
    customer, subscription, _ = owing(twin)

    twin.links.portal_url = "https://elsewhere.example"
    elsewhere = update_link(twin, customer, subscription)
    twin.links.with_token = False
    bare = update_link(twin, customer, subscription)

    assert elsewhere.startswith("https://elsewhere.example/cpl_")
    assert "token=" not in bare
