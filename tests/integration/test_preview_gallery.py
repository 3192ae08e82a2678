"""The gallery over HTTP: the very mails and pages that customers get, and what is wrong with a seller's files."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from cli.local_page.listen import listening
from cli.plan.preview.choice import AXES, labels, read_choice
from cli.plan.preview.examples import facts_of
from cli.plan.preview.files import SellersFiles
from cli.plan.preview.gallery import LOGIN_URL, PUBLIC_URL, Gallery
from cli.plan.preview.server import PreviewPage
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import NO_BRANDS
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.language.own import Languages
from tests.unit.mails import TEMPLATES
from webhooks.looks import looks_of
from webhooks.pages import Page, Pages
from worker.letters.render import Renderer
from worker.mail.http_api import parts_of

SELLER = Mailbox("Lantern Billing", "billing@lantern.example")
RENDERER = Renderer(None, SELLER, None, None)
CAMPAIGNS = parse_campaigns(shipped(), "default.toml")
EVERY_VALUE = [(axis.name, value.name) for axis in AXES for value in axis.values]


@dataclass
class Browser:
    """What a browser asks the gallery."""

    http: ClientSession
    url: str
    templates: Path
    campaign: Path

    async def get(self, path: str, **query: str) -> tuple[int, str]:
        async with self.http.get(f"{self.url}{path}", params=query) as response:
            return response.status, await response.text()

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = await self.json("/state")
        return state

    async def json(self, path: str, **query: str) -> Any:  # noqa: ANN401 - what JSON has
        async with self.http.get(f"{self.url}{path}", params=query) as response:
            return await response.json()

    def write(self, name: str, text: str) -> Path:
        """Write a file as an editor does, however short ago the last was written."""
        file = self.templates / name
        was = file.stat().st_mtime_ns if file.exists() else 0
        file.write_text(text)
        os.utime(file, ns=(was + 10**9, was + 10**9))
        return file


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    templates, campaign = tmp_path / "templates", tmp_path / "campaign.toml"
    templates.mkdir()
    campaign.write_text(shipped())
    gallery = Gallery(files=SellersFiles(campaign, templates, SELLER, None), mail_from=SELLER, reply_to=None)
    async with listening(PreviewPage(gallery).app(), 0) as url, ClientSession() as http:
        yield Browser(http, url, templates, campaign)


async def test_every_mail_and_every_page_can_be_chosen(browser: Browser) -> None:
    state = await browser.state()

    assert [mail["name"] for mail in state["mails"]] == list(TEMPLATES)
    assert [mail["planned"] for mail in state["mails"]][:2] == ["first: day 0, 2 h to day 2", "reminder: day 3"]
    assert {page["name"] for page in state["pages"]} == set(Page)
    assert state["problems"] == []


async def test_a_mail_is_the_one_that_the_renderer_writes(browser: Browser) -> None:
    """Each mail as usual, and each value that can be chosen in a mail, in turn."""
    in_turn = [{"template": template, axis: value} for template, (axis, value) in zip(cycle(TEMPLATES), EVERY_VALUE)]
    for query in [*({"template": template} for template in TEMPLATES), *in_turn]:
        facts = facts_of(read_choice(query, TEMPLATES), CAMPAIGNS, public_url=PUBLIC_URL)
        mail = RENDERER.render(facts)

        shown = await browser.json("/mail", **query)
        status, html = await browser.get("/mail/html", **query)

        text, written = parts_of(mail)
        assert status == 200
        assert shown["text"] == text, query
        assert shown["subject"] == mail["Subject"]
        assert html.replace('<base target="_blank">', "", 1) == written, query


async def test_what_is_chosen_is_in_the_mail(browser: Browser) -> None:
    paypal = await browser.json("/mail", template="reminder", method="paypal", decline="expired_card")
    late = await browser.json("/mail", template="final_notice", end="certain", debts="currencies")
    first = await browser.json("/mail", template="reminder_2", contact="first")

    assert "PayPal" in paypal["text"]
    assert "expired" not in paypal["text"]
    assert "$9.00" in late["text"]
    assert "April 1, 2026" in late["text"]
    assert first["subject"] == "Payment didn't go through: Lantern Pro"


async def test_the_preheader_is_what_a_list_of_mails_shows(browser: Browser) -> None:
    mail = await browser.json("/mail", template="payment_failed")

    assert mail["preheader"].startswith("You can pay €29.00 with any payment method that works for you.")


@pytest.mark.parametrize("page", Page)
async def test_a_page_is_the_one_that_customers_get(browser: Browser, page: Page) -> None:
    minutes = 12 if page is Page.TOO_MANY else 0
    looks = looks_of(NO_BRANDS, mail_from=SELLER, reply_to=None, login_url=LOGIN_URL, portal_origins=())
    pages = Pages(Languages(None), looks)

    _, html = await browser.get("/page/html", page=page.value, contact="first")

    assert html.replace('<base target="_blank">', "", 1) == pages.answer(page, "en", minutes=minutes).text


async def test_each_brand_of_the_file_can_be_chosen_for_mails_and_pages(browser: Browser) -> None:
    browser.campaign.write_text(
        '[brand]\nname = "Acme"\n[brand.pro]\nwhen = { currency = "EUR" }\nname = "Acme Pro"\ncolour = "#0b1f4b"\n'
    )

    (axis,) = [axis for axis in (await browser.state())["axes"] if axis["name"] == "brand"]
    mails = [(await browser.json("/mail", template="reminder", **chosen))["text"] for chosen in ({}, {"brand": "pro"})]
    _, page = await browser.get("/page/html", brand="pro")

    assert [(one["name"], one["label"]) for one in axis["values"]] == [("", "Acme"), ("pro", "Acme Pro")]
    assert "Kind regards,\nAcme\n" in mails[0]
    assert "Kind regards,\nAcme Pro\n" in mails[1]
    assert "<bdi>Acme Pro</bdi>" in page
    assert "#0b1f4b" in page
    assert "brand: there is no 'por'; did you mean pro?" in (await browser.get("/page/html", brand="por"))[1]


async def test_a_page_offers_to_stop_reminders_from_the_second_mail_on(browser: Browser) -> None:
    _, first = await browser.get("/page/html", page="pay", contact="first")
    _, later = await browser.get("/page/html", page="pay")

    assert "/pay/stop/" not in first
    assert "/pay/stop/" in later


async def test_no_page_but_those_to_pay_on_offers_to_stop_reminders(browser: Browser) -> None:
    offering = [page for page in Page if "/pay/stop/" in (await browser.get("/page/html", page=page))[1]]

    assert offering == [Page.PAY, Page.PAY_AGAIN]


@pytest.mark.parametrize("path", ["/mail/html", "/page/html"])
async def test_by_night_is_shown_as_by_night_whatever_the_browser_is_set_to(browser: Browser, path: str) -> None:
    _, light = await browser.get(path, scheme="light")
    _, dark = await browser.get(path, scheme="dark")

    assert "@media (min-width: 0)" in dark
    assert "@media (max-width: 0)" in light
    assert "prefers-color-scheme" not in light + dark
    assert "light dark" not in light + dark


@pytest.mark.parametrize("path", ["/mail/html", "/page/html"])
async def test_what_is_shown_runs_nothing_and_fetches_nothing_but_images(browser: Browser, path: str) -> None:
    async with browser.http.get(f"{browser.url}{path}") as response:
        policy = response.headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src https: data:;")
    assert "script" not in policy
    assert "sandbox" in policy


async def test_a_name_that_somebody_lets_point_here_is_refused(browser: Browser) -> None:
    port = urlsplit(browser.url).port

    for path in ("/", "/state", "/mail"):
        async with browser.http.get(f"{browser.url}{path}", headers={"Host": f"evil.example:{port}"}) as response:
            assert response.status == 421


async def test_what_is_not_known_is_refused_with_what_is(browser: Browser) -> None:
    status, told = await browser.get("/mail", template="remider")
    assert status == 409
    assert "there is no 'remider'; did you mean reminder?" in told

    _, told = await browser.get("/mail/html", debts="seventeen")
    assert "debts: there is no 'seventeen'; it should be one of one, bills, subscriptions, currencies" in told

    assert (await browser.get("/page/html", page="none"))[0] == 409


async def test_a_template_of_the_seller_s_is_shown_as_soon_as_it_is_written(browser: Browser) -> None:
    before = await browser.state()
    browser.write("reminder.subject.txt", "Please, {{ product }}\n")

    after = await browser.state()

    assert after["version"] != before["version"]
    assert (await browser.json("/mail", template="reminder"))["subject"] == "Please, Lantern Pro"

    browser.write("reminder.subject.txt", "Oh, {{ product }}\n")
    assert (await browser.json("/mail", template="reminder"))["subject"] == "Oh, Lantern Pro"


async def test_a_sentence_of_the_seller_s_is_shown_too(browser: Browser) -> None:
    browser.write("sentences.toml", '[mail.button]\npay = "Settle {amount}"\n')

    assert "Settle €29.00" in (await browser.get("/mail/html"))[1]


async def test_a_slip_in_a_template_is_told_with_file_and_line_until_it_is_mended(browser: Browser) -> None:
    file = browser.write("reminder.txt", "Hello\n{{ nmae }}\n{{ link }}\n")

    assert (await browser.state())["problems"] == [f"{file}:2: 'nmae' is undefined"]
    assert (await browser.json("/mail"))["problems"] == [f"{file}:2: 'nmae' is undefined"]

    browser.write("reminder.txt", "Hello\n{{ product }}\n{{ link }}\n")
    assert (await browser.state())["problems"] == []
    assert (await browser.json("/mail", template="reminder"))["text"].startswith("Hello\nLantern Pro")


async def test_a_branch_that_is_rarely_taken_is_told_with_file_and_line(browser: Browser) -> None:
    text = '{{ link }}\n{% if advice_key == "top_up" %}\n{{ nmae }}\n{% endif %}\n'
    file = browser.write("reminder.txt", text)

    assert (await browser.state())["problems"] == []
    status, told = await browser.get("/mail", template="reminder", decline="not_enough_balance")

    assert status == 409
    assert f"{file}:3: 'nmae' is undefined" in told


async def test_a_slip_in_the_campaign_file_is_told_with_its_line(browser: Browser) -> None:
    browser.campaign.write_text(shipped().replace('name = "first"', 'nmae = "first"'))

    (problem,) = [one for one in (await browser.state())["problems"] if "nmae" in one]

    assert problem.startswith(f"{browser.campaign}:")


async def test_a_campaign_file_that_is_gone_is_told(browser: Browser) -> None:
    browser.campaign.unlink()

    assert (await browser.state())["problems"][0].startswith(f"{browser.campaign}: the file can't be read")


async def test_a_template_that_is_no_text_is_told(browser: Browser) -> None:
    (browser.templates / "reminder.txt").write_bytes(b"\xff\xfe")

    (problem,) = (await browser.state())["problems"]
    assert problem.startswith(f"{browser.templates / 'reminder.txt'}:1: it is not UTF-8 text")


async def test_a_campaign_that_names_its_end_is_shown_with_it(browser: Browser) -> None:
    browser.campaign.write_text(shipped().replace("# gives_up", "gives_up"))

    assert "April 1, 2026" in (await browser.json("/mail", template="final_notice"))["text"]
    assert "April 1" not in (await browser.json("/mail", template="final_notice", end="unknown"))["text"]


async def test_a_last_notice_with_a_step_after_it_is_shown_as_none(browser: Browser) -> None:
    more = '[[campaign.renewal.step]]\nname = "more"\nafter = "28d"\ntemplate = "reminder_4"\n'
    browser.campaign.write_text(f"{shipped()}\n{more}")

    assert (await browser.json("/mail", template="final_notice"))["subject"] == "Subscription may stop: Lantern Pro"


async def test_a_last_notice_that_no_step_sends_is_shown_as_one(browser: Browser) -> None:
    browser.campaign.write_text(shipped().replace('template = "final_notice"', 'template = "reminder_4"'))

    assert (await browser.json("/mail", template="final_notice"))["subject"] == "Last reminder to pay: Lantern Pro"


async def test_a_mail_that_no_step_sends_is_shown_last(browser: Browser) -> None:
    for suffix, text in (("subject.txt", "Hi"), ("txt", "{{ link }}"), ("html", "{{ link }}")):
        browser.write(f"greeting.{suffix}", text)

    last = (await browser.state())["mails"][-1]

    assert last == {"name": "greeting", "planned": "no step sends it"}
    assert (await browser.json("/mail", template="greeting"))["subject"] == "Hi"


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("reminder paypal", {f"{name.replace('_', ' ')}, PayPal" for name in TEMPLATES if name.startswith("reminder")}),
        ("FINAL two currencies", {"final notice, two currencies"}),
        ("hasn't come through yet", {"reminder 3"}),
        ("nowhere at all", set()),
        ("", set()),
    ],
)
async def test_a_search_finds_by_what_is_said_and_by_what_was_chosen(
    browser: Browser, words: str, titles: set[str]
) -> None:
    found = await browser.json("/find", words=words)

    assert titles <= {one["title"] for one in found}
    assert bool(found) is bool(titles)
    for one in found:
        assert labels(read_choice(one["query"], TEMPLATES)) == one["title"]


async def test_a_search_finds_nothing_in_broken_files(browser: Browser) -> None:
    browser.write("reminder.txt", "{{ nmae }}")

    assert await browser.json("/find", words="reminder") == []


@pytest.mark.parametrize(
    "name", ["preview.js", "address.js", "choices.js", "preview.css", "look.css", "dom.js", "icon.svg"]
)
async def test_the_page_has_its_files(browser: Browser, name: str) -> None:
    assert (await browser.get(f"/assets/{name}"))[0] == 200


async def test_the_page_has_no_other_files(browser: Browser) -> None:
    assert (await browser.get("/assets/none.js"))[0] == 404
    assert (await browser.get("/"))[0] == 200
