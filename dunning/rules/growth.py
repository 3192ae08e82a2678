"""News that only counters show: something happened again since somebody last looked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dunning.rules.troubles import NEWS_FOR, is_news


@dataclass(frozen=True, slots=True)
class Growth:
    """A counter as it was last seen, by how much it grew lately, and when it last did."""

    count: int
    more: int = 0
    at: datetime | None = None

    def is_recent(self, now: datetime) -> bool:
        """Tell whether it grew lately enough to be news."""
        return self.at is not None and now - self.at < NEWS_FOR


def note_growth(counters: Mapping[str, int], before: Mapping[str, Growth] | None, now: datetime) -> dict[str, Growth]:
    """Return the counters whose growth is news, as they are now.

    Args:
        counters: all counters.
        before: what this returned last; None the first time of all, when what was counted before is no news.
        now: the time.
    """
    seen = {}
    for name, count in counters.items():
        if is_news(name):
            last = Growth(count) if before is None else before.get(name, Growth(0))
            seen[name] = last
            if count > last.count:
                more = last.more if last.is_recent(now) else 0
                seen[name] = Growth(count, more + count - last.count, now)
    return seen


def news_of(growth: Mapping[str, Growth], now: datetime) -> dict[str, int]:
    """Return by how much each counter grew lately, of those that did."""
    return {name: one.more for name, one in growth.items() if one.is_recent(now)}
