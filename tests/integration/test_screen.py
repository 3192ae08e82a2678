"""The screen's door: who is let in, for how long, and what they may send."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from console.keys import STORE
from console.screen.pages import CASE, PAGES
from dunning import time_limits
from dunning.audit import Change, Way
from dunning.people import PersonRole, make_pass, pass_id
from dunning.people import Use as PassUse
from dunning.store import AuditEntry
from tests.integration.console_side import ConsoleSide, Person, running_console
from tests.integration.edge import LINK_SECRET, NOW, settings
from tests.integration.reconciling import Clock

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
GETS = [page.path for page in PAGES if page.method == "GET" and "{" not in page.path]
POSTS = [page.path for page in PAGES if page.method == "POST"]
# Of what is posted, all that changes nothing.
VIEWERS_MAY = {"/sign-out", "/cases/find", f"{CASE}/next-mail"}
CHANGES = [path for path in POSTS if path not in VIEWERS_MAY]
SOME_CASE = f"txn_{'0' * 26}"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def side(redis_url: str, clock: Clock) -> AsyncIterator[ConsoleSide]:
    async with running_console(settings(redis_url), clock=clock) as side:
        yield side


async def test_a_link_shows_a_button_and_the_button_signs_in(side: ConsoleSide) -> None:
    path = await side.link(PersonRole.VIEWER, name="Ada <b>")

    async with side.http.get(f"{side.url}{path}") as shown:
        assert shown.status == 200
        assert "Sign in as Ada &lt;b&gt;" in await shown.text()
        assert "Set-Cookie" not in shown.headers
        assert shown.headers["Content-Security-Policy"] == CSP
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["Referrer-Policy"] == "same-origin"
    async with side.http.post(f"{side.url}{path}", allow_redirects=False) as used:
        assert (used.status, used.headers["Location"]) == (303, "/")
        cookie = used.cookies["dunning"]
    status, html = await Person(side, cookie.value).get("/")

    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")
    assert (status, "Ada &lt;b&gt;, viewer" in html) == (200, True)


async def test_a_link_works_once_and_looking_at_it_uses_nothing_up(side: ConsoleSide) -> None:
    url = f"{side.url}{await side.link()}"

    for _ in range(3):
        async with side.http.get(url) as looked:
            assert looked.status == 200
    async with side.http.post(url, allow_redirects=False) as first, side.http.post(url) as second:
        assert (first.status, second.status) == (303, 410)
        assert not second.cookies
    async with side.http.get(url) as looked:
        assert looked.status == 410


async def test_a_link_is_dead_when_it_is_too_old(side: ConsoleSide, clock: Clock) -> None:
    url = f"{side.url}{await side.link()}"
    clock.now += time_limits.SIGN_IN_LINK

    async with side.http.post(url, allow_redirects=False) as late:
        assert late.status == 410


async def test_a_link_that_is_guessed_uses_up_no_other(side: ConsoleSide) -> None:
    path = await side.link()
    link_id = pass_id(path.removeprefix("/sign-in/"))

    for text in (f"{link_id}_{'A' * 43}", f"{link_id}", "x", path.removeprefix("/sign-in/") + "A"):
        async with side.http.post(f"{side.url}/sign-in/{text}") as guessed:
            assert guessed.status == 410
    async with side.http.post(f"{side.url}{path}", allow_redirects=False) as good:
        assert good.status == 303


async def test_a_link_is_no_session_and_a_session_no_link(side: ConsoleSide) -> None:
    link = (await side.link()).removeprefix("/sign-in/")
    person = await side.sign_in()

    assert (await Person(side, link).get("/"))[0] == 401
    async with side.http.post(f"{side.url}/sign-in/{person.cookie}") as tried:
        assert tried.status == 410


async def test_neither_a_link_nor_a_session_is_in_redis(side: ConsoleSide) -> None:
    link, person = await side.link(), await side.sign_in()
    people = side.app[STORE].people
    kept = [await people.find_link(str(pass_id(link.removeprefix("/sign-in/")))), *await people.sessions(NOW)]

    assert len(kept) == 2
    for text, one in zip((link, person.cookie), kept, strict=True):
        assert one is not None
        assert one.digest not in repr(one)
        assert text.rpartition("_")[2] not in f"{one!r}{one.digest}"


@pytest.mark.parametrize("path", GETS)
async def test_without_a_session_a_page_tells_how_to_sign_in(side: ConsoleSide, path: str) -> None:
    made = make_pass(PassUse.SESSION, LINK_SECRET)

    for cookie in ("", "x", made.text):
        status, html = await Person(side, cookie).get(path)
        assert (status, "dunning sign-in" in html) == (401, True)


@pytest.mark.parametrize("path", GETS)
async def test_a_viewer_sees_every_page(side: ConsoleSide, path: str) -> None:
    assert (await (await side.sign_in(PersonRole.VIEWER)).get(path))[0] == 200


@pytest.mark.parametrize("path", CHANGES)
async def test_a_viewer_changes_nothing(side: ConsoleSide, path: str) -> None:
    status, *_ = await (await side.sign_in(PersonRole.VIEWER)).post(spelled_out(path))

    assert status == 403


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_that_no_page_of_ours_showed_is_refused(side: ConsoleSide, path: str) -> None:
    person, other = await side.sign_in(), await side.sign_in(name="Eve")

    for form in ({}, {"form_token": ""}, {"form_token": "ü"}, {"form_token": await other.form_token()}):
        assert (await person.post(spelled_out(path), form))[0] == 403
    assert (await person.post(spelled_out(path), content_type="text/plain"))[0] == 415
    assert (await person.get("/"))[0] == 200


def spelled_out(path: str) -> str:
    """Give a path of a route with something in its places."""
    return re.sub(r"\{case_id:.+\}(?=/|$)", SOME_CASE, path)


async def test_signing_out_ends_the_session(side: ConsoleSide) -> None:
    person = await side.sign_in()

    status, _, leads_to = await person.post("/sign-out")

    assert (status, leads_to) == (303, "/sign-in")
    assert (await person.get("/"))[0] == 401


async def test_a_revoked_session_opens_nothing(side: ConsoleSide) -> None:
    person = await side.sign_in()
    people = side.app[STORE].people
    (session,) = await people.sessions(NOW)

    assert await people.end_session(session.id)
    assert not await people.end_session(session.id)

    assert (await person.get("/"))[0] == 401


async def test_a_session_ends_when_it_is_not_used(side: ConsoleSide, clock: Clock) -> None:
    used, idle = await side.sign_in(), await side.sign_in()

    clock.now += time_limits.SESSION_IDLE - timedelta(seconds=1)
    assert (await used.get("/"))[0] == 200
    clock.now += timedelta(seconds=1)

    assert ((await used.get("/"))[0], (await idle.get("/"))[0]) == (200, 401)


async def test_a_session_ends_after_a_week_however_much_it_is_used(side: ConsoleSide, clock: Clock) -> None:
    person = await side.sign_in()
    end = clock.now + time_limits.SESSION

    while clock.now + time_limits.SESSION_IDLE / 2 < end:
        clock.now += time_limits.SESSION_IDLE / 2
        assert (await person.get("/"))[0] == 200
    clock.now = end

    assert (await person.get("/"))[0] == 401
    await side.sign_in(name="Bo")
    assert [one.name for one in await side.app[STORE].people.sessions(clock.now)] == ["Bo"]


async def test_over_https_the_cookie_is_sent_over_https_alone(redis_url: str) -> None:
    given = settings(redis_url, CONSOLE_URL="https://dunning.internal.example.com")
    async with running_console(given) as side:
        path = await side.link()
        headers = {"Host": "dunning.internal.example.com"}
        async with side.http.post(f"{side.url}{path}", headers=headers, allow_redirects=False) as response:
            assert response.status == 303
            cookie = response.cookies["__Host-dunning"]

    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    assert (cookie["path"], cookie["domain"]) == ("/", "")


async def test_whoever_comes_by_which_link_and_goes_is_in_the_audit_list(side: ConsoleSide) -> None:
    link = await side.link(name="Ada")
    async with side.http.post(f"{side.url}{link}", allow_redirects=False) as response:
        await Person(side, response.cookies["dunning"].value).post("/sign-out")

    assert await side.app[STORE].audit.newest(0, 10) == [
        AuditEntry(NOW, "Ada", Way.SCREEN, Change.SIGNED_OUT),
        AuditEntry(NOW, "Ada", Way.SCREEN, Change.SIGNED_IN, str(pass_id(link.removeprefix("/sign-in/")))),
    ]


async def test_what_is_not_there_is_told_on_a_page(side: ConsoleSide) -> None:
    person = await side.sign_in()

    status, html = await person.get("/nowhere")

    assert (status, "There is no such page." in html) == (404, True)


async def test_a_session_is_nothing_to_the_api_and_a_token_nothing_to_the_screen(side: ConsoleSide) -> None:
    person, token = await side.sign_in(), await side.token()

    status, _, _ = await side.ask("GET", "/v1/cases", token=None, headers={"Cookie": f"dunning={person.cookie}"})
    async with side.http.get(f"{side.url}/", headers={"Authorization": f"Bearer {token}"}) as by_token:
        assert (status, by_token.status) == (401, 401)
    assert (await Person(side, token).get("/"))[0] == 401
