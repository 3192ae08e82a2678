"""The providers with an HTTP API, against real local servers that answer as they do."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest
from aiohttp import web

from dunning.reasons import HoldWord
from worker.mail.postmark import PostmarkTransport
from worker.mail.resend import ResendTransport
from worker.mail.transport import Outcome, Result

CUSTOMER = "eve@customer.example"
HEADERS = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
    "Content-Language": "en",
}


@dataclass
class Provider:
    """A provider that keeps what it was asked and answers as told."""

    status: int = 200
    body: object = field(default_factory=dict)
    raw: bytes | None = None
    in_pieces: bool = False
    break_off: bool = False
    stall_in_body: bool = False
    hang_up: bool = False
    stall: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[str, dict[str, str], dict[str, object]]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.headers), await request.json()))
        if self.hang_up and request.transport is not None:
            request.transport.abort()
        if self.stall:
            await self.released.wait()
        body = json.dumps(self.body).encode() if self.raw is None else self.raw
        if not (self.in_pieces or self.break_off or self.stall_in_body):
            return web.Response(body=body, status=self.status, content_type="application/json")
        response = web.StreamResponse(status=self.status)
        await response.prepare(request)
        for piece in (body[:100], body[100:]):
            if piece:
                await response.write(piece)
                await asyncio.sleep(0.01)  # as a rule, what was written before is read before
        if self.break_off and request.transport is not None:
            request.transport.close()
        if self.stall_in_body:
            await self.released.wait()
        return response


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_post("/{path:.*}", provider.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    provider.url = f"http://{host}:{port}"
    yield provider
    provider.released.set()
    await runner.cleanup()


@pytest.fixture
async def resend(provider: Provider) -> AsyncIterator[ResendTransport]:
    transport = ResendTransport("re_123", api_url=provider.url)
    yield transport
    await transport.close()


@pytest.fixture
async def postmark(provider: Provider) -> AsyncIterator[PostmarkTransport]:
    transport = PostmarkTransport("token-1", api_url=provider.url)
    yield transport
    await transport.close()


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Acme <billing@acme.example>"
    mail["To"] = CUSTOMER
    mail["Reply-To"] = "help@acme.example"
    mail["Subject"] = "Zahlung"
    mail["Message-ID"] = "<txn_1.first@acme.example>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content("12,00 €\n")
    mail.add_alternative("<p>12,00 €</p>\n", subtype="html")
    mail["Content-Language"] = "en"
    return mail


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def send(
    transport: ResendTransport | PostmarkTransport, before_data: Callable[[], Awaitable[bool]] = yes
) -> Result:
    return await transport.send(a_mail(), recipient=CUSTOMER, key="txn_1.first", before_data=before_data)


async def test_resend_is_given_the_mail_and_its_key(provider: Provider, resend: ResendTransport) -> None:
    result = await send(resend)

    assert result == Result(Outcome.SENT, "resend_200")
    [(path, headers, payload)] = provider.asked
    assert path == "/emails"
    assert headers["Authorization"] == "Bearer re_123"
    assert headers["Idempotency-Key"] == "txn_1.first"
    assert payload == {
        "from": "Acme <billing@acme.example>",
        "to": [CUSTOMER],
        "reply_to": "help@acme.example",
        "subject": "Zahlung",
        "text": "12,00 €\n",
        "html": "<p>12,00 €</p>\n",
        "headers": HEADERS,
    }


async def test_postmark_is_given_the_mail_and_asked_not_to_track(
    provider: Provider, postmark: PostmarkTransport
) -> None:
    provider.body = {"ErrorCode": 0, "Message": "OK"}

    result = await send(postmark)

    assert result == Result(Outcome.SENT, "postmark_200")
    [(path, headers, payload)] = provider.asked
    assert path == "/email"
    assert headers["X-Postmark-Server-Token"] == "token-1"
    assert payload == {
        "From": "Acme <billing@acme.example>",
        "To": CUSTOMER,
        "ReplyTo": "help@acme.example",
        "Subject": "Zahlung",
        "TextBody": "12,00 €\n",
        "HtmlBody": "<p>12,00 €</p>\n",
        "MessageStream": "outbound",
        "TrackOpens": False,
        "TrackLinks": "None",
        "Headers": [
            {"Name": "Message-ID", "Value": "<txn_1.first@acme.example>"},
            {"Name": "X-PM-KeepID", "Value": "true"},
            *({"Name": name, "Value": value} for name, value in HEADERS.items()),
        ],
    }


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (409, "invalid_idempotent_request", Result(Outcome.SENT, "resend_409")),
        (409, "concurrent_idempotent_requests", Result(Outcome.TRY_AGAIN, "resend_409")),
        (429, "rate_limit_exceeded", Result(Outcome.TRY_AGAIN, "resend_429")),
        (429, "daily_quota_exceeded", Result(Outcome.HELD, "resend_429", hold=HoldWord.MAIL_QUOTA)),
        (429, "monthly_quota_exceeded", Result(Outcome.HELD, "resend_429", hold=HoldWord.MAIL_QUOTA)),
        (401, "restricted_api_key", Result(Outcome.HELD, "resend_401", hold=HoldWord.MAIL_LOGIN)),
        (401, "brand_new", Result(Outcome.HELD, "resend_401", hold=HoldWord.MAIL_LOGIN)),
        (403, "brand_new", Result(Outcome.HELD, "resend_403", hold=HoldWord.MAIL_LOGIN)),
        (404, "not_found", Result(Outcome.HELD, "resend_404", hold=HoldWord.MAIL_POLICY)),
        (451, "security_error", Result(Outcome.HELD, "resend_451", hold=HoldWord.MAIL_POLICY)),
        (500, "application_error", Result(Outcome.UNKNOWN, "resend_500")),
        (401, "missing_api_key", Result(Outcome.HELD, "resend_401", hold=HoldWord.MAIL_LOGIN)),
        (403, "invalid_api_key", Result(Outcome.HELD, "resend_403", hold=HoldWord.MAIL_LOGIN)),
        (403, "validation_error", Result(Outcome.HELD, "resend_403", hold=HoldWord.MAIL_SENDER)),
        (422, "invalid_from_address", Result(Outcome.HELD, "resend_422", hold=HoldWord.MAIL_SENDER)),
        (422, "missing_required_field", Result(Outcome.REFUSED, "resend_422")),
        (400, "validation_error", Result(Outcome.REFUSED, "resend_400")),
        (302, "", Result(Outcome.UNKNOWN, "resend_302")),
        (500, "internal_server_error", Result(Outcome.UNKNOWN, "resend_500")),
        (503, "", Result(Outcome.TRY_AGAIN, "resend_503")),
    ],
)
async def test_an_answer_of_resend_is_sorted_by_what_to_do_next(
    provider: Provider, resend: ResendTransport, status: int, name: str, expected: Result
) -> None:
    provider.status, provider.body = status, {"name": name, "message": f"about {CUSTOMER}"}

    assert await send(resend) == expected


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, 10, Result(Outcome.HELD, "postmark_401_10", hold=HoldWord.MAIL_LOGIN)),
        (422, 10, Result(Outcome.HELD, "postmark_422_10", hold=HoldWord.MAIL_LOGIN)),
        (422, 400, Result(Outcome.HELD, "postmark_422_400", hold=HoldWord.MAIL_SENDER)),
        (422, 401, Result(Outcome.HELD, "postmark_422_401", hold=HoldWord.MAIL_SENDER)),
        (422, 405, Result(Outcome.HELD, "postmark_422_405", hold=HoldWord.MAIL_QUOTA)),
        (422, 412, Result(Outcome.HELD, "postmark_422_412", hold=HoldWord.MAIL_SENDER)),
        (422, 413, Result(Outcome.HELD, "postmark_422_413", hold=HoldWord.MAIL_POLICY)),
        (401, 0, Result(Outcome.HELD, "postmark_401", hold=HoldWord.MAIL_LOGIN)),
        (404, 0, Result(Outcome.HELD, "postmark_404", hold=HoldWord.MAIL_POLICY)),
        (422, 406, Result(Outcome.REFUSED, "postmark_422_406")),
        (422, 300, Result(Outcome.REFUSED, "postmark_422_300")),
        (422, 100, Result(Outcome.TRY_AGAIN, "postmark_422_100")),
        (422, {"odd": "shape"}, Result(Outcome.REFUSED, "postmark_422")),
        (429, 429, Result(Outcome.TRY_AGAIN, "postmark_429_429")),
        (500, 0, Result(Outcome.UNKNOWN, "postmark_500")),
        (503, 0, Result(Outcome.TRY_AGAIN, "postmark_503")),
    ],
)
async def test_an_answer_of_postmark_is_sorted_by_what_to_do_next(
    provider: Provider, postmark: PostmarkTransport, status: int, error: object, expected: Result
) -> None:
    provider.status, provider.body = status, {"ErrorCode": error, "Message": f"about {CUSTOMER}"}

    assert await send(postmark) == expected


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (403, "You can only send testing emails to your own email address (a@acme.example).", "mail_sender"),
        (403, "The acme.example domain is not verified. Please, add and verify your domain", "mail_sender"),
        (422, "Invalid `from` field. The email address needs to follow the `email@example.com` format", "mail_sender"),
        (400, "API key is invalid", "mail_login"),
        (422, f"Invalid `to` field: {CUSTOMER}", "the recipient"),
        (422, "The `tags` are too long", "nobody"),
    ],
)
async def test_what_resend_calls_a_validation_error_is_told_apart_by_its_text(
    provider: Provider, resend: ResendTransport, status: int, message: str, expected: str
) -> None:
    provider.status, provider.body = status, {"name": "validation_error", "message": message}

    assert whom_it_is_about(await send(resend)) == expected


@pytest.mark.parametrize(
    ("error", "message", "expected"),
    [
        (300, "Invalid 'From' address: 'acme'.", "mail_sender"),
        (300, f"Invalid 'To' address: '{CUSTOMER}'.", "the recipient"),
        (300, "Provide either email TextBody or HtmlBody or both.", "nobody"),
        (406, "You tried to send to a recipient that has been marked as inactive.", "the recipient"),
        (402, "Invalid JSON", "nobody"),
    ],
)
async def test_what_postmark_refuses_is_told_apart(
    provider: Provider, postmark: PostmarkTransport, error: int, message: str, expected: str
) -> None:
    provider.status, provider.body = 422, {"ErrorCode": error, "Message": message}

    assert whom_it_is_about(await send(postmark)) == expected


def whom_it_is_about(result: Result) -> str:
    if result.hold is not None:
        assert result.outcome is Outcome.HELD
        return result.hold
    assert result.outcome is Outcome.REFUSED
    return "the recipient" if result.about_recipient else "nobody"


async def test_an_answer_in_pieces_is_read_to_its_end(provider: Provider, resend: ResendTransport) -> None:
    provider.status, provider.body = 422, {"message": "x" * 50_000, "name": "invalid_from_address"}
    provider.in_pieces = True

    assert await send(resend) == Result(Outcome.HELD, "resend_422", hold=HoldWord.MAIL_SENDER)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'["what"]',
        b'"what"',
        b'{"name": "missing_required_field"',
        b'{"name": "%s"}' % (b"x" * 70_000),
    ],
)
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_refusal_whose_reason_cannot_be_read_is_tried_again_and_a_success_is_one(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport, body: bytes, *, in_pieces: bool
) -> None:
    provider.raw, provider.in_pieces = body, in_pieces
    provider.status = 422
    assert await send(resend) == Result(Outcome.TRY_AGAIN, "resend_422_unreadable")
    assert await send(postmark) == Result(Outcome.TRY_AGAIN, "postmark_422_unreadable")
    provider.status = 200
    assert await send(resend) == Result(Outcome.SENT, "resend_200")
    assert await send(postmark) == Result(Outcome.SENT, "postmark_200")
    provider.status = 500
    assert await send(resend) == Result(Outcome.UNKNOWN, "resend_500")
    assert await send(postmark) == Result(Outcome.UNKNOWN, "postmark_500")


@pytest.mark.parametrize(
    ("status", "outcome"), [(422, Outcome.TRY_AGAIN), (403, Outcome.TRY_AGAIN), (200, Outcome.SENT)]
)
async def test_an_answer_that_breaks_off_counts_by_its_status(
    provider: Provider, resend: ResendTransport, status: int, outcome: Outcome
) -> None:
    provider.status, provider.break_off = status, True

    assert (await send(resend)).outcome is outcome


async def test_an_answer_that_stalls_counts_by_its_status(provider: Provider) -> None:
    provider.status, provider.stall_in_body = 422, True
    hurried = ResendTransport(
        "re_123", api_url=provider.url, connect_within=timedelta(seconds=0.2), answer_within=timedelta(seconds=0.2)
    )

    assert await send(hurried) == Result(Outcome.TRY_AGAIN, "resend_422_unreadable")

    await hurried.close()


async def test_whom_a_redirected_mail_was_for_is_given_as_a_header(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    mail = a_mail()
    mail["X-Original-To"] = "ada@customer.example"

    for transport in (resend, postmark):
        await transport.send(mail, recipient=CUSTOMER, key="txn_1.first", before_data=yes)

    (_, _, to_resend), (_, _, to_postmark) = provider.asked
    assert to_resend["headers"] == {**HEADERS, "X-Original-To": "ada@customer.example"}
    assert {"Name": "X-Original-To", "Value": "ada@customer.example"} in to_postmark["Headers"]  # type: ignore[operator]


async def test_an_address_in_another_script_is_given_in_ascii(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    for transport in (resend, postmark):
        await transport.send(a_mail(), recipient="eve@fa\xdf.example", key="txn_1.first", before_data=yes)

    assert [payload.get("to", payload.get("To")) for _, _, payload in provider.asked] == [
        ["eve@xn--fa-hia.example"],
        "eve@xn--fa-hia.example",
    ]


async def test_an_address_that_cannot_be_mailed_is_refused_without_asking(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    for transport in (resend, postmark):
        result = await transport.send(a_mail(), recipient="a b@c.example", key="txn_1.first", before_data=yes)

        assert result == Result(Outcome.REFUSED, "address_malformed")
        assert result.about_recipient
    assert provider.asked == []


async def test_an_address_with_letters_beyond_ascii_is_not_asked_about(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    for transport in (resend, postmark):
        result = await transport.send(a_mail(), recipient="jörg@c.example", key="txn_1.first", before_data=yes)

        assert result == Result(Outcome.UNFIT, "smtputf8_not_offered")
    assert provider.asked == []


async def test_silence_after_the_mail_was_posted_is_unknown(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    provider.hang_up = True
    assert await send(resend) == Result(Outcome.UNKNOWN, "resend_eof")
    assert await send(postmark) == Result(Outcome.UNKNOWN, "postmark_eof")


async def test_a_provider_that_does_not_answer_in_time_is_unknown(provider: Provider) -> None:
    provider.stall = True
    hurried = ResendTransport(
        "re_123", api_url=provider.url, connect_within=timedelta(seconds=0.2), answer_within=timedelta(seconds=0.2)
    )

    assert await send(hurried) == Result(Outcome.UNKNOWN, "resend_timeout")

    await hurried.close()


async def test_a_provider_that_cannot_be_reached_is_tried_again(unused_tcp_port: int) -> None:
    transport = PostmarkTransport("token-1", api_url=f"http://127.0.0.1:{unused_tcp_port}")

    assert await send(transport) == Result(Outcome.TRY_AGAIN, "postmark_connect_failed")

    await transport.close()


async def test_nothing_is_posted_when_before_data_says_no(
    provider: Provider, resend: ResendTransport, postmark: PostmarkTransport
) -> None:
    abandoned = Result(Outcome.ABANDONED, "abandoned_before_data")

    assert await send(resend, no) == abandoned
    assert await send(postmark, no) == abandoned
    assert provider.asked == []


async def test_only_resend_recognises_a_repeat(resend: ResendTransport, postmark: PostmarkTransport) -> None:
    assert resend.idempotent
    assert not postmark.idempotent
