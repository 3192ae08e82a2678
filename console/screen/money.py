"""Money by currency: recovered by week, and lost by cause. And what became of campaigns by step. For the overview."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning.casebook.report import money_lost
from dunning.language.money import format_money
from dunning.rules.tally import Key, Total, What, totals_of
from dunning.store.sums import Sums

WEEKS = 12
A_WEEK = timedelta(days=7)
# Of the drawing, in its own units: a week's column, the room between two, and the highest.
COLUMN, GAP, HIGHEST = 24, 4, 100


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `first`: what was recovered, as it is written, and how high that is drawn."""

    first: date
    money: str
    cases: int
    height: int
    x: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was recovered in a currency, week by week, the newest last."""

    currency: str
    money: str
    cases: int
    weeks: Sequence[Week]

    @property
    def width(self) -> int:
        """How wide the drawing is."""
        return len(self.weeks) * (COLUMN + GAP)


@dataclass(frozen=True, slots=True)
class Lost:
    """What was lost in a currency by a cause, which is how the cases ended."""

    cause: str
    money: str
    cases: int


@dataclass(frozen=True, slots=True)
class Step:
    """How many cases of a campaign were recovered after the mail of a step, of all of the campaign's that ended."""

    campaign: str
    step: str
    recovered: int
    ended: int

    @property
    def rate(self) -> str:
        """The share, in percent."""
        return f"{100 * self.recovered / self.ended:.1f}%"


@dataclass(frozen=True, slots=True)
class Lately:
    """The last weeks, which end today."""

    first: date
    recovered: Sequence[Recovered]
    lost: Sequence[Lost]
    steps: Sequence[Step]
    unknown: int
    """How many recovered cases there are whose amount isn't known."""
    lost_unknown: int
    """How many lost cases there are whose amount isn't known, or not yet."""


async def read_lately(sums: Sums, today: date) -> Lately:
    """Read the sums of the last weeks by day: as many reads as there are days."""
    first = today - WEEKS * A_WEEK + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(WEEKS * A_WEEK.days)]
    read = zip(days, await sums.of(days), strict=True)
    totals = [((day - first) // A_WEEK, key, total) for day, of in read for key, total in totals_of(of).items()]
    recovered = [one for one in totals if one[1].what is What.RECOVERED]
    currencies = sorted({key.currency for _, key, _ in recovered if key.currency})
    return Lately(
        first=first,
        recovered=[_recovered(currency, first, recovered) for currency in currencies],
        lost=[
            Lost(cause, format_money(total.amount, currency, "en"), total.known)
            for (currency, cause), total in money_lost((key, total) for _, key, total in totals).items()
        ],
        steps=_steps(totals),
        unknown=_unknown(totals, What.RECOVERED),
        lost_unknown=_unknown(totals, What.LOST),
    )


def _recovered(currency: str, first: date, totals: Sequence[tuple[int, Key, Total]]) -> Recovered:
    amounts, cases = Counter[int](), Counter[int]()
    for week, key, total in totals:
        if key.currency == currency:
            amounts[week] += total.amount
            cases[week] += total.known
    most = max(1, *amounts.values())
    weeks = [
        Week(
            first=first + number * A_WEEK,
            money=format_money(amounts[number], currency, "en"),
            cases=cases[number],
            # The least that there is shows, too.
            height=-(-HIGHEST * max(0, amounts[number]) // most),
            x=number * (COLUMN + GAP),
        )
        for number in range(WEEKS)
    ]
    return Recovered(currency, format_money(amounts.total(), currency, "en"), cases.total(), weeks)


def _unknown(totals: Sequence[tuple[int, Key, Total]], what: What) -> int:
    return sum(total.cases - total.known for _, key, total in totals if key.what is what)


def _steps(totals: Sequence[tuple[int, Key, Total]]) -> list[Step]:
    ended, recovered = Counter[str](), Counter[tuple[str, str]]()
    for _, key, total in totals:
        if key.what is not What.OPENED:
            ended[key.campaign] += total.cases
        if key.what is What.RECOVERED:
            recovered[key.campaign, key.step] += total.cases
    return [
        Step(campaign, step, count, ended[campaign])
        for (campaign, step), count in sorted(recovered.items())
        if count and ended[campaign]
    ]
