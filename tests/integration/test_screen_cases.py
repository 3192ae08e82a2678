"""Cases on the screen: finding them, reading them, and what operators do to them."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
from structlog.testing import capture_logs

from console.keys import STORE
from dunning.audit import Change
from dunning.people import PersonRole
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, Kind
from dunning.store import AuditEntry, Store
from paddle_twin import Twin
from tests.integration.cases_by_hand import put
from tests.integration.console_side import ConsoleSide, Person, running_console
from tests.integration.edge import NOW, settings

BUTTONS = ("Stop this case", "Exclude the customer", "Make portal links", "Make a payment link")


@pytest.fixture
async def side(redis_url: str, twin: Twin) -> AsyncIterator[ConsoleSide]:
    of = settings(
        redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
    )
    async with running_console(of) as side:
        yield side


@pytest.fixture
async def case(twin: Twin, store: Store) -> Case:
    """A debt at Paddle, and our case of it, which failed just before the console's clock."""
    customer_id = twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    subscription_id = twin.world.add_subscription(customer_id)
    return await put(
        store,
        id=twin.world.decline(subscription_id, "expired_card"),
        subscription_id=subscription_id,
        customer_id=customer_id,
        failed_at=NOW,
        attempted_at=NOW,
    )


def said(html: str) -> str:
    """Give the words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def find(person: Person, about: str) -> tuple[int, str, str | None]:
    return await person.post("/cases/find", {"form_token": await person.form_token(), "about": about})


async def change(person: Person, path: str, **fields: str) -> tuple[int, str]:
    status, html, _ = await person.post(path, {"form_token": await person.form_token(), **fields})
    return status, said(html)


async def test_a_case_is_found_by_each_of_its_ids_by_its_link_and_by_an_address(side: ConsoleSide, case: Case) -> None:
    person = await side.sign_in(PersonRole.VIEWER)
    list_of_customer = f"/cases?state=every&customer={case.customer_id}"

    with capture_logs() as logs:
        found = {
            about: (await find(person, about))[2]
            for about in (
                case.id,
                f"https://billing.example.com/pay/{case.id.upper()}.1767225600.MZXW6",
                case.customer_id,
                case.subscription_id,
                " ada@customer.example ",
            )
        }

    assert list(found.values()) == [
        f"/cases/{case.id}",
        f"/cases/{case.id}",
        list_of_customer,
        f"/cases?state=every&subscription={case.subscription_id}&customer={case.customer_id}",
        list_of_customer,
    ]
    assert "customer.example" not in repr(logs)
    for path in list_of_customer, str(found[case.subscription_id]):
        assert f"/cases/{case.id}" in (await person.get(path))[1]


@pytest.mark.parametrize(
    ("about", "status", "words"),
    [
        ("nobody@customer.example", 404, "Paddle knows no customer with this address."),
        (f"sub_{'0' * 26}", 404, "Paddle knows no such subscription."),
        ("who knows", 400, "It should be the id of a transaction"),
        (f"sub_{'1' * 26}", 503, "Paddle can't be asked"),
    ],
)
async def test_what_is_not_found_is_said(side: ConsoleSide, twin: Twin, about: str, status: int, words: str) -> None:
    if status == 503:
        twin.fail_next("GET /subscriptions", 500, times=5)

    answer = await find(await side.sign_in(), about)

    assert (answer[0], words in said(answer[1])) == (status, True)


async def test_several_customers_with_one_address_are_listed(side: ConsoleSide, twin: Twin) -> None:
    ids = [twin.world.add_customer(name="Ada", email="ada@customer.example") for _ in range(2)]

    status, html, _ = await find(await side.sign_in(), "ada@customer.example")

    assert status == 200
    assert all(f"customer={one}" in html for one in ids)


async def test_cases_are_listed_by_what_they_have_in_common_a_page_at_a_time(side: ConsoleSide, store: Store) -> None:
    person, cases = await side.sign_in(PersonRole.VIEWER), [await put(store) for _ in range(51)]
    await store.cases.commit(cases[0].end(CaseState.STOPPED, "charged_back", NOW), 1, due_at=None, now=NOW)
    last = await put(store, failed_days_ago=0)

    _, first = await person.get("/cases")
    _, ended = await person.get("/cases?reason=charged_back")
    _, none = await person.get("/cases?state=recovered")
    (more,) = re.findall(r'href="(/cases\?[^"]*cursor=[^"]+)"', first)
    _, second = await person.get(unescape(more))

    assert len(set(re.findall(r"/cases/txn_\w+", first))) == 50
    assert re.findall(r"/cases/(txn_\w+)", second) == [last.id]
    assert re.findall(r"/cases/(txn_\w+)", ended) == [cases[0].id]
    assert "stopped: charged back" in said(ended)
    assert "There is none." in said(none)


@pytest.mark.parametrize("query", ["state=lost", "reason=no_reason", "cursor=1"])
async def test_a_list_that_there_is_not_is_refused(side: ConsoleSide, query: str) -> None:
    assert (await (await side.sign_in()).get(f"/cases?{query}"))[0] == 400


async def test_a_case_tells_its_story_what_is_next_and_what_is_in_the_way(
    side: ConsoleSide, store: Store, case: Case
) -> None:
    person = await side.sign_in(PersonRole.VIEWER)
    await store.brakes.pause(None, "by_operator ada", NOW)
    await store.exclusions.exclude(case.subscription_id, NOW)

    status, html = await person.get(f"/cases/{case.id}")

    words = said(html)
    assert status == 200
    assert "A payment failed. It needs another payment method." in words
    assert "The step first is due 2026-05-04 14:00 UTC." in words
    assert "Mail is paused since 2026-05-04 12:00 UTC (by_operator ada)." in words
    assert f"{case.subscription_id} is excluded since" in words
    assert not any(button in html for button in BUTTONS)
    of_operator = (await (await side.sign_in()).get(f"/cases/{case.id}"))[1]
    assert [button for button in BUTTONS if button not in of_operator] == []


async def test_what_happened_at_one_moment_is_told_in_its_order(side: ConsoleSide, store: Store, case: Case) -> None:
    await store.cases.note(case.id, Entry(kind=Kind.CLICKED), NOW)
    await store.cases.note(case.id, Entry(kind=Kind.EXCLUDED, who=case.customer_id, operator="ada"), NOW)

    words = said((await (await side.sign_in()).get(f"/cases/{case.id}"))[1])

    assert words.index("The link was clicked") < words.index("It was decided by ada")


async def test_a_case_that_there_is_not_is_said(side: ConsoleSide) -> None:
    person = await side.sign_in()

    assert (await person.get(f"/cases/txn_{'0' * 26}"))[0] == 404
    assert (await change(person, f"/cases/txn_{'0' * 26}/stop"))[0] == 404
    assert (await change(person, f"/cases/txn_{'0' * 26}/next-mail"))[0] == 404


async def test_an_operator_stops_a_case_by_name(side: ConsoleSide, store: Store, case: Case) -> None:
    status, words = await change(await side.sign_in(name="Ada"), f"/cases/{case.id}/stop")

    assert (status, f"Case {case.id} is stopped" in words) == (200, True)
    after = await store.cases.read(case.id)
    assert after is not None
    assert after.state is CaseState.STOPPED
    assert (await store.cases.story(case.id))[-1].entry.operator == "Ada"
    assert [(one.what, one.who, one.about) for one in await audit(side, 1)] == [(Change.STOP, "Ada", case.id)]


async def test_an_operator_sends_now_and_once_more(side: ConsoleSide, store: Store, case: Case) -> None:
    person = await side.sign_in()

    sent = await change(person, f"/cases/{case.id}/send-now", step="first")
    too_early = await change(person, f"/cases/{case.id}/resend")
    (read,) = await store.cases.read_versioned([case.id])
    assert read.case is not None
    delivered = Delivery().claim("me", NOW).begin_data("me").settle("me", DeliveryState.SENT, "smtp_250")
    await store.cases.commit(read.case.with_delivery("first", delivered), read.revision, due_at=NOW, now=NOW)
    again = await change(person, f"/cases/{case.id}/resend")

    assert (sent[0], f"Step first of case {case.id} is due now." in sent[1]) == (200, True)
    assert too_early[0] == 409
    assert (again[0], "is sent again." in again[1]) == (200, True)
    assert [one.what for one in await audit(side, 2)] == [Change.RESEND, Change.SEND_NOW]


@pytest.mark.parametrize("whom", ["customer_id", "subscription_id"])
async def test_an_operator_excludes_and_includes(side: ConsoleSide, store: Store, case: Case, whom: str) -> None:
    person, who = await side.sign_in(name="Ada"), getattr(case, whom)
    excluded = [await change(person, f"/cases/{case.id}/exclude", who=who) for _ in range(2)]
    assert [one.id for one in await store.exclusions.all()] == [who]
    included = [await change(person, f"/cases/{case.id}/include", who=who) for _ in range(2)]

    assert ["already" in words for _, words in excluded] == [False, True]
    assert ["was not" in words for _, words in included] == [False, True]
    assert [line.entry.operator for line in (await store.cases.story(case.id))[-2:]] == ["Ada", "Ada"]
    assert (await change(person, f"/cases/{case.id}/exclude", who=f"ctm_{'0' * 26}"))[0] == 400


async def test_portal_links_are_shown_once_to_operators_alone(side: ConsoleSide, twin: Twin, case: Case) -> None:
    person = await side.sign_in()

    with capture_logs() as logs:
        status, html, _ = await person.post(f"/cases/{case.id}/portal-links")
    portal_token = re.findall(r"token=([\w.-]+)", html)[0]

    assert status == 200
    assert portal_token not in repr(logs)
    assert portal_token not in (await person.get(f"/cases/{case.id}"))[1]
    assert (await (await side.sign_in(PersonRole.VIEWER)).post(f"/cases/{case.id}/portal-links"))[0] == 403
    assert [(one.what, one.about) for one in await audit(side, 2)] == [(Change.PORTAL_LINKS, case.id)]
    twin.fail_next("POST /customers/{id}/portal-sessions", 403, times=5)
    assert (await person.post(f"/cases/{case.id}/portal-links"))[0] == 502


async def test_a_payment_link_is_made_while_there_is_something_to_pay(
    side: ConsoleSide, store: Store, case: Case
) -> None:
    person = await side.sign_in()

    status, html, _ = await person.post(f"/cases/{case.id}/payment-link")
    await store.cases.commit(case.end(CaseState.RECOVERED, None, NOW), 1, due_at=None, now=NOW)

    assert (status, f"http://localhost/pay/{case.id.upper()}." in html) == (200, True)
    assert (await person.post(f"/cases/{case.id}/payment-link"))[0] == 409


async def test_the_next_mail_is_shown_as_it_would_look_and_is_kept_nowhere(
    side: ConsoleSide, store: Store, case: Case
) -> None:
    person, before = await side.sign_in(PersonRole.VIEWER), await store.cases.read_versioned([case.id])

    with capture_logs() as logs:
        status, html, _ = await person.post(f"/cases/{case.id}/next-mail")

    assert status == 200
    assert "ada@customer.example" in html
    assert '<iframe class="mail" title="The mail" sandbox srcdoc="&lt;!doctype html&gt;' in html
    assert "2026-05-04 14:00 UTC: " in html
    assert "customer.example" not in repr(logs)
    assert await store.cases.read_versioned([case.id]) == before


async def test_of_a_case_that_has_ended_no_mail_is_next(side: ConsoleSide, store: Store, case: Case) -> None:
    await store.cases.commit(case.end(CaseState.RECOVERED, None, NOW), 1, due_at=None, now=NOW)

    status, html, _ = await (await side.sign_in()).post(f"/cases/{case.id}/next-mail")

    assert (status, "has ended" in said(html)) == (409, True)


async def test_without_paddle_the_next_mail_is_not_known(side: ConsoleSide, twin: Twin, case: Case) -> None:
    twin.fail_next("GET /transactions", 401, times=9)

    status, html, _ = await (await side.sign_in()).post(f"/cases/{case.id}/next-mail")

    assert (status, "Mail would be held (paddle_key)" in said(html)) == (200, True)


async def audit(side: ConsoleSide, count: int) -> list[AuditEntry]:
    found = [one for one in await side.app[STORE].audit.newest(0, 50) if one.what is not Change.SIGNED_IN]
    return found[:count]
