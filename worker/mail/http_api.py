"""What the providers with an HTTP API have in common: one POST, and how certainly its outcome is known."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import ClassVar

import aiohttp
from pydantic import JsonValue, TypeAdapter, ValidationError

from dunning import time_limits
from dunning.addresses.ascii import ascii_address
from dunning.addresses.mailable import mailable_address
from dunning.reasons import HoldWord, MailCode
from worker.mail.holds import LOGIN
from worker.mail.transport import Outcome, Result

# An answer is a few hundred bytes of JSON. Anything larger than this is not taken for one.
LARGEST_ANSWER_BYTES = 64 * 1024

# The headers of a mail for which the APIs have no field.
HEADERS_TO_GIVE = ("Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "X-Original-To")

# The statuses that say that our request is wrong.
_OUR_FAULT = range(400, 500)

_JSON = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A provider's answer: the status, and the body, which is empty if it could not be read."""

    status: int
    body: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMeaning:
    """What an answer means. Of `is_taken`, `hold` and `is_for_later`, the first that is set decides."""

    code: str
    is_taken: bool
    hold: HoldWord | None
    is_for_later: bool
    about_recipient: bool


class ProviderTransport(ABC):
    """Sends by one provider's API, with a deadline, and says what it means if no answer comes. See `Transport`."""

    idempotent: ClassVar[bool]

    def __init__(
        self,
        provider: str,
        *,
        mail_url: str,
        probe_url: str,
        headers: Mapping[str, str],
        connect_within: timedelta = time_limits.UP_TO_RCPT,
        answer_within: timedelta = time_limits.DATA,
    ) -> None:
        self._provider = provider
        self._mail_url = mail_url
        self._probe_url = probe_url
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(
            total=connect_within.total_seconds() + answer_within.total_seconds(),
            connect=connect_within.total_seconds(),
        )
        self._http: aiohttp.ClientSession | None = None

    @abstractmethod
    def payload(self, mail: EmailMessage, address: str) -> dict[str, object]:
        """Write the mail as the provider wants it, to this address."""

    @abstractmethod
    def headers_of(self, key: str) -> dict[str, str]:
        """Return the headers by which the provider recognises a repeat under this key."""

    @abstractmethod
    def explain(self, answer: HttpAnswer) -> AnswerMeaning:
        """Say what an answer to a mail means."""

    @abstractmethod
    def shows_key_good(self, answer: HttpAnswer) -> bool:
        """Say whether an answer to the probe shows that the provider accepts our key."""

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Send one mail; see `Transport.send`."""
        address = ascii_address(recipient)
        if address is None:
            if mailable_address(recipient) is not None:
                return Result(Outcome.UNFIT, MailCode.SMTPUTF8_NOT_OFFERED)
            return Result(Outcome.REFUSED, MailCode.ADDRESS_MALFORMED, about_recipient=True)
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        answer = await self._post(self.payload(mail, address), self.headers_of(key))
        return answer if isinstance(answer, Result) else _result(answer, self.explain(answer))

    async def probe(self) -> frozenset[str]:
        """Ask for something that costs nothing; see `Transport.probe`."""
        try:
            async with self._session().get(self._probe_url, allow_redirects=False) as response:
                answer = HttpAnswer(response.status, await _read(response) or {})
        except (aiohttp.ClientError, OSError):
            return frozenset()
        return frozenset({LOGIN} if self.shows_key_good(answer) else ())

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def _post(self, payload: Mapping[str, object], headers: Mapping[str, str]) -> HttpAnswer | Result:
        """Post a mail, and return the answer, or a Result if there is none.

        A 4xx whose body can't be read does not count as an answer: without the reason we can't say that the mail will
        always be refused.
        """
        try:
            async with self._session().post(
                self._mail_url, json=payload, headers=headers, allow_redirects=False
            ) as response:
                body = await _read(response)
                if body is None and response.status in _OUR_FAULT:
                    return Result(Outcome.TRY_AGAIN, f"{self._provider}_{response.status}_unreadable")
                return HttpAnswer(response.status, body or {})
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Result(Outcome.TRY_AGAIN, f"{self._provider}_connect_failed")
        except TimeoutError:
            return Result(Outcome.UNKNOWN, f"{self._provider}_timeout")
        except (aiohttp.ClientError, OSError):
            return Result(Outcome.UNKNOWN, f"{self._provider}_eof")

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers=self._headers,
                timeout=self._timeout,
                # If the provider closes a kept connection just as we post, the outcome is unknown: keep none long.
                connector=aiohttp.TCPConnector(limit=8, keepalive_timeout=5),
            )
        return self._http


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """Give the text and the HTML of a mail."""
    text, html = (
        part.get_content() if (part := mail.get_body((kind,))) is not None else "" for kind in ("plain", "html")
    )
    return text, html


def headers_to_give(mail: EmailMessage) -> dict[str, str]:
    """Give those of a mail's headers for which the APIs have no field."""
    return {name: str(mail[name]) for name in HEADERS_TO_GIVE if mail[name] is not None}


def _result(answer: HttpAnswer, meaning: AnswerMeaning) -> Result:
    if meaning.is_taken:
        return Result(Outcome.SENT, meaning.code)
    if meaning.hold is not None:
        return Result(Outcome.HELD, meaning.code, hold=meaning.hold)
    if meaning.is_for_later:
        return Result(Outcome.TRY_AGAIN, meaning.code)
    if answer.status not in _OUR_FAULT:
        return Result(Outcome.UNKNOWN, meaning.code)
    return Result(Outcome.REFUSED, meaning.code, about_recipient=meaning.about_recipient)


async def _read(response: aiohttp.ClientResponse) -> Mapping[str, JsonValue] | None:
    """Read the body to its end: None if it was cut off, goes on for too long or is no JSON object."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                return None
    except (aiohttp.ClientError, OSError):  # a timeout is an OSError too. The status has come, and is valid
        return None
    try:
        return _JSON.validate_json(body)
    except ValidationError:
        return None
