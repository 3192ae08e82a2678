"""What is asked, in which order, and how an answer is tried."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.connect.doctor.mail import look_at_way
from cli.connect.doctor.paddle import look_at_paddle
from cli.connect.doctor.store import look_at_address
from dunning.addresses.mail_server import parse_mail_url
from dunning.addresses.mailbox import parse_mailbox
from dunning.errors import ConfigurationError
from dunning.findings import Finding
from dunning.settings.load import PaddleSettings, load_paddle_settings

Values = Mapping[str, str]
"""Variables and what they are set to."""


@dataclass(frozen=True, slots=True)
class Question:
    """One variable. `try_out` is asked once the answer can be read; it finds out whether it works."""

    name: str
    text: str
    secret: bool = False
    required: bool = True
    wanted: Callable[[Values], bool] = lambda _: True
    """Whether it is worth asking, of one that is not required."""
    try_out: Callable[[Values], Coroutine[Any, Any, list[Finding]]] | None = None


def paddle_of(values: Values) -> PaddleSettings | None:
    """Return how to reach Paddle; None where that is not known yet."""
    try:
        return load_paddle_settings(values)
    except ConfigurationError:
        return None


async def _try_paddle(values: Values) -> list[Finding]:
    settings = paddle_of(values)
    return await look_at_paddle(settings, None, datetime.now(UTC)) if settings else []


async def _try_mail(values: Values) -> list[Finding]:
    return await look_at_way(parse_mail_url(values["DUNNING_MAIL_URL"]), parse_mailbox(values["DUNNING_MAIL_FROM"]))


async def _try_redis(values: Values) -> list[Finding]:
    return await look_at_address(values["DUNNING_REDIS_URL"])


def _is_sandbox(values: Values) -> bool:
    settings = paddle_of(values)
    return settings is not None and settings.sandbox


def _key_tells_no_world(values: Values) -> bool:
    return bool(values.get("DUNNING_PADDLE_API_KEY")) and paddle_of(values) is None


QUESTIONS = (
    Question(
        "DUNNING_PADDLE_API_KEY",
        "An API key from Paddle > Developer tools > Authentication",
        secret=True,
        try_out=_try_paddle,
    ),
    Question(
        "DUNNING_PADDLE_API_URL",
        "Of which world is the key? https://api.paddle.com or https://sandbox-api.paddle.com",
        required=False,
        wanted=_key_tells_no_world,
        try_out=_try_paddle,
    ),
    Question("DUNNING_PUBLIC_URL", "The https address that will lead customers and Paddle to this machine"),
    Question("DUNNING_PORTAL_LOGIN_URL", "Your portal's login page, from Paddle > Business settings > Customer portal"),
    Question("DUNNING_MAIL_FROM", "The sender of the mails, such as Acme Billing <billing@example.com>"),
    Question(
        "DUNNING_MAIL_REPLY_TO",
        "Where customers may ask a question, as an address; empty for nowhere",
        required=False,
    ),
    Question(
        "DUNNING_MAIL_URL",
        "How mail is sent, such as smtp://USER:PASSWORD@HOST:587",
        secret=True,
        try_out=_try_mail,
    ),
    Question(
        "DUNNING_MAIL_REDIRECT",
        "This is a sandbox key. To which address of yours should every mail go? Empty for the customers' own",
        required=False,
        wanted=_is_sandbox,
    ),
    Question(
        "DUNNING_REDIS_URL",
        "Redis, such as redis://HOST:6379/0; empty if `dunning up` is to start a server of its own",
        secret=True,
        required=False,
        try_out=_try_redis,
    ),
)
