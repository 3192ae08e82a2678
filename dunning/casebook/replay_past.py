"""What the cases that ended lately would have been mailed otherwise by changed campaigns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.replay import Mail, declines_of, mails_by, went_by_the_plan
from dunning.store import Store

LAST = timedelta(days=30)
# Of those that ended, the latest. A page waits for it.
MOST = 500


@dataclass(frozen=True, slots=True)
class StepReplayed:
    """How many mails of a step go out by the campaign in force and by the changed one, and how many of both differ."""

    campaign: str
    step: str
    before: int
    after: int
    otherwise: int
    """Of those that go out by both: at another time, or from another template."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of the cases that ended since a time."""

    since: datetime
    cases: int
    """Those that were replayed."""
    otherwise: int
    """Of these, how many would have been mailed otherwise."""
    left_out: int
    """Those of the changed campaigns in which something else than the plan decided, or whose beginning isn't known."""
    cut: bool
    """Whether there are more than were looked at."""
    steps: Sequence[StepReplayed]


async def replay_past(
    store: Store, before: Sequence[Campaign], after: Sequence[Campaign], now: datetime, most: int = MOST
) -> Replay | None:
    """Replay the cases that ended lately by both; None where no campaign has other steps.

    A case is replayed by the campaigns that have the name of its own. Which one it would follow by another `when` can't
    be told, since what was sold isn't kept.
    """
    new = {one.name: one for one in after}
    pairs = {one.name: (one, new[one.name]) for one in before if one.name in new and one.steps != new[one.name].steps}
    if not pairs:
        return None
    since = now - LAST
    ended = await store.ended.newest(0, most + 1, since)
    tally, left_out = _Tally(), 0
    for read in await store.cases.read_versioned(ended[:most]):
        case = read.case
        if case is None or case.campaign not in pairs or case.ended_at is None or case.ended_at < since:
            continue
        declines = declines_of((line.at, line.entry) for line in await store.cases.story(case.id))
        if not declines or not went_by_the_plan(case):
            left_out += 1
            continue
        mails = [mails_by(campaign, case, declines, case.ended_at) for campaign in pairs[case.campaign]]
        tally.add(case, *mails)
    return Replay(since, tally.cases, tally.otherwise, left_out, len(ended) > most, tally.steps)


class _Tally:
    """Counts what was replayed."""

    def __init__(self) -> None:
        self.cases = self.otherwise = 0
        self._before, self._after, self._otherwise = (Counter[tuple[str, str]]() for _ in range(3))

    def add(self, case: Case, before: Sequence[Mail], after: Sequence[Mail]) -> None:
        """Count a case with its mails by the campaign in force and by the changed one."""
        self.cases += 1
        self.otherwise += before != after
        old, new = ({mail.step: mail for mail in mails} for mails in (before, after))
        for counted, steps in (
            (self._before, old),
            (self._after, new),
            (self._otherwise, [step for step in old if step in new and old[step] != new[step]]),
        ):
            counted.update((case.campaign, step) for step in steps)

    @property
    def steps(self) -> list[StepReplayed]:
        """What was counted of each step, in the order in which they were met."""
        steps = dict.fromkeys([*self._before, *self._after])
        return [StepReplayed(*one, self._before[one], self._after[one], self._otherwise[one]) for one in steps]
