"""The pages of brands: each link shows the page of the brand whose mail it stood in."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from dunning.campaign_file.reader import shipped
from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.store import Store
from tests.integration.edge import LINK_SECRET, NOW, Edge, running, settings

BRANDS = """
[brand]
name = "Acme"
logo = "https://CDN.acme.example/logo.png?v=1&w=2"
website = "https://acme.example"
support = "https://acme.example/help"
statement_descriptor = "PADDLE.NET* ACME"

[brand.pro]
when = { currency = "EUR" }
name = "Acme Pro"
colour = "#0b1f4b"
support = "pro@acme.example"

[brand.plain]
when = { currency = "GBP" }
name = "Plain"
"""
CASE_ID = "txn_01hv8x5b1s2a3b4c5d6e7f8g9h"


@pytest.fixture
async def edge(redis_url: str, tmp_path: Path) -> AsyncIterator[Edge]:
    file = tmp_path / "campaign.toml"
    file.write_text(BRANDS + shipped())
    async with running(settings(redis_url, CAMPAIGN_FILE=str(file))) as edge:
        yield edge


@pytest.fixture
async def open_case(store: Store) -> Case:
    case = Case(
        id=CASE_ID,
        subscription_id="sub_01hv8x5b1s2a3b4c5d6e7f8g9h",
        customer_id="ctm_01hv8x5b1s2a3b4c5d6e7f8g9h",
        campaign="renewal",
        decline_class=DeclineClass.HARD,
        failed_at=NOW,
        attempted_at=NOW,
    )
    await store.cases.commit(case, 0, due_at=None, now=NOW)
    return case


def link(brand: str) -> str:
    return Links([LINK_SECRET]).sign(CASE_ID, NOW + LINK_LIFETIME, language="en", brand=brand)


async def look(edge: Edge, token: str) -> tuple[str, str]:
    """Return the page, and its policy."""
    async with edge.http.get(edge.url / "pay" / token) as response:
        return await response.text(), response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("brand", "name", "colour"),
    [
        ("", "Acme", "#2a5bd7"),
        ("pro", "Acme Pro", "#0b1f4b"),
        ("plain", "Plain", "#2a5bd7"),
        ("gone", "Acme", "#2a5bd7"),
    ],
)
async def test_a_link_shows_the_page_of_its_mail_s_brand(
    edge: Edge, open_case: Case, brand: str, name: str, colour: str
) -> None:
    page, _ = await look(edge, link(brand))

    assert open_case.id == CASE_ID
    assert f"<title>Your payment to {name} · {name}</title>" in page
    assert f"--button: {colour};" in page
    says_what_banks_print = "show as <bdi>PADDLE.NET* ACME</bdi>." in page
    assert says_what_banks_print is (name == "Acme")


@pytest.mark.parametrize("token", ["unknown", link("pro")[:-1] + "x"])
async def test_a_link_that_is_not_ours_shows_the_default_brand(edge: Edge, token: str) -> None:
    page, _ = await look(edge, token)

    assert "This link doesn&#39;t work" in page
    assert 'alt="Acme"' in page


async def test_the_page_may_fetch_the_logo_and_nothing_else(edge: Edge) -> None:
    page, with_logo = await look(edge, "unknown")
    _, without = await look(edge, link("pro"))

    assert unescape(re.findall(r'<img src="([^"]+)"', page)[0]) == "https://CDN.acme.example/logo.png?v=1&w=2"
    assert "img-src https://cdn.acme.example;" in with_logo
    assert "img-src" not in without
    assert with_logo.startswith("default-src 'none'; ")


async def test_each_brand_s_style_is_the_one_its_policy_allows(edge: Edge) -> None:
    policies = set()
    for brand in ("", "pro"):
        page, policy = await look(edge, link(brand))
        (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
        policies.add(policy)

    assert len(policies) == 2


@pytest.mark.parametrize(
    ("brand", "shown", "hidden"),
    [
        ("", ['href="https://acme.example/help"', "You can reach us here: "], "mailto:"),
        ("pro", ['href="mailto:pro@acme.example"', "Write to <bdi>Acme Pro</bdi>"], "You can reach us here: "),
        ("plain", ['href="mailto:billing@example.com"', "Write to <bdi>Plain</bdi>"], "You can reach us here: "),
    ],
)
async def test_every_page_has_a_way_to_a_human(edge: Edge, brand: str, shown: list[str], hidden: str) -> None:
    page, _ = await look(edge, link(brand))

    assert all(one in page for one in shown)
    assert hidden not in page


async def test_a_page_leads_to_the_website_of_a_seller_who_names_one(edge: Edge) -> None:
    named, _ = await look(edge, "unknown")
    not_named, _ = await look(edge, link("pro"))

    assert 'href="https://acme.example" rel="noreferrer">Go to the <bdi>Acme</bdi> website' in named
    assert "website" not in not_named


@pytest.mark.parametrize("brand", ["", "pro", "plain"])
async def test_a_page_is_small(edge: Edge, open_case: Case, brand: str) -> None:
    page, _ = await look(edge, link(brand))

    assert open_case.is_open
    assert len(page.encode()) <= 20_000
