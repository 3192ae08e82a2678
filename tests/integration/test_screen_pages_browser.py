"""Every page of the screen in a real browser, filled: by axe, at several widths, light and dark, as both roles.

`PICTURES=FOLDER` keeps a picture of each.
"""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from console.keys import STORE
from dunning.campaign_file.reader import shipped
from dunning.errors import OperatorMustActError
from dunning.people import PersonRole
from dunning.reasons import HoldWord
from dunning.rules.breaker import hour_of
from dunning.rules.case import CaseState
from dunning.rules.telling import Told
from dunning.store import SentAlert, Store, keys
from paddle_twin import Twin
from tests.e2e.chromium import needs_chromium, open_browser
from tests.integration.at_rest import of_transaction, redis_of
from tests.integration.cases_by_hand import put
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import NOW, settings
from tests.integration.looks import found_by_axe
from tests.integration.test_replay_past import ended
from tests.integration.test_stores_dead import MALFORMED

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), needs_chromium]

WIDTHS = (320, 768, 1280)
LOOKED_AT: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 320), ("dark", 1280))
PICTURES = os.environ.get("PICTURES")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


async def filled(side: ConsoleSide, twin: Twin) -> str:
    """Fill the store with something for every page, and give a case."""
    store: Store = side.app[STORE]
    customer_id = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    subscription_id = twin.world.add_subscription(customer_id)
    of: dict[str, Any] = {"subscription_id": subscription_id, "customer_id": customer_id}
    case = await put(
        store, id=twin.world.decline(subscription_id, "expired_card"), failed_at=NOW, attempted_at=NOW, **of
    )
    for number in range(9):
        other = await put(store, failed_at=NOW, attempted_at=NOW)
        if number % 3 == 0:
            stopped = other.end(CaseState.STOPPED, "subscription_canceled", NOW)
            await store.cases.commit(stopped, 1, due_at=None, now=NOW)
    await ended(store, opened=10, closed=4)
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.give_up(event.id, "fault: KeyError", NOW)
    await store.inbox.bury(MALFORMED, NOW)
    await store.brakes.pause("renewal", "by_operator ada", NOW)
    await redis_of(store).hset(keys.OPENED, mapping={hour_of(NOW) - back: 7 + back for back in range(6)})
    await store.holds.raise_(OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN), NOW)
    await store.alerts.keep_told({"on_hold:mail_login": Told(NOW, NOW, said=True)})
    sent = SentAlert(NOW, "Dunning at billing.example.com: Mail is on hold", "Work goes on.", bad=True, to=("mailto",))
    await store.alerts.note_sent(sent)
    await store.reconciling.wait_for_operator(12)
    return case.id


async def look(page: Page, name: str) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width} px"
    for scheme, width in LOOKED_AT:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 800})
        assert await found_by_axe(page) == [], f"{name}, {scheme}, {width} px"
    if PICTURES:
        await keep_pictures(page, name)


async def keep_pictures(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await page.screenshot(path=Path(str(PICTURES)) / f"screen-{name}-{scheme}-{width}.png", full_page=True)


async def test_every_page_can_be_used_by_everybody_and_a_viewer_sees_no_button_that_changes(
    browser: Browser, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "campaigns.toml"
    file.write_text(shipped())
    async with Twin() as twin:
        of = settings(
            redis_url,
            PADDLE_API_URL=twin.url,
            PADDLE_API_KEY=twin.api_key,
            PORTAL_LOGIN_URL=twin.portal_login_url,
            CAMPAIGN_FILE=str(file),
        )
        async with running_console(of, clock=lambda: NOW + timedelta(hours=3)) as side:
            case_id = await filled(side, twin)
            file.write_text(shipped().replace('after = "3d"', 'after = "5d"'))
            for role in PersonRole:
                async with await browser.new_page() as page:
                    page.set_default_timeout(20_000)
                    link = await side.link(role, name="Ada", at=NOW + timedelta(hours=3))
                    await page.goto(f"{side.url}{link}")
                    await page.get_by_role("button", name="Sign in as Ada").click()
                    await go_through(page, side, case_id, role)


async def go_through(page: Page, side: ConsoleSide, case_id: str, role: PersonRole) -> None:
    for name in ("Cases", "Campaigns", "Healing", "Dead events", "Brakes", "Alerts", "Overview"):
        await page.get_by_role("link", name=name, exact=True).first.click()
        await see(page, name.lower().replace(" ", "-"), role)
        if name == "Campaigns":
            assert await page.get_by_text("1 would have been mailed otherwise").is_visible()
    await page.goto(f"{side.url}/campaigns/mails/payment_failed?language=ar")
    await see(page, "mail", role)
    await page.goto(f"{side.url}/cases")
    await page.get_by_label("Id, payment link or email address").fill("ada@customer.example")
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name=case_id).click()
    await see(page, "case", role)
    await page.get_by_role("button", name="Show the next mail").click()
    assert await page.frame_locator("iframe").get_by_role("link").first.is_visible()
    await see(page, "next-mail", role)
    if role is PersonRole.OPERATOR:
        await page.goto(f"{side.url}/cases/{case_id}")
        await page.get_by_role("button", name="Make portal links").click()
        await see(page, "portal-links", role)
        await page.get_by_role("link", name="Back to case").click()
        await page.get_by_role("button", name="Stop this case").click()
        await see(page, "stopped", role)


async def see(page: Page, name: str, role: PersonRole) -> None:
    buttons = await page.get_by_role("button").all_inner_texts()
    if role is PersonRole.VIEWER:
        assert {*buttons} <= {"Sign out", "Find", "Show", "Show the next mail"}, f"{name}: {buttons}"
        return  # what an operator sees is more
    await look(page, name)
