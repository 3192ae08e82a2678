"""What the providers with an HTTP API have in common: one POST, and how certain we are of what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

import aiohttp
from pydantic import JsonValue, TypeAdapter, ValidationError

from worker.mail.transport import Outcome, Result

# An answer is a few hundred bytes of JSON; what goes on for longer is none.
LARGEST_ANSWER_BYTES = 64 * 1024

# Of a mail's headers, those that no field of an API is for.
HEADERS_TO_GIVE = ("Auto-Submitted", "X-Original-To")

# The statuses that lay it on what we asked.
_OUR_FAULT = range(400, 500)

_JSON = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A provider's answer: the status, and the body, which is empty where it could not be read."""

    status: int
    body: Mapping[str, JsonValue]


class HttpApi:
    """Posts JSON to one provider, with a deadline, and sorts what is no answer."""

    def __init__(
        self,
        provider: str,
        url: str,
        headers: Mapping[str, str],
        *,
        connect_within: timedelta,
        answer_within: timedelta,
    ) -> None:
        self._provider = provider
        self._url = url
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(
            total=connect_within.total_seconds() + answer_within.total_seconds(),
            connect=connect_within.total_seconds(),
        )
        self._http: aiohttp.ClientSession | None = None

    async def post(self, payload: Mapping[str, object], headers: Mapping[str, str]) -> HttpAnswer | Result:
        """Post a mail: the answer, or the Result where there is none.

        A 4xx counts as an answer only with its reason: who can't read why it was refused can't say that it always
        will be.
        """
        try:
            async with self._session().post(
                self._url, json=payload, headers=headers, allow_redirects=False
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

    async def get(self, url: str) -> HttpAnswer | None:
        """Ask for something that costs nothing; None where no answer comes."""
        try:
            async with self._session().get(url, allow_redirects=False) as response:
                return HttpAnswer(response.status, await _read(response) or {})
        except (aiohttp.ClientError, OSError):
            return None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers=self._headers,
                timeout=self._timeout,
                # A connection that the provider closes just as we post on it leaves us not knowing: keep none long.
                connector=aiohttp.TCPConnector(limit=8, keepalive_timeout=5),
            )
        return self._http


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """Give the text and the HTML of a mail."""
    text, html = (
        part.get_content() if (part := mail.get_body((kind,))) is not None else "" for kind in ("plain", "html")
    )
    return text, html


async def _read(response: aiohttp.ClientResponse) -> Mapping[str, JsonValue] | None:
    """Read the body to its end: None if it was cut off, goes on for too long or is no JSON object."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                return None
    except (aiohttp.ClientError, OSError):  # a timeout is an OSError too. The status has come, and holds
        return None
    try:
        return _JSON.validate_json(body)
    except ValidationError:
        return None
