"""Troubles in words, for whoever gets the alert. No text holds anything of a customer's. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dunning.rules.telling import News, What
from dunning.rules.troubles import Seen, Trouble

MORE: Final = "What to do: docs/alerts.md"
# Sentences of holds may name a case, a customer or a subscription. Logs may hold ids; messages to a chat need none.
_ID = re.compile(r"\b[a-z]{3}_[0-9a-z]{26}\b")


@dataclass(frozen=True, slots=True)
class Saying:
    """What a trouble is called, what it means, and what is said once it is over."""

    title: str
    means: str
    over: str = ""


SAYINGS: Final[Mapping[Trouble, Saying]] = {
    Trouble.REDIS_AWAY: Saying(
        "Redis is away",
        "Nothing is mailed. Paddle's notifications are answered 503, and Paddle sends them again. Clicks on payment "
        "links lead to the portal's login page.",
        "Redis answers again. Work goes on by itself.",
    ),
    Trouble.REDIS_REFUSES_WRITES: Saying(
        "Redis refuses writes",
        "Nothing is taken in, mailed or recorded. Paddle sends its notifications again.",
        "Redis takes writes again. Work goes on by itself.",
    ),
    Trouble.WORKER_GONE: Saying(
        "No worker is running",
        "Nothing is mailed. Notifications are accepted, and wait.",
        "A worker is running again.",
    ),
    Trouble.WEBHOOKS_GONE: Saying(
        "No webhooks process is running",
        "Paddle's notifications go unanswered, and payment links don't work.",
        "A webhooks process is running again. Paddle sends what it kept, and a worker finds the rest.",
    ),
    Trouble.CLOCK_OFF: Saying(
        "A machine's clock is wrong",
        "It differs from Redis' clock by more than 5 s. A worker there sends nothing, and a webhooks process there may "
        "refuse good signatures.",
        "All clocks agree with Redis' again.",
    ),
    Trouble.ON_HOLD: Saying(
        "Mail is on hold",
        "Steps stay due. Work goes on by itself once this is mended.",
        "The hold went off. Work goes on by itself.",
    ),
    Trouble.MAIL_IN_VAIN: Saying(
        "The mail server takes no mail",
        "Each mail is tried again, at most 15 minutes apart.",
        "The mail server takes mail again, or nothing is tried any more.",
    ),
    Trouble.PADDLE_IN_VAIN: Saying(
        "Paddle does not say what is owed",
        "So nothing is mailed. Paddle is asked again, at most 15 minutes apart.",
        "Paddle answers again, or is not asked any more.",
    ),
    Trouble.BREAKER_TRIPPED: Saying(
        "The breaker pauses all mail",
        "Far more renewals fail than usual. Find out why, then run `dunning resume`.",
        "The breaker was released.",
    ),
    Trouble.BACKLOG: Saying(
        "Work is late",
        "No worker runs, each try is in vain, mail is on hold, or the budget of API calls is too small.",
        "Nothing is late any more.",
    ),
    Trouble.DEAD_EVENTS: Saying(
        "Events could not be handled",
        "Each is kept with its reason, for 90 days.",
        "There are no dead events any more.",
    ),
    Trouble.DEAD_MAILS: Saying(
        "Mails could not be sent before their debts lapsed, or at all",
        "The stories of their cases say why. The later mails of these cases go out.",
    ),
    Trouble.OUT_WEBHOOKS_WAIT: Saying(
        "Your own programs are not told what happens",
        "A destination of DUNNING_OUT_WEBHOOKS takes nothing. Each event is tried again, over a day. Mail goes on.",
        "Your own programs are told what happens again.",
    ),
    Trouble.DEAD_OUT_WEBHOOKS: Saying(
        "Out-webhooks were given up",
        "A destination took them on no try of a day, or wants no more. Each is kept with its reason, for 30 days.",
        "There are no dead out-webhooks any more.",
    ),
    Trouble.WEBHOOKS_LOST: Saying(
        "Webhooks don't arrive",
        "Paddle lists events that no webhook brought. They were read from its list, so none is lost: they come later.",
        "For an hour no event was missed.",
    ),
    Trouble.RECONCILE_FAILS: Saying(
        "Paddle's lists can't be read",
        "What webhooks miss is not found meanwhile. Each minute the reading is tried again.",
        "For an hour no reading broke off.",
    ),
    Trouble.EVENTS_REFUSED: Saying(
        "The API key may not read events",
        "Mail goes on, but what webhooks miss is found a day later, or not at all. Give the key `notification.read`.",
        "For an hour Paddle refused no reading.",
    ),
    Trouble.DEBTS_WAIT: Saying(
        "Debts wait for your word",
        "Paddle lists many debts that have no case. Look with `dunning reconcile --dry-run`, then run it with --apply.",
        "No debts wait any more.",
    ),
    Trouble.PADDLE_KEY_NEWS: Saying(
        "Paddle has news of an API key",
        "If Dunning uses that key and it expires or was revoked or exposed, replace it.",
    ),
    Trouble.CONSOLE_RESTARTS: Saying(
        "The private side ended by itself",
        "`dunning up` starts it again, and mail goes on. Its last log lines say why it ended.",
        "For an hour it went on.",
    ),
    Trouble.SIGN_INS_REFUSED: Saying(
        "Somebody tries to sign in to the screen in vain",
        "Links that are none, or were used, let nobody in. Who can reach it that should not?",
        "For an hour nobody tried in vain.",
    ),
    Trouble.CERTIFICATE_ENDS: Saying(
        "The certificate of the public address is about to end",
        "After that Paddle delivers nothing, and no customer can pay.",
        "The certificate was renewed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a person. `bad` says whether something asks for them."""

    title: str
    body: str
    bad: bool


def title_of(seen: Seen) -> str:
    """Return what a trouble is called."""
    title = SAYINGS[seen.trouble].title
    return f"{title} ({seen.about})" if seen.about else title


def message(news: Sequence[News], place: str, now: datetime) -> Message:
    """Put what there is to tell into one message.

    Args:
        news: at least one.
        place: the host of `DUNNING_PUBLIC_URL`, which tells one installation from another.
        now: the time.
    """
    bad = [one for one in news if one.what is not What.OVER]
    first = bad[0] if bad else news[0]
    more = f", and {len(news) - 1} more" if len(news) > 1 else ""
    start = "Over: " if first.what is What.OVER else ""
    paragraphs = [_paragraph(one, now) for one in news]
    return Message(
        title=f"Dunning at {place}: {start}{title_of(first.seen)}{more}",
        body="\n\n".join([*paragraphs, MORE] if bad else paragraphs),
        bad=bool(bad),
    )


def _paragraph(one: News, now: datetime) -> str:
    saying = SAYINGS[one.seen.trouble]
    title, since = title_of(one.seen), f"{one.since:%Y-%m-%d %H:%M} UTC"
    if one.what is What.OVER:
        return f"Over: {title} (from {since} to {now:%Y-%m-%d %H:%M} UTC)\n{saying.over}"
    still = "Still: " if one.what is What.STILL_ON else ""
    detail = _ID.sub("[id]", one.seen.detail)
    return "\n".join(line for line in (f"{still}{title} (since {since})", detail, saying.means) if line)
