"""What strangers can do at will makes a bounded number of log lines, and is counted each time."""

import re
from io import BytesIO

import pytest
from structlog.testing import capture_logs

from dunning.links import LINK_LIFETIME, Links
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.story import Entry
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.edge import LINK_SECRET, NOW, paddle_id, running, settings
from tests.integration.test_webhooks_crowds import wires
from webhooks.body import MAX_BODY_BYTES
from webhooks.sparing_log import SparingLog

RESEND = "resend://re_key@default?webhook_secret=whsec_" + "c2VjcmV0" * 4
TIMES = 30


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "lines"),
    [
        ("/webhooks/paddle", b"{}", {}, 401, ["webhook.refused"]),
        ("/webhooks/paddle", b"{}", {"Paddle-Signature": "ts=1;h1=00"}, 401, ["webhook.refused"]),
        ("/webhooks/paddle", b"{}", {"Content-Encoding": "gzip"}, 415, []),
        ("/webhooks/paddle", b"x" * (MAX_BODY_BYTES + 1), {"Connection": "close"}, 413, []),
        ("/mail/resend", b"{}", {}, 401, ["mail_event.refused"]),
        ("/mail/postmark", b"{}", {}, 404, []),
        ("/pay/forged", b"", {}, 404, []),
        ("/healthz", b"", {}, 405, []),
        ("/nowhere", b"", {}, 404, []),
    ],
)
async def test_a_flood_of_bad_requests_makes_a_bounded_number_of_lines(  # noqa: PLR0917 - one request and its answer
    redis_url: str, path: str, body: bytes, headers: dict[str, str], status: int, lines: list[str]
) -> None:
    with capture_logs() as logs:
        async with running(settings(redis_url, MAIL_URL=RESEND)) as edge:
            for _ in range(TIMES):
                async with edge.http.post(f"{edge.url}{path}", data=BytesIO(body), headers=headers) as response:
                    assert response.status == status
            metrics = await edge.metrics()

    assert [line["event"] for line in logs] == lines
    assert re.search(rf'dunning_http_requests_total{{.*status="{status}"}} {TIMES}\.0', metrics)


async def test_refused_notifications_are_counted_each(redis_url: str) -> None:
    async with running(settings(redis_url, MAIL_URL=RESEND)) as edge:
        for path in ("webhooks/paddle", "mail/resend"):
            for _ in range(3):
                async with edge.http.post(edge.url / path, data=b"{}") as response:
                    assert response.status == 401
        metrics = await edge.metrics()

    assert re.search(r'dunning_notifications_total{.*outcome="bad_signature"} 3\.0', metrics)
    assert re.search(r'dunning_mail_events_total{outcome="refused".*} 3\.0', metrics)


async def test_a_flood_of_what_is_no_http_makes_a_bounded_number_of_lines(redis_url: str) -> None:
    with capture_logs() as logs:
        async with running(settings(redis_url)) as edge, wires(edge, TIMES) as crowd:
            for wire in crowd:
                wire.send(b"GET /healthz HTTP/1.1\r\nno header\r\n\r\n")
                assert await wire.status() == 400

    assert [line["event"] for line in logs] == ["http.not_understood"]


async def a_case(store: Store, number: int, **changes: object) -> str:
    """Keep a case, and give the token of its link."""
    case = Case(
        id=paddle_id("txn", number),
        subscription_id=paddle_id("sub", number),
        customer_id=paddle_id("ctm", number),
        campaign="renewal",
        decline_class=DeclineClass.HARD,
        failed_at=NOW,
        attempted_at=NOW,
        **changes,
    )
    await store.cases.commit(case, 0, due_at=None, now=NOW, story=[Entry.prose("opened")])
    return Links([LINK_SECRET]).sign(case.id, NOW + LINK_LIFETIME)


async def test_clicks_that_fall_back_make_one_line_for_each_reason(redis_url: str, store: Store) -> None:
    async with Twin() as twin:
        of = settings(
            redis_url,
            PADDLE_API_URL=twin.url,
            PADDLE_API_KEY=twin.api_key,
            PORTAL_LOGIN_URL=twin.portal_login_url,
        )
        ended = [await a_case(store, number, state=CaseState.EXHAUSTED) for number in range(5)]
        opened = [await a_case(store, number) for number in range(5, 10)]
        twin.fail_next("*", 500, times=100)
        with capture_logs() as logs:
            async with running(of) as edge:
                for token, status in [*((one, 200) for one in ended), *((one, 503) for one in opened)]:
                    async with edge.http.post(edge.url / "pay" / token, allow_redirects=False) as response:
                        assert response.status == status
                metrics = await edge.metrics()

    assert sorted((line["event"], line.get("reason")) for line in logs if line["event"].startswith("click")) == [
        ("click.debt_not_asked", None),
        ("click.fell_back", "paddle_unreachable"),
    ]
    assert 'dunning_clicks_total{outcome="case_ended"} 5.0' in metrics
    assert 'dunning_clicks_total{outcome="paddle_unreachable"} 5.0' in metrics


def test_a_line_is_written_once_a_minute_and_says_how_many_were_not() -> None:
    seconds = 0.0
    sparing = SparingLog(lambda: seconds)

    with capture_logs() as logs:
        for seconds in (0.0, 1.0, 59.9, 60.0, 60.1, 119.0, 200.0, 300.0):
            sparing.warning("webhook.refused", "bad_signature", at=seconds)

    assert [(line["at"], line.get("unsaid")) for line in logs] == [(0.0, None), (60.0, 2), (200.0, 2), (300.0, None)]


def test_each_kind_has_a_line_of_its_own_at_its_level() -> None:
    sparing = SparingLog(lambda: 0.0)

    with capture_logs() as logs:
        sparing.info("a", "first")
        sparing.warning("a", "second")
        sparing.error("b")
        sparing.error("b")

    assert [(line["event"], line["log_level"]) for line in logs] == [("a", "info"), ("a", "warning"), ("b", "error")]
