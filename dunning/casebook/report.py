"""What came of the cases of a month, out of the sums by day."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dunning.rules.cohort import Amounts, Became, Group, groups_of, last_settled
from dunning.rules.cohort import added as added_up
from dunning.rules.comparison import Comparison, compare
from dunning.rules.tally import Key, Total, What, totals_of
from dunning.store.sums import Sums

# What is compared is of so many days at most.
A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Failed:
    """What became of the cases that failed on some days, all of which have ended since; no days if `last` is before."""

    first: date
    last: date
    groups: Mapping[Group, Amounts]

    def of(self, became: Became, campaign: str, currency: str) -> Amounts:
        """Return what became so, of a campaign, in a currency; `currency` is empty where the amount isn't known."""
        wanted = (became, campaign, currency)
        found = Amounts()
        for group, amounts in self.groups.items():
            if (group.became, group.campaign, group.currency) == wanted:
                found = found.plus(amounts)
        return found

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The campaigns and currencies that there are."""
        return sorted({(group.campaign, group.currency) for group in self.groups})


@dataclass(frozen=True, slots=True)
class Report:
    """The sums of some days, which are days in UTC. What is recovered or lost may have been opened before them."""

    first: date
    last: date
    totals: Mapping[Key, Total]
    failed: Failed
    """Of the same days, those of which every case has ended."""
    compared: Failed
    """Of the year up to then, likewise."""

    @property
    def comparisons(self) -> list[Comparison]:
        """The comparisons of the mailed with the held out."""
        return compare(self.compared.groups)

    def by(self, what: What, name: Callable[[Key], str]) -> dict[str, Total]:
        """Return what happened, by a name for each sum, in the order of these names."""
        found: dict[str, Total] = {}
        for key, total in self.totals.items():
            if key.what is what:
                found[name(key)] = added([found.get(name(key), Total()), total])
        return dict(sorted((group, total) for group, total in found.items() if total != Total()))

    @property
    def money_lost(self) -> dict[tuple[str, str], Total]:
        """What was lost, as far as the amount is known, by currency and cause."""
        return money_lost(self.totals.items())

    def of(self, what: What) -> Total:
        """Return all of what happened together. Its amount is of several currencies."""
        return added(total for key, total in self.totals.items() if key.what is what)


async def read_report(sums: Sums, month: date, today: date) -> Report:
    """Read the sums of the month of this day, up to today."""
    first = month.replace(day=1)
    last = min(first.replace(day=monthrange(first.year, first.month)[1]), today)
    settled = min(last, last_settled(today))
    begun = settled - A_YEAR + timedelta(days=1)
    days = _days(min(first, begun), last)
    hashes = dict(zip(days, await sums.of(days), strict=True))
    totals: dict[Key, Total] = {}
    for day in _days(first, last):
        for key, total in totals_of(hashes[day]).items():
            totals[key] = added([totals.get(key, Total()), total])
    groups = {day: groups_of(hashes[day]) for day in days if day <= settled}

    def failed(since: date) -> Failed:
        return Failed(since, settled, added_up(groups[day] for day in _days(since, settled)))

    return Report(first, last, totals, failed(first), failed(begun))


def added(totals: Iterable[Total]) -> Total:
    """Add totals up."""
    listed = [*totals]
    return Total(sum(one.cases for one in listed), sum(one.known for one in listed), sum(one.amount for one in listed))


def money_lost(totals: Iterable[tuple[Key, Total]]) -> dict[tuple[str, str], Total]:
    """Return what was lost, as far as the amount is known, by currency and cause."""
    found: dict[tuple[str, str], Total] = {}
    for key, total in totals:
        if key.what is What.LOST and key.currency and total.known:
            group = key.currency, key.cause
            found[group] = added([found.get(group, Total()), total])
    return dict(sorted(found.items()))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
