"""What programs of the seller's may ask of the private side, and what they are answered."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dunning.access_token import Scope
from dunning.campaign_file.reader import parse_campaigns
from dunning.casebook.words import in_a_line
from dunning.links import Links
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.rules.story import Entry, Kind
from dunning.rules.tally import sums_of
from dunning.settings.load import Settings
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.debt_at_paddle import debt_at
from tests.integration.edge import LINK_SECRET, NOW, settings

SESSIONS = "POST /customers/{id}/portal-sessions"
CAMPAIGN = parse_campaigns(
    "[campaign.renewal]\non = 'renewal_failed'\ngives_up = { after = '30d', action = 'cancel' }\n"
    "[[campaign.renewal.step]]\nname = 'first'\nafter = '2h'\ntemplate = 'payment_failed'\n",
    "test.toml",
)[0]


@pytest.fixture
def of(redis_url: str, twin: Twin) -> Settings:
    return settings(
        redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
    )


@pytest.fixture
async def console(of: Settings) -> AsyncIterator[ConsoleSide]:
    async with running_console(of) as side:
        yield side


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    store = Store.open(redis_url, rate_limit=200)
    yield store
    await store.close()


@pytest.fixture
async def case(twin: Twin, store: Store) -> Case:
    """A debt at Paddle, and our case of it."""
    case = debt_at(twin, CAMPAIGN)
    await store.campaigns.keep([CAMPAIGN])
    await store.cases.commit(case, 0, due_at=NOW, now=NOW, story=[Entry(kind=Kind.OPENED)])
    return case


async def test_an_app_gets_links_that_sign_its_customer_in(console: ConsoleSide, twin: Twin, case: Case) -> None:
    token = await console.token(Scope.LINKS)

    status, links, headers = await console.ask(
        "POST",
        f"/v1/customers/{case.customer_id}/portal-links",
        token=token,
        body={"subscription_ids": [case.subscription_id, case.subscription_id]},
    )

    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    (of_subscription,) = links["subscriptions"]
    assert of_subscription["subscription_id"] == case.subscription_id
    for link in (links["overview"], of_subscription["update_payment_method"], of_subscription["cancel"]):
        async with console.http.get(link) as page:
            assert page.status == 200
    assert twin.counts == {SESSIONS: 1}
    assert links["expires_at"] > "2026"


async def test_links_of_more_than_25_subscriptions_are_made_in_pieces(
    console: ConsoleSide, twin: Twin, case: Case
) -> None:
    ids = [twin.world.add_subscription(case.customer_id) for _ in range(30)]

    status, links, _ = await console.ask(
        "POST",
        f"/v1/customers/{case.customer_id}/portal-links",
        token=await console.token(Scope.LINKS),
        body={"subscription_ids": ids},
    )

    assert status == 200
    assert [one["subscription_id"] for one in links["subscriptions"]] == ids
    assert twin.counts == {SESSIONS: 2}


async def test_without_subscriptions_the_overview_alone_is_made(console: ConsoleSide, case: Case) -> None:
    path = f"/v1/customers/{case.customer_id}/portal-links"

    status, links, _ = await console.ask("POST", path, token=await console.token(Scope.LINKS))

    assert (status, links["subscriptions"]) == (200, [])
    assert links["overview"].startswith("http")


async def test_nothing_of_a_link_is_kept_or_logged(
    console: ConsoleSide, case: Case, store: Store, redis_url: str
) -> None:
    del store
    with capture_logs() as logs:
        _, links, _ = await console.ask(
            "POST", f"/v1/customers/{case.customer_id}/portal-links", token=await console.token(Scope.LINKS)
        )

    portal_token = links["overview"].partition("token=")[2]
    assert portal_token
    assert portal_token not in repr(logs)
    assert portal_token.encode() not in await everything_in(redis_url)


async def test_who_owes_is_told_without_asking_paddle(console: ConsoleSide, twin: Twin, case: Case) -> None:
    path = f"/v1/customers/{case.customer_id}/standing"

    status, standing, _ = await console.ask("GET", path, token=await console.token(Scope.READ))

    assert status == 200
    assert standing["past_due"] is True
    (owed,) = standing["subscriptions"]
    assert (owed["subscription_id"], owed["transaction_id"]) == (case.subscription_id, case.id)
    assert (standing["since"], standing["until"]) == ("2026-05-04T12:00:00Z", "2026-06-03T12:00:00Z")
    claim = Links([LINK_SECRET]).verify(owed["payment_link"].rpartition("/")[2], NOW)
    assert claim.case_id == case.id
    assert not twin.counts


@pytest.mark.parametrize(
    ("state", "reason", "owes"),
    [
        (CaseState.STOPPED, EndReason.OPTED_OUT, True),  # no reminders any more, and unpaid all the same
        (CaseState.STOPPED, EndReason.BY_OPERATOR, False),
        (CaseState.RECOVERED, None, False),
    ],
)
async def test_an_ended_case_is_no_debt_unless_only_its_reminders_ended(
    console: ConsoleSide, store: Store, case: Case, state: CaseState, reason: EndReason | None, *, owes: bool
) -> None:
    await store.cases.commit(case.end(state, reason, NOW), 1, due_at=None, now=NOW)

    _, standing, _ = await console.ask(
        "GET", f"/v1/customers/{case.customer_id}/standing", token=await console.token(Scope.READ)
    )

    assert standing["past_due"] is owes


async def test_a_customer_who_owes_nothing_is_told_so(console: ConsoleSide) -> None:
    _, standing, _ = await console.ask(
        "GET", f"/v1/customers/ctm_{'0' * 26}/standing", token=await console.token(Scope.READ)
    )

    assert standing == {
        "customer_id": f"ctm_{'0' * 26}",
        "past_due": False,
        "since": None,
        "until": None,
        "subscriptions": [],
    }


async def test_cases_are_listed_shown_and_stopped_by_name(console: ConsoleSide, case: Case) -> None:
    token = await console.token(name="back office")

    _, listed, _ = await console.ask("GET", "/v1/cases?limit=1", token=token)
    _, shown, _ = await console.ask("GET", f"/v1/cases/{case.id}", token=token)
    stopped = await console.ask("POST", f"/v1/cases/{case.id}/stop", token=token)
    _, after, _ = await console.ask("GET", f"/v1/cases/{case.id}", token=token)
    _, ended, _ = await console.ask("GET", "/v1/cases?state=stopped", token=token)

    assert [one["id"] for one in listed["cases"]] == [one["id"] for one in ended["cases"]] == [case.id]
    assert (shown["state"], after["state"]) == ("open", "stopped")
    assert stopped[0] == 200
    assert after["story"][-1]["operator"] == "back office"


async def test_a_step_is_sent_now_and_what_cannot_be_sent_is_said(console: ConsoleSide, case: Case) -> None:
    token = await console.token(Scope.OPERATE)

    sent = await console.ask("POST", f"/v1/cases/{case.id}/send-now", token=token, body={"step": "first"})
    unknown = await console.ask("POST", f"/v1/cases/{case.id}/send-now", token=token, body={"step": "tenth"})
    again = await console.ask("POST", f"/v1/cases/{case.id}/resend", token=token)
    nowhere = await console.ask("POST", f"/v1/cases/txn_{'0' * 26}/stop", token=token)

    assert sent[0] == 200
    assert sent[1]["said"][0] == f"Step first of case {case.id} is due now."
    assert (unknown[0], again[0], nowhere[0]) == (409, 409, 404)
    assert unknown[1] == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": unknown[1]["detail"],
    }


async def test_who_is_excluded_is_listed_until_included(console: ConsoleSide, case: Case) -> None:
    token = await console.token(name="shop")
    path = f"/v1/exclusions/{case.customer_id}"

    put = [(await console.ask("PUT", path, token=token))[1]["changed"] for _ in range(2)]
    _, listed, _ = await console.ask("GET", "/v1/exclusions", token=token)
    gone = [(await console.ask("DELETE", path, token=token))[1]["changed"] for _ in range(2)]

    assert (put, gone) == ([True, False], [True, False])
    assert listed["exclusions"] == [{"id": case.customer_id, "since": "2026-05-04T12:00:00Z", "by": "shop"}]


@pytest.mark.parametrize("whom", ["customer_id", "subscription_id"])
async def test_whom_a_program_excludes_and_includes_is_told_in_the_stories_of_their_open_cases(
    console: ConsoleSide, store: Store, case: Case, whom: str
) -> None:
    token, who = await console.token(name="shop"), getattr(case, whom)
    other = case.but(id=f"txn_{'1' * 26}", subscription_id=f"sub_{'1' * 26}", customer_id=f"ctm_{'1' * 26}")
    await store.cases.commit(other, 0, due_at=NOW, now=NOW)
    over = case.but(id=f"txn_{'2' * 26}")
    await store.cases.commit(over.end(CaseState.RECOVERED, None, NOW), 0, due_at=NOW, now=NOW)  # still in the index

    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        await console.ask(method, f"/v1/exclusions/{who}", token=token)

    stories = [[in_a_line(line.entry) for line in await store.cases.story(one.id)] for one in (case, other, over)]
    assert stories[0][-2:] == [f"excluded: {who} by_operator shop", f"included: {who} by_operator shop"]
    assert [len([line for line in story if who in line]) for story in stories] == [2, 0, 0]


async def test_an_address_is_suppressed_and_taken_off_and_is_at_rest_nowhere(
    console: ConsoleSide, redis_url: str
) -> None:
    token, address = await console.token(), {"address": "Ada@customer.example"}

    with capture_logs() as logs:
        put = [(await console.ask("PUT", "/v1/suppressions", token=token, body=address))[1] for _ in range(2)]
        _, listed, _ = await console.ask("GET", "/v1/suppressions", token=token)
        kept = await everything_in(redis_url)
        gone = [(await console.ask("DELETE", "/v1/suppressions", token=token, body=address))[1] for _ in range(2)]
    refused = await console.ask("PUT", "/v1/suppressions", token=token, body={"address": "nobody at all"})

    assert (put, gone) == ([{"changed": True}, {"changed": False}],) * 2
    assert listed == {"suppressed": [{"reason": "by_operator", "addresses": 1, "latest": "2026-05-04T12:00:00Z"}]}
    assert b"customer.example" not in kept.lower()
    assert "customer.example" not in repr(logs).lower()
    assert (refused[0], refused[1]["detail"]) == (409, "It is no email address that mail can be sent to.")


async def test_what_came_of_a_month_is_told(console: ConsoleSide, store: Store, case: Case) -> None:
    token = await console.token(Scope.READ)
    recovered = case.end(CaseState.RECOVERED, None, NOW)
    await store.cases.commit(
        recovered, 1, due_at=None, now=NOW, sums=sums_of(case, recovered, NOW, money=None, clicked=False)
    )

    _, report, _ = await console.ask("GET", "/v1/report", token=token)
    _, april, _ = await console.ask("GET", "/v1/report?month=2026-04", token=token)
    to_come = await console.ask("GET", "/v1/report?month=2026-06", token=token)

    assert (report["first_day"], report["last_day"], report["recovered"]) == ("2026-05-01", "2026-05-04", 1)
    assert (april["last_day"], april["sums"]) == ("2026-04-30", [])
    assert to_come[0] == 409


async def test_cases_are_listed_a_page_at_a_time(console: ConsoleSide, store: Store, case: Case) -> None:
    token, second = await console.token(Scope.READ), f"txn_{'1' * 26}"
    await store.cases.commit(case.but(id=second), 0, due_at=NOW + timedelta(hours=1), now=NOW)

    _, first, _ = await console.ask("GET", "/v1/cases?limit=1", token=token)
    _, rest, _ = await console.ask("GET", f"/v1/cases?limit=1&cursor={first['cursor']}", token=token)

    assert [one["id"] for page in (first, rest) for one in page["cases"]] == [case.id, second]
    assert (first["more"], rest["more"], rest["cursor"]) == (True, False, None)


@pytest.mark.parametrize(
    ("fault", "status", "retries"),
    [(500, 503, True), (429, 503, True), ("reset", 503, True), (403, 502, False), (404, 404, False), (400, 409, False)],
)
async def test_what_paddle_fails_at_is_said(
    console: ConsoleSide, twin: Twin, case: Case, fault: int, status: int, *, retries: bool
) -> None:
    twin.fail_next(SESSIONS, fault, times=5)

    answer = await console.ask(
        "POST", f"/v1/customers/{case.customer_id}/portal-links", token=await console.token(Scope.LINKS)
    )

    assert answer[0] == answer[1]["status"] == status
    assert ("Retry-After" in answer[2]) is retries


async def test_links_without_a_token_are_given_to_nobody(console: ConsoleSide, twin: Twin, case: Case) -> None:
    twin.links.with_token = False

    status, problem, _ = await console.ask(
        "POST", f"/v1/customers/{case.customer_id}/portal-links", token=await console.token(Scope.LINKS)
    )

    assert status == 502
    assert "customer_portal_session.write" in problem["detail"]


async def test_without_room_in_the_budget_it_says_when_to_ask_again(
    console: ConsoleSide, store: Store, case: Case, twin: Twin
) -> None:
    await store.limiter.ask(200, background=False)

    status, _, headers = await console.ask(
        "POST", f"/v1/customers/{case.customer_id}/portal-links", token=await console.token(Scope.LINKS)
    )

    assert (status, headers["Retry-After"]) == (429, "10")
    assert not twin.counts


async def test_a_store_that_is_away_is_said() -> None:
    async with running_console(settings("redis://127.0.0.1:1/0")) as away:
        status, _, headers = await away.ask("GET", "/v1/cases", token=f"dunning_{'0' * 12}_{'a' * 43}")
        async with away.http.get(away.url / "healthz") as alive:
            assert alive.status == 200

    assert (status, headers["Retry-After"]) == (503, "5")


async def test_when_a_token_was_last_used_is_kept_to_the_minute(of: Settings, store: Store) -> None:
    now = NOW
    async with running_console(of, clock=lambda: now) as console:
        token = await console.token(Scope.READ)
        for seconds in (0, 30, 61):
            now = NOW + timedelta(seconds=seconds)
            await console.ask("GET", "/v1/cases", token=token)

    (kept,) = await store.tokens.all()
    assert kept.used_at == NOW + timedelta(seconds=61)


async def everything_in(redis_url: str) -> bytes:
    """Give all that Redis holds, as one text."""
    from redis.asyncio import Redis  # noqa: PLC0415 - for this test alone

    async with Redis.from_url(redis_url) as redis:
        return b"\n".join([await redis.dump(key) or b"" for key in await redis.keys()])
