"""The life of one case, from the declined renewal to the payment, and what must be true at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from dunning.casebook.words import in_a_line
from dunning.queue import QUEUE
from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.store import keys
from tests.chaos.cut_house import CutHouse


class Phase(StrEnum):
    """The parts of the life."""

    DECLINE = "decline"
    CLICK = "click"
    PAYMENT = "payment"


# A customer who gets nowhere tries again; the second click has to lead to Paddle.
CLICKS = 2


@dataclass
class Life:
    """What was seen of a life."""

    mails: int = 0
    flagged: bool = False
    """Whether a mail that may have gone out twice is marked so."""
    problems: list[str] = field(default_factory=list)


async def live(house: CutHouse) -> Life:
    """Let a case live.

    Raises:
        StuckError: something did not come about, however long it was waited for.
    """
    life = Life()
    await house.eventually("the worker works", lambda: _worker_works(house))
    house.passages.phase = Phase.DECLINE
    case_id = await _decline(house)
    await _mailed(house, case_id)
    await _nothing_waits(house, QUEUE)
    house.passages.phase = Phase.CLICK
    life.problems += await _click(house)
    house.passages.phase = Phase.PAYMENT
    with _unheard(house):
        house.twin.world.pay(case_id)
    await _tell(house, "transaction.paid", case_id)
    await _closed(house, case_id)
    await _nothing_waits(house, QUEUE, keys.INBOX, keys.DUE)
    house.passages.end()
    await _look_back(house, case_id, life)
    return life


async def _decline(house: CutHouse) -> str:
    customer = house.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    with _unheard(house):
        case_id = house.twin.world.decline(house.twin.world.add_subscription(customer))
    await _tell(house, "transaction.past_due", case_id)
    return case_id


@contextmanager
def _unheard(house: CutHouse) -> Iterator[None]:
    """Let things happen at Paddle that are not told yet: they are told one at a time."""
    url, house.twin.notifications.url = house.twin.notifications.url, None
    yield
    house.twin.notifications.url = url


async def _tell(house: CutHouse, event_type: str, case_id: str) -> None:
    """Have Paddle send this one event, until it is answered 200."""
    event_id = next(
        sent.event_id for sent in house.twin.sent if (sent.event_type, sent.entity_id) == (event_type, case_id)
    )
    notification = house.twin.replay(event_id)

    async def acknowledged() -> bool:
        return notification.status == "delivered"

    await house.eventually(f"{event_type} is acknowledged", acknowledged)


async def _mailed(house: CutHouse, case_id: str) -> None:
    async def settled() -> bool:
        case = await house.case(case_id)
        return case is not None and case.delivery("first").state is DeliveryState.SENT

    await house.eventually("the mail is sent, and known to be", settled)


async def _click(house: CutHouse) -> list[str]:
    text = house.mailbox.mails[0].text
    link = next(line for line in text.splitlines() if line.startswith(house.public_url))
    problems = []
    async with house.http.get(link) as page:
        if page.status != 200 or "<form" not in await page.text():
            problems.append(f"the page was answered {page.status}")
    for _ in range(CLICKS):
        async with house.http.post(link, allow_redirects=False) as answer:
            leads_to, said = answer.headers.get("Location", ""), await answer.text()
        if "token=" in leads_to:
            return problems
        offers = said if answer.status == HTTPStatus.SERVICE_UNAVAILABLE else leads_to
        if house.twin.portal_login_url not in offers:
            problems.append(f"a click was answered {answer.status}, and leads elsewhere than to Paddle")
    return [*problems, f"{CLICKS} clicks did not lead to Paddle"]


async def _closed(house: CutHouse, case_id: str) -> None:
    async def ended() -> bool:
        case = await house.case(case_id)
        return case is not None and not case.is_open

    await house.eventually("the case is closed", ended)


async def _nothing_waits(house: CutHouse, *names: str) -> None:
    async def empty() -> bool:
        return not any([await house.redis.zcard(name) for name in names])

    await house.eventually(f"nothing waits in {', '.join(names)}", empty)


async def _look_back(house: CutHouse, case_id: str, life: Life) -> None:
    case = await house.case(case_id)
    counts = (await house.store.health.snapshot(house.clock())).counters
    mails = [mail.raw for mail in house.mailbox.mails]
    life.mails = len(mails)
    if case is None or case.state is not CaseState.RECOVERED:
        life.problems.append(f"the case is {case.state if case else 'gone'}")
        return
    delivery = case.delivery("first")
    told = [in_a_line(line.entry) for line in await house.store.cases.story(case_id)]
    life.flagged = delivery.unknowns > 0 and counts.get("deliveries_repeated") == 1
    if len(mails) != 1 and not life.flagged:
        life.problems.append(f"{len(mails)} mails, and it does not show")
    if len(mails) > 2 or len(set(mails)) != 1:
        life.problems.append(f"{len(mails)} mails, of which {len(set(mails))} differ")
    expected = {"cases_opened": 1, "deliveries_sent": 1, "cases_recovered": 1}
    counted = {name: counts.get(name, 0) for name in expected}
    if counted != expected:
        life.problems.append(f"counted {counted}")
    for line in ("first sending", "recovered"):
        if not any(one.startswith(line) for one in told):
            life.problems.append(f"the story does not tell: {line}")
    if await house.store.holds.all():
        life.problems.append("sending is held")
    if await house.redis.zcard(keys.DEAD):
        life.problems.append("an event is dead")


async def _worker_works(house: CutHouse) -> bool:
    # Each of arq's workers says so once, when it first asks for work.
    return bool(await house.redis.exists(f"{QUEUE}:health-check"))
