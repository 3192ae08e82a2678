"""The demo's story: each line is a step that was checked, with how long after the beginning it happened."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from cli.lab.stack import Stack, running_stack
from dunning.casebook.words import in_a_line
from dunning.errors import DunningError
from dunning.rules.case import Case, CaseState
from dunning.settings.load import LinkMint
from dunning.store import Store

T = TypeVar("T")

WITHIN_SECONDS = 15.0
POLL_SECONDS = 0.02

# The first mail at once, where a real campaign waits for hours: Paddle's own second attempt often succeeds.
CAMPAIGN = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = "0s"
template = "payment_failed"

[[campaign.renewal.step]]
name = "reminder"
after = "3d"
template = "reminder"
"""

TITLES = {
    LinkMint.CLICK: "The mail carries our link; the portal session is made by the click (the default)",
    LinkMint.SEND: "The mail carries Paddle's own link, made when the mail is (DUNNING_LINK_MINT=send)",
}

_MINT = "POST /customers/{id}/portal-sessions"
_PORTAL_TOKEN = re.compile(r"pga_[\w.-]+")


class DemoFailedError(DunningError):
    """A step of the story did not come out as it should."""


class _Teller:
    """Prints what happened, and when."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def say(self, who: str, what: str) -> None:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row(f"  [dim]{time.monotonic() - self._began:6.2f} s[/]", f"[bold cyan]{who:<9}[/]", what)
        self._console.print(line)

    def show(self, title: str, text: str) -> None:
        self._console.print(Panel(escape(text), title=escape(title), title_align="left", width=100, padding=(0, 2)))


async def tell(console: Console, mint: LinkMint) -> None:
    """Play the story through once.

    Raises:
        DemoFailedError: a step did not come out as it should.
        StackError: a process did not start.
    """
    console.print(f"\n[bold]{TITLES[mint]}[/]")
    teller = _Teller(console)
    async with running_stack(mint=mint, campaign=CAMPAIGN) as stack:
        teller.say("dunning", "webhooks, worker, embedded server, Paddle twin and mailbox are up")
        customer = await stack.twin("customers", name="Ada Example", email="ada@customer.example", locale="en-GB")
        subscription = await stack.twin("subscriptions", customer_id=customer["id"], currency="EUR", price=2900)
        case_id = (await stack.twin(f"subscriptions/{subscription['id']}/decline", code="expired_card"))["id"]
        teller.say("paddle", "a renewal of €29.00 is declined: expired_card. Its webhooks are on their way, signed")
        mail = await _mail(stack)
        teller.say("worker", "asked Paddle whether it is still owed, then wrote and sent one mail")
        teller.show(f"{mail['headers']['subject']}  ·  to {mail['headers']['to']}", _shortened(mail["text"]))
        link = await _link_of(stack, mail, mint)
        portal = await _click(stack, teller, link) if mint is LinkMint.CLICK else link
        await _pay(stack, teller, portal)
        await _recovered(stack, teller, case_id)
        if mint is LinkMint.CLICK:
            await _check_that_the_link_is_spent(stack, teller, link)
        await _check_that_no_token_is_kept(stack, teller)


async def _mail(stack: Stack) -> dict[str, Any]:
    async def first() -> list[dict[str, Any]]:
        return await stack.mails()

    mails = await _until(first, "no mail came")
    mail = mails[0]
    _check(mail["recipients"] == ["ada@customer.example"], "the mail did not go to the customer")
    for part in ("text", "html"):
        _check("€29.00" in mail[part], f"the mail's {part} does not hold the amount")
        _check("4242" in mail[part], f"the mail's {part} does not hold the card's last digits")
    return mail


async def _link_of(stack: Stack, mail: dict[str, Any], mint: LinkMint) -> str:
    start = f"{stack.public_url}/pay/" if mint is LinkMint.CLICK else f"{stack.twin_url}/cpl_"
    link: str | None = next((line for line in mail["text"].splitlines() if line.startswith(start)), None)
    if link is None:
        raise DemoFailedError("the link does not stand on a line of its own in the mail's text")
    _check(await _sessions(stack) == (mint is LinkMint.SEND), "a portal session was made at the wrong time")
    return link


async def _click(stack: Stack, teller: _Teller, link: str) -> str:
    """Open the page as a mail scanner and a browser would, then press its button."""
    for method in ("HEAD", "GET"):
        async with stack.http.request(method, link, allow_redirects=False) as page:
            _check(page.status == 200, f"{method} of the link answered {page.status}")  # noqa: PLR2004 - as HTTP has it
            html = await page.text()
    _check('<form method="post"' in html, "the link's page has no button")
    _check(not await _sessions(stack), "looking at the link made a portal session")
    teller.say("customer", "opens the link: a page with one button. Mail scanners do that too, and nothing happened")
    async with stack.http.post(link, allow_redirects=False) as answer:
        location = answer.headers.get("Location", "")
        _check(answer.status == 303, f"the click answered {answer.status}")  # noqa: PLR2004 - as HTTP has it
    _check("action=update_subscription_payment_method" in location, "the click did not lead to the update page")
    _check(await _sessions(stack), "the click made no portal session")
    teller.say("webhooks", "the click made a portal session, led there (303), and forgot it")
    return location


async def _pay(stack: Stack, teller: _Teller, portal: str) -> None:
    async with stack.http.get(portal) as page:
        html = await page.text()
    _check('data-page="update"' in html, "the link did not land, signed in, on the update page")
    teller.say("customer", "is on Paddle's update payment method page, already signed in")
    async with stack.http.post(portal) as paid:
        _check('data-page="paid"' in await paid.text(), "paying did not work")
    teller.say("paddle", "the debt is paid. The webhooks say so")


async def _recovered(stack: Stack, teller: _Teller, case_id: str) -> None:
    store = Store.open(stack.server.url, rate_limit=1)
    try:

        async def ended() -> Case | None:
            case = await store.cases.read(case_id)
            return case if case and not case.is_open else None

        case = await _until(ended, "the case did not end")
        story = await store.cases.story(case_id)
    finally:
        await store.close()
    _check(case is not None and case.state is CaseState.RECOVERED, "the case was not recovered")
    teller.say("worker", "[bold green]recovered[/]: the case is closed, the reminder will not be sent")
    remembered = (f"{line.at:%H:%M:%S.%f}  {in_a_line(line.entry)}" for line in story)
    teller.show("What Dunning remembers of this case", "\n".join(remembered))


async def _check_that_the_link_is_spent(stack: Stack, teller: _Teller, link: str) -> None:
    async with stack.http.get(link) as page:
        _check("<form" not in await page.text(), "the link of a paid debt still has its button")
    teller.say("customer", "opens the link once more: nothing left to pay")


async def _check_that_no_token_is_kept(stack: Stack, teller: _Teller) -> None:
    kept = [path for path in stack.server.data_folder.rglob("*") if path.is_file()]
    everything = b"\n".join([*(path.read_bytes() for path in kept), stack.logs().encode()])
    for forbidden in (b"pga_", b"/pay/", b"ada@customer.example", b"Ada Example"):
        _check(forbidden not in everything, f"{forbidden.decode()} was found in Redis' log or in ours")
    teller.say("dunning", "all of Redis' log and of ours was searched: no token, no link, no address, no name")


async def _sessions(stack: Stack) -> bool:
    return _MINT in await stack.calls()


async def _until(look: Callable[[], Awaitable[T]], otherwise: str) -> T:
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not (seen := await look()):  # noqa: ASYNC110 - what is awaited happens in another process
                await asyncio.sleep(POLL_SECONDS)
            return seen
    except TimeoutError:
        raise DemoFailedError(f"{otherwise} within {WITHIN_SECONDS:.0f} s") from None


def _shortened(text: str) -> str:
    """Cut portal tokens short: even the demo does not print one."""
    return _PORTAL_TOKEN.sub("pga_…", text).strip()


def _check(holds: object, otherwise: str) -> None:
    if not holds:
        raise DemoFailedError(otherwise)
