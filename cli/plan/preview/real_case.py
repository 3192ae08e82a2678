"""What goes out next for a real case: the worker's own jobs, on copies in memory, by what Paddle says now.

Nothing is sent, and nothing is written but that calls to Paddle were made: those count in the limit that all processes
share. The links in the mail lead nowhere, since a real one lets whoever clicks it pay as the customer.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aiohttp import ClientSession

from cli.plan.preview.examples import TOKEN
from cli.plan.simulate.post_office import Letter, PostOffice
from cli.plan.simulate.rehearsal import quietly
from dunning.casebook.campaigns import Campaigns, CampaignVersions
from dunning.casebook.no_case import read_no_case
from dunning.casebook.words import in_a_sentence
from dunning.casebook.write import write_by
from dunning.errors import CaseNotFoundError, CaseUnreadableError, GrantRefusedError, NotPossibleError
from dunning.links import Purpose
from dunning.paddle_api.client import PaddleClient
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.story import UNDER_WAY, Entry, Kind, Moved
from dunning.settings.load import LinkMint, Settings
from dunning.store import Store, Versioned
from dunning.store.memory import MemoryStore
from worker import ports
from worker.letters.render import Renderer
from worker.send.batch import send_steps
from worker.services import REPEATS_WITHOUT_KEY, Services

# A step may wait for another debt's, or for the hours in which mail goes out.
_MOST_LOOKS = 5
_CALLS = 2
_SETTLED = frozenset({Moved.SENT, Moved.SKIPPED, Moved.DEAD})


class InertLinks:
    """Makes links as long as real ones, which open nothing."""

    def sign(
        self,
        case_id: str,
        expires_at: datetime,
        purpose: Purpose = Purpose.PAY,
        *,
        language: str = "",
        brand: str = "",
    ) -> str:
        """Return the same for every case."""
        del case_id, expires_at, purpose, language, brand
        return TOKEN


@dataclass(slots=True)
class NextMail:
    """What would happen next: told in lines, with the mail where there is one."""

    lines: list[str] = field(default_factory=list)
    letter: Letter | None = None


class _Copies:
    """The store as the jobs see it: what they write goes into memory, whom not to mail is read as it is."""

    def __init__(self, memory: MemoryStore, store: Store) -> None:
        self.brakes: ports.Brakes = memory.brakes
        self.campaigns: CampaignVersions = store.campaigns
        self.cases: ports.Cases = memory.cases
        self.counters: ports.Counters = memory.counters
        self.due: ports.DueIndex = memory.due
        self.exclusions: ports.Exclusions = store.exclusions
        self.forgotten: ports.Forgotten = memory.forgotten
        self.hold_out: ports.HoldOut = store.hold_out
        self.holds: ports.Holds = memory.holds
        self.in_vain: ports.TriesInVain = memory.in_vain
        self.inbox: ports.Inbox = memory.inbox
        self.limiter: ports.Limiter = store.limiter
        self.lost: ports.ToAsk = memory.lost
        self.reconciling: ports.Reconciling = memory.reconciling
        self.recovered: ports.ToAsk = memory.recovered
        self.refusals: ports.Refusals = memory.refusals
        self.seen: ports.Seen = memory.seen
        self.suppressions: ports.Suppressions = store.suppressions


async def look_ahead(settings: Settings, store: Store, renderer: Renderer, case_id: str, now: datetime) -> NextMail:
    """Find out what happens next in a case, if nothing changes until then.

    1. Copy the customer's open cases, since one mail may speak for several.
    2. Go to the moment at which the first of them is due, and let the worker's own job deal with what is due then.
    3. Do so again if no mail about this case came of it and one may still come.

    Raises:
        NotPossibleError: there is no such case, or it is over.
        DunningError: Paddle can't be asked.
    """
    case = await _open_case(store, case_id)
    told = NextMail([line async for line in _in_the_way(store, case)])
    at = now
    memory = MemoryStore(lambda: at, rate_limit=settings.paddle.rate_limit, told=lambda *what: entries.append(what))
    entries: list[tuple[str, Entry, datetime]] = []
    campaigns = Campaigns(store, settings.campaigns)
    await _copy(store, memory, campaigns, case, now)
    entries.clear()  # copying a case tells of its opening
    post_office = PostOffice(lambda: at)
    async with ClientSession() as http:
        services = Services(
            settings=replace(settings, link_mint=LinkMint.CLICK, mail_redirect=None),
            store=_Copies(memory, store),
            paddle=PaddleClient(
                http,
                api_url=settings.paddle.api_url,
                api_key=settings.paddle.api_key.get_secret_value(),
                limiter=store.limiter,
            ),
            transport=post_office,
            renderer=renderer,
            links=InertLinks(),
            campaigns=campaigns,
            clock=lambda: at,
        )
        for _ in range(_MOST_LOOKS):
            due = memory.kept.due
            if not due:
                break
            at = max(at, min(due.values()))
            await _deal_with(services, [one for one, when in due.items() if when <= at])
            if _is_told_of(case_id, entries):
                break
    campaign = await campaigns.of(case)
    told.lines += [
        f"{when:%Y-%m-%d %H:%M} UTC: {_in_words(one, entry, memory, campaign, case_id)}"
        for one, entry, when in entries
        if entry.kind is not Kind.STEP or entry.moved not in UNDER_WAY
    ]
    told.lines += [f"Mail would be held ({hold.word}): {hold.sentence}" for hold in await memory.holds.all()]
    told.letter = next((one for one in post_office.letters if one.case_id == case_id), None) or next(
        iter(post_office.letters), None
    )
    if not told.lines:
        told.lines.append("No mail about it is to come.")
    return told


async def _open_case(store: Store, case_id: str) -> Case:
    (read,) = await store.cases.read_versioned([case_id])
    if read.unreadable:
        raise CaseUnreadableError(f"Case {case_id} was written by another version of Dunning and can't be read.")
    if read.case is None:
        raise CaseNotFoundError(str(await read_no_case(store, case_id)))
    if not read.case.is_open:
        raise NotPossibleError(f"Case {case_id} has ended ({read.case.state}): nothing of it is sent any more.")
    return read.case


async def _in_the_way(store: Store, case: Case) -> AsyncIterator[str]:
    """Say what an operator, or something that is broken, has put in the way of all mail, or of this."""
    paused = await store.brakes.paused()
    if paused.stops(case.campaign):
        yield "Mail is paused: it goes out once `dunning resume` is given."
    for hold in await store.holds.all():
        yield f"Mail is held ({hold.word}) until that is mended."
    for exclusion in await store.exclusions.of([case.customer_id, case.subscription_id]):
        yield f"{exclusion.id} is excluded: its steps are skipped until `dunning include {exclusion.id}` is given."
    if case.held_out:
        yield "It is held out, to measure what mails bring: it is mailed only beside another open debt that is mailed."


async def _copy(store: Store, memory: MemoryStore, campaigns: Campaigns, case: Case, now: datetime) -> None:
    ids = dict.fromkeys([case.id, *await store.cases.open_of_customer(case.customer_id)])
    for read in await store.cases.read_versioned(list(ids)):
        if read.case is not None and read.case.is_open:
            campaign = await campaigns.of(read.case)
            await write_by(memory, campaign, REPEATS_WITHOUT_KEY, now, Versioned(None, 0), read.case)


async def _deal_with(services: Services, case_ids: Sequence[str]) -> None:
    grants = await services.store.limiter.ask(_CALLS, background=False)
    if grants is None:
        raise GrantRefusedError("The API budget has no room for a look at Paddle just now: try again in a minute.")
    with quietly():
        await send_steps(services, case_ids, [grant.id for grant in grants])
    await services.store.limiter.give_back(grants)


def _is_told_of(case_id: str, entries: Sequence[tuple[str, Entry, datetime]]) -> bool:
    """Tell whether something has come of the case's step: it was sent, covered or skipped, or the case has ended."""
    return any(
        one == case_id and (entry.kind is Kind.ENDED or (entry.kind is Kind.STEP and entry.moved in _SETTLED))
        for one, entry, _ in entries
    )


def _in_words(one: str, entry: Entry, memory: MemoryStore, campaign: Campaign, case_id: str) -> str:
    said = in_a_sentence(entry, memory.kept.cases[one].case, campaign)
    whose = "" if one == case_id else f"{one}: "
    return f"{whose}{said.title}. {said.why}".rstrip()
