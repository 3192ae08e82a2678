"""Reading cases, with all that belongs to them, out of the store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.casebook.campaigns import Campaigns
from dunning.casebook.late import Late, late
from dunning.casebook.no_case import read_no_case
from dunning.casebook.step_rows import StepRow, step_rows
from dunning.errors import CaseNotFoundError
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case, CaseState
from dunning.store import DeadEvent, Exclusion, Hold, Paused, Store, StoryLine

ONLY_OPEN = frozenset({CaseState.OPEN})
EVERY = frozenset(CaseState)
ENDED = EVERY - ONLY_OPEN


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases are asked for. A field that is None restricts nothing."""

    campaign: str | None = None
    subscription: str | None = None
    customer: str | None = None
    states: frozenset[CaseState] = ONLY_OPEN
    reason: str | None = None
    """Why they ended."""
    held_out: bool = False
    """Only those that are held out."""
    since: datetime | None = None
    """Only those that ended since then, and of the open ones those that failed since then."""

    @property
    def ended(self) -> bool:
        """Whether any that have ended are asked for."""
        return self.states > ONLY_OPEN or CaseState.OPEN not in self.states

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for certain cases only, and so for none that can't be read."""
        return any((self.campaign, self.subscription, self.customer, self.reason, self.held_out))

    def takes(self, case: Case) -> bool:
        """Tell whether the case is one of them."""
        return (
            case.state in self.states
            and self.campaign in {None, case.campaign}
            and self.subscription in {None, case.subscription_id}
            and self.customer in {None, case.customer_id}
            and self.reason in {None, case.reason}
            and (case.held_out or not self.held_out)
            and (self.since is None or (case.ended_at or case.failed_at) >= self.since)
        )


def states_asked(given: Collection[CaseState], *, reason: str | None) -> frozenset[CaseState]:
    """Return in which states cases are asked for. Where none is given, whoever asks for a reason wants ended ones."""
    return frozenset(given) or (ONLY_OPEN if reason is None else ENDED)


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case in a list. `case` is None if this version of Dunning can't read it."""

    id: str
    looked_at: datetime | None
    case: Case | None
    steps: Sequence[StepRow]
    late: Late | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything there is to tell of one case."""

    id: str
    case: Case | None
    campaign: Campaign | None
    steps: Sequence[StepRow]
    story: Sequence[StoryLine]
    dead: Sequence[DeadEvent]
    looked_at: datetime | None
    late: Late | None
    paused: Paused
    holds: Sequence[Hold]
    exclusions: Sequence[Exclusion]


async def read_case_file(store: Store, campaigns: Campaigns, case_id: str, now: datetime) -> CaseFile:
    """Return everything there is to tell of a case.

    Raises:
        CaseNotFoundError: there is no such case. If its end is known all the same, the error says so.
    """
    (read,) = await store.cases.read_versioned([case_id])
    if read.case is None and not read.unreadable:
        raise CaseNotFoundError(str(await read_no_case(store, case_id)))
    case, story = read.case, await store.cases.story(case_id)
    campaign = None if case is None else await campaigns.of(case)
    (looked_at,) = await store.due.when([case_id])
    (since,) = await store.due.late_since([case_id])
    steps = [] if case is None or campaign is None else step_rows(case, campaign, story)
    return CaseFile(
        id=case_id,
        case=case,
        campaign=campaign,
        steps=steps,
        story=story,
        dead=await store.traces.dead_events([case_id, *([case.subscription_id] if case else [])]),
        looked_at=looked_at,
        late=late(steps, since, looked_at, now) if case is not None and case.is_open else None,
        paused=await store.brakes.paused(),
        holds=await store.holds.all(),
        exclusions=await store.exclusions.of([case.customer_id, case.subscription_id] if case else []),
    )
