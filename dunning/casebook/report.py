"""What came of the cases of a month, out of the sums by day."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from dunning.rules.tally import Key, Total, What, totals_of
from dunning.store.sums import Sums


@dataclass(frozen=True, slots=True)
class Report:
    """The sums of some days, which are days in UTC. What is recovered or lost may have been opened before them."""

    first: date
    last: date
    totals: Mapping[Key, Total]

    def by(self, what: What, name: Callable[[Key], str]) -> dict[str, Total]:
        """Return what happened, by a name for each sum, in the order of these names."""
        found: dict[str, Total] = {}
        for key, total in self.totals.items():
            if key.what is what:
                found[name(key)] = added([found.get(name(key), Total()), total])
        return dict(sorted((group, total) for group, total in found.items() if total != Total()))

    def of(self, what: What) -> Total:
        """Return all of what happened together. Its amount is of several currencies."""
        return added(total for key, total in self.totals.items() if key.what is what)


async def read_report(sums: Sums, month: date, today: date) -> Report:
    """Read the sums of the month of this day, up to today."""
    first = month.replace(day=1)
    last = min(first.replace(day=monthrange(first.year, first.month)[1]), today)
    days = [first.replace(day=number) for number in range(1, last.day + 1)]
    totals: dict[Key, Total] = {}
    for fields in await sums.of(days):
        for key, total in totals_of(fields).items():
            totals[key] = added([totals.get(key, Total()), total])
    return Report(first, last, totals)


def added(totals: Iterable[Total]) -> Total:
    """Add totals up."""
    listed = [*totals]
    return Total(sum(one.cases for one in listed), sum(one.known for one in listed), sum(one.amount for one in listed))
