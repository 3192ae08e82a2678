"""That nobody gets in, or has something changed, by a name, a header, a link or a form that isn't theirs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from console.hosts import NOT_OURS
from dunning.people import PersonRole
from tests.integration.console_side import ConsoleSide, Person, running_console
from tests.integration.edge import settings

FOREIGN_NAMES = [
    "evil.example",
    "evil.example:8090",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "dunning.example.com.evil.example",
    "[evil",
    "a b",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil.example",
    "127.0.0.1#evil.example",
    "[fe80::1%25evil.example]",
]
OWN_NAMES = [
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost:8090",
    "[::1]:8090",
    "192.0.2.7",
    "Dunning.Example.com",
    "console:80",
    "our_console:80",
]
BEHIND_PROXY = {
    "CONSOLE_PROXY_HEADER": "X-Forwarded-User",
    "CONSOLE_PROXY_OPERATORS": "ada@example.com, Bo",
}


@pytest.fixture
async def side(redis_url: str) -> AsyncIterator[ConsoleSide]:
    given = settings(
        redis_url, CONSOLE_URL="https://dunning.example.com", CONSOLE_NAMES="console, our_console, dunning.svc"
    )
    async with running_console(given) as side:
        yield side


@pytest.mark.parametrize("name", FOREIGN_NAMES)
async def test_a_name_that_was_made_to_lead_here_is_told_nothing(side: ConsoleSide, name: str) -> None:
    person, token, link = await side.sign_in(), await side.token(), await side.link()

    status, _ = await person.get("/", Host=name)
    api, body, headers = await side.ask("GET", "/v1/cases", token=token, headers={"Host": name})
    async with side.http.post(f"{side.url}{link}", headers={"Host": name}) as signing_in:
        assert signing_in.status in {400, 421}

    assert {status, api} <= {400, 421}
    assert "cases" not in body
    assert "Access-Control-Allow-Origin" not in headers
    assert (await person.get(link))[0] == 200


@pytest.mark.parametrize("name", OWN_NAMES)
async def test_our_names_are_answered(side: ConsoleSide, name: str) -> None:
    status, _, _ = await side.ask("GET", "/v1/cases", token=await side.token(), headers={"Host": name})
    async with side.http.get(f"{side.url}/sign-in", headers={"Host": name}) as page:
        assert (status, page.status) == (200, 200)


async def test_whether_it_lives_may_be_asked_under_any_name(side: ConsoleSide) -> None:
    async with side.http.get(f"{side.url}/healthz", headers={"Host": "10-1-2-3.pod.cluster.local"}) as live:
        assert live.status == 200
    _, problem, _ = await side.ask("GET", "/v1/cases", token=None, headers={"Host": "evil.example"})
    assert problem["detail"] == NOT_OURS


async def test_of_many_who_use_a_link_at_once_one_gets_in(side: ConsoleSide) -> None:
    url = f"{side.url}{await side.link()}"

    async def use() -> int:
        async with side.http.post(url, allow_redirects=False) as used:
            return used.status

    assert sorted(await asyncio.gather(*(use() for _ in range(20)))) == [303] + 19 * [410]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_that_another_page_sent_does_nothing(side: ConsoleSide, headers: dict[str, str]) -> None:
    person, link = await side.sign_in(), await side.link(name="Eve")
    token = await person.form_token()

    given = {"Cookie": f"dunning={person.cookie}", **headers}
    for path in ("/sign-out", link):
        async with side.http.post(
            f"{side.url}{path}", data={"form_token": token}, headers=given, allow_redirects=False
        ) as sent:
            assert (sent.status, sent.cookies) == (403, {})

    assert (await person.get(link))[0] == 200


async def test_what_a_browser_says_of_our_own_form_is_taken(side: ConsoleSide) -> None:
    person = await side.sign_in()
    own = {"Origin": str(side.url), "Sec-Fetch-Site": "same-origin", "Cookie": f"dunning={person.cookie}"}

    form = {"form_token": await person.form_token()}
    async with side.http.post(f"{side.url}/sign-out", data=form, headers=own, allow_redirects=False) as sent:
        assert sent.status == 303


@pytest.mark.parametrize(
    "path", ["/sign-in/https://evil.example", "/sign-in?next=https://evil.example", "//evil.example/sign-in/x"]
)
async def test_signing_in_leads_nowhere_else(side: ConsoleSide, path: str) -> None:
    link = await side.link()

    async with side.http.post(f"{side.url}{link}?next=https://evil.example", allow_redirects=False) as used:
        assert used.headers["Location"] == "/"
    async with side.http.post(URL(f"{side.url}{path}", encoded=True), allow_redirects=False) as other:
        assert "Location" not in other.headers


async def test_headers_that_proxies_write_are_nothing_unless_they_are_asked_for(side: ConsoleSide) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "127.0.0.1",
        "Forwarded": "host=evil.example;proto=https;for=127.0.0.1",
        "X-Forwarded-User": "ada@example.com",
        "Remote-User": "root",
    }

    status, html = await Person(side, "").get("/", **forged)
    async with side.http.post(f"{side.url}{await side.link()}", headers=forged, allow_redirects=False) as used:
        assert (used.headers["Location"], used.cookies["dunning"]["secure"]) == ("/", "")

    assert (status, "evil.example" in html) == (401, False)


async def test_a_proxy_that_is_trusted_names_people(redis_url: str) -> None:
    async with running_console(settings(redis_url, CONSOLE_PROXY_TRUSTED="127.0.0.0/8,::1", **BEHIND_PROXY)) as side:
        nobody = Person(side, "")
        ada, html = await nobody.get("/", **{"X-Forwarded-User": "ada@example.com"})
        viewer = await nobody.get("/", **{"X-Forwarded-User": "eve@example.com"})
        bad = [await nobody.get("/", **{"X-Forwarded-User": name}) for name in ("", " ", "a" * 101)]
        both = [("X-Forwarded-User", "Bo"), ("X-Forwarded-User", "eve@example.com")]
        async with side.http.get(f"{side.url}/", headers=both) as twice:
            assert twice.status == 401

    assert (ada, "ada@example.com, operator" in html, "Sign out" in html) == (200, True, False)
    assert (viewer[0], "eve@example.com, viewer" in viewer[1]) == (200, True)
    assert [status for status, _ in bad] == [401, 401, 401]


async def test_the_header_of_anybody_else_is_nothing(redis_url: str) -> None:
    async with running_console(settings(redis_url, CONSOLE_PROXY_TRUSTED="192.0.2.0/24", **BEHIND_PROXY)) as side:
        status, _ = await Person(side, "").get("/", **{"X-Forwarded-User": "Bo", "X-Forwarded-For": "192.0.2.1"})

    assert status == 401


async def test_a_form_of_somebody_whom_a_proxy_names_is_theirs_alone(redis_url: str) -> None:
    async with running_console(settings(redis_url, CONSOLE_PROXY_TRUSTED="127.0.0.1", **BEHIND_PROXY)) as side:
        for token in ("", "0" * 64):
            async with side.http.post(
                f"{side.url}/sign-out", data={"form_token": token}, headers={"X-Forwarded-User": "Bo"}
            ) as sent:
                assert sent.status == 403


async def test_a_session_keeps_the_role_that_its_link_gave(side: ConsoleSide) -> None:
    viewer = await side.sign_in(PersonRole.VIEWER)

    claims = {"Cookie": f"dunning={viewer.cookie}; role=operator"}
    async with side.http.get(f"{side.url}/?role=operator", headers=claims) as page:
        assert "Ada, viewer" in await page.text()
