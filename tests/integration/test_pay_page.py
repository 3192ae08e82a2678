from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.store import Store, keys
from tests.integration.edge import LINK_SECRET, LOGIN_URL, NOW, Edge, paddle_id, running, settings

CASE_ID = paddle_id("txn")
CASE = Case(
    id=CASE_ID,
    subscription_id=paddle_id("sub"),
    customer_id=paddle_id("ctm"),
    campaign="renewal",
    decline_class=DeclineClass.HARD,
    failed_at=NOW,
    attempted_at=NOW,
)
TOKEN = Links([LINK_SECRET]).sign(CASE_ID, NOW + LINK_LIFETIME)


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    async with running(settings(redis_url)) as edge:
        yield edge


@pytest.fixture
async def open_case(store: Store) -> Case:
    await store.cases.commit(CASE, 0, due_at=None, now=NOW)
    return CASE


async def test_the_page_has_one_form_and_says_whose_it_is(edge: Edge, open_case: Case) -> None:
    async with edge.http.get(edge.url / "pay" / TOKEN) as response:
        page = await response.text()

    assert response.status == 200
    assert response.content_type == "text/html"
    assert page.count("<form") == 1
    assert '<form method="post"><button type="submit">' in page
    assert "<input" not in page
    assert "Lantern Maps" in page
    assert "Paddle" in page
    assert LOGIN_URL in page
    assert "<script" not in page
    assert open_case.subscription_id not in page
    assert open_case.customer_id not in page


async def test_without_a_seller_s_name_the_page_is_its_domain_s(redis_url: str) -> None:
    async with (
        running(settings(redis_url, MAIL_FROM="billing@example.com")) as edge,
        edge.http.get(edge.url / "pay" / "x") as response,
    ):
        assert '<p class="seller"><bdi>example.com</bdi></p>' in await response.text()


async def test_a_seller_s_name_is_text_and_never_markup(redis_url: str) -> None:
    async with (
        running(settings(redis_url, MAIL_FROM="Tom's & \"Co <billing@example.com>")) as edge,
        edge.http.get(edge.url / "pay" / "x") as response,
    ):
        page = await response.text()

    assert '<p class="seller"><bdi>Tom&#39;s &amp; &#34;Co</bdi></p>' in page


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(edge: Edge, redis_url: str, open_case: Case, method: str) -> None:
    before = await kept_in(redis_url)
    async with writing(redis_url) as written:
        for _ in range(30):
            async with edge.http.request(method, edge.url / "pay" / TOKEN) as response:
                assert response.status == 200
                body = await response.read()

    assert bool(body) is (method == "GET")
    assert written == []
    assert await kept_in(redis_url) == before
    assert open_case.is_open


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_answer_has_the_headers_that_keep_the_link_private(
    edge: Edge, open_case: Case, method: str
) -> None:
    for path in (f"pay/{TOKEN}", "pay/unknown", "pay/a/b", "pay/", "pay"):
        async with edge.http.request(method, f"{edge.url}/{path}", allow_redirects=False) as response:
            headers = response.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Robots-Tag"] == "noindex"
        policy = headers["Content-Security-Policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert policy[2:] == [
            "form-action 'self' https://customer-portal.paddle.com",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    assert open_case.is_open


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_not_allowed(edge: Edge, method: str) -> None:
    async with edge.http.request(method, edge.url / "pay" / TOKEN) as response:
        assert response.status == 405
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "token",
    [
        "unknown",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN.swapcase(),
        TOKEN + "/more",
        TOKEN + "%20",
        TOKEN + "%0d%0aSet-Cookie:%20a=b",
        "%00",
        "%ff%fe",
        "%c3%a9",
        "..%2f..%2fmetrics",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "a" * 4000,
        ("%25" * 1200),
        "." * 1000,
        Links(["another-secret-of-at-least-32-characters"]).sign(CASE_ID, NOW + LINK_LIFETIME),
    ],
)
async def test_a_link_that_is_not_ours_leads_to_a_page_and_no_further(
    edge: Edge, open_case: Case, method: str, token: str
) -> None:
    async with edge.http.request(method, f"{edge.url}/pay/{token}", allow_redirects=False) as response:
        page = await response.text()

    assert response.status == 404
    assert "<form" not in page
    assert LOGIN_URL in page
    assert "Set-Cookie" not in response.headers
    assert "alert(1)" not in page
    assert open_case.is_open


@pytest.mark.parametrize("behind", [".", ")", "%3E", "/", ").", ">,", "%22"])
async def test_a_link_with_what_stood_behind_it_still_works(edge: Edge, open_case: Case, behind: str) -> None:
    async with edge.http.get(f"{edge.url}/pay/{TOKEN}{behind}") as response:
        page = await response.text()

    assert response.status == 200
    assert "<form" in page
    assert open_case.is_open


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_expired_link_says_so(edge: Edge, open_case: Case, method: str) -> None:
    expired = Links([LINK_SECRET]).sign(open_case.id, NOW)

    async with edge.http.request(method, edge.url / "pay" / expired, allow_redirects=False) as response:
        page = await response.text()

    assert response.status == 410
    assert "This link has expired" in page
    assert "<form" not in page
    assert LOGIN_URL in page


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_good_link_to_a_case_that_is_gone_is_unknown(edge: Edge, method: str) -> None:
    async with edge.http.request(method, edge.url / "pay" / TOKEN, allow_redirects=False) as response:
        assert response.status == 404


async def test_a_link_signed_with_an_older_secret_still_works(redis_url: str, open_case: Case) -> None:
    changed = settings(redis_url, LINK_SECRETS=f"a-newer-link-secret-of-at-least-32-chars,{LINK_SECRET}")

    async with running(changed) as edge, edge.http.get(edge.url / "pay" / TOKEN) as response:
        assert response.status == 200

    assert open_case.is_open


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        (CaseState.RECOVERED, "Nothing is left to pay here"),
        (CaseState.EXHAUSTED, "You can&#39;t pay with this link anymore"),
        (CaseState.STOPPED, "You can&#39;t pay with this link anymore"),
    ],
)
async def test_nothing_is_left_to_pay_where_that_is_so_and_else_the_words_are_neutral(
    edge: Edge, store: Store, open_case: Case, state: CaseState, heading: str
) -> None:
    await store.cases.commit(open_case.end(state, None, NOW), 1, due_at=None, now=NOW)

    async with edge.http.get(edge.url / "pay" / TOKEN) as response:
        page = await response.text()

    assert response.status == 200
    assert f"<h1>{heading}</h1>" in page
    assert ("left to pay" in page) == (state is CaseState.RECOVERED)
    assert 'href="mailto:billing@example.com"' in page
    assert "<form" not in page
    assert LOGIN_URL in page


async def test_without_redis_a_good_link_still_shows_its_button() -> None:
    async with running(settings("redis://127.0.0.1:1/0")) as edge:
        async with edge.http.get(edge.url / "pay" / TOKEN) as good:
            page = await good.text()
        async with edge.http.get(edge.url / "pay" / "unknown") as unknown:
            pass

    assert (good.status, unknown.status) == (200, 404)
    assert "<form" in page


async def test_a_link_works_until_its_last_second(redis_url: str, open_case: Case) -> None:
    end = NOW + LINK_LIFETIME
    async with (
        running(settings(redis_url), clock=lambda: end - timedelta(seconds=1)) as edge,
        edge.http.get(edge.url / "pay" / TOKEN) as last,
    ):
        pass
    async with (
        running(settings(redis_url), clock=lambda: end) as edge,
        edge.http.get(edge.url / "pay" / TOKEN) as late,
    ):
        pass

    assert (last.status, late.status) == (200, 410)
    assert open_case.is_open


async def test_the_form_may_lead_to_paddle_s_portal_and_to_the_login_page(redis_url: str) -> None:
    of = settings(redis_url, PORTAL_LOGIN_URL="https://pay.example.com/login")

    async with running(of) as edge, edge.http.get(edge.url / "pay" / "x") as response:
        policy = response.headers["Content-Security-Policy"]

    assert "form-action 'self' https://customer-portal.paddle.com https://pay.example.com;" in policy


BY_THE_CLOCK = tuple(name.encode() for name in (keys.BEATS, keys.CLOCKS_OFF, keys.CERTIFICATE, "dunning:alerts:"))
GERMAN = Links([LINK_SECRET]).sign(CASE_ID, NOW + LINK_LIFETIME, language="de")


@pytest.mark.parametrize(
    ("token", "asked", "wanted"),
    [
        (GERMAN, "fr", ("de", "ltr")),  # that of the mail goes before that of the browser
        (TOKEN, "fr-CA,en;q=0.8", ("fr", "ltr")),
        (TOKEN, "fi,zh-TW;q=0.5", ("zh-Hant", "ltr")),
        ("unknown", "ar", ("ar", "rtl")),
        ("unknown", "*,xx-;q=,,", ("en", "ltr")),
        (Links([LINK_SECRET]).sign(CASE_ID, NOW, language="ja"), "", ("ja", "ltr")),  # expired
    ],
)
async def test_a_page_is_in_the_mail_s_language_or_else_in_the_browser_s(
    edge: Edge, open_case: Case, token: str, asked: str, wanted: tuple[str, str]
) -> None:
    language, direction = wanted
    async with edge.http.get(edge.url / "pay" / token, headers={"Accept-Language": asked}) as response:
        page = await response.text()

    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert ("Sign in to the customer portal" in page) is (language == "en")
    assert open_case.is_open


async def test_too_many_clicks_are_told_in_the_plural_of_the_language(
    edge: Edge, store: Store, open_case: Case
) -> None:
    russian = Links([LINK_SECRET]).sign(open_case.id, NOW + LINK_LIFETIME, language="ru")
    for _ in range(5):
        await store.clicks.allow(open_case.id, NOW - timedelta(minutes=57))

    async with edge.http.post(edge.url / "pay" / russian, allow_redirects=False) as response:
        page = await response.text()

    assert response.status == 429
    assert "3</bdi> минуты" in page


async def kept_in(redis_url: str) -> dict[bytes, bytes | None]:
    """Give all that Redis holds, but for what the process tells of itself by the clock."""
    async with Redis.from_url(redis_url) as redis:
        names = [name for name in await redis.keys() if not name.startswith(BY_THE_CLOCK)]
        return {name: await redis.dump(name) for name in names}


@asynccontextmanager
async def writing(redis_url: str) -> AsyncIterator[list[str]]:
    """Note each command that Redis gets meanwhile and that may write, but for those by the clock."""
    written: list[str] = []
    async with Redis.from_url(redis_url, decode_responses=True) as redis, redis.monitor() as monitor:
        writes = {name for name, command in (await redis.command()).items() if "write" in command["flags"]}
        yield written
        await redis.echo("that was all")
        async for one in monitor.listen():
            name, *arguments = one["command"].split()
            if name.lower() == "echo":
                break
            if name.lower() in writes and not arguments[0].encode().startswith(BY_THE_CLOCK):
                written.append(one["command"])
