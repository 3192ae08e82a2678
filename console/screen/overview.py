"""The overview: what is wrong, how things stand, and whether it is worth it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from console.keys import CAMPAIGNS, CLOCK, STORE
from console.screen.money import COLUMN, HIGHEST, WEEKS, read_lately
from console.screen.render import render
from dunning.casebook.lift_words import lift_lines
from dunning.casebook.paused import paused_lines
from dunning.casebook.report import read_report
from dunning.casebook.status import read_status
from dunning.rules.growth import news_of
from dunning.rules.troubles import Looked, Seen, Trouble, find_troubles
from dunning.store import Store
from dunning.watch.words import SAYINGS, title_of

# The picture by step is of those that are due first: a page is shown at once, however many there are.
LOOKED_AT = 1_000
# Where something can be done about it on this screen.
PLACES = {
    Trouble.BREAKER_TRIPPED: ("/brakes", "Brakes"),
    Trouble.DEAD_EVENTS: ("/dead", "Dead events"),
    Trouble.DEBTS_WAIT: ("/healing", "Healing"),
    Trouble.SIGN_INS_REFUSED: ("/audit", "Audit"),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, what that means, and the page where something can be done about it."""

    title: str
    detail: str
    means: str
    place: tuple[str, str] | None


async def show(request: web.Request) -> web.Response:
    """Show it."""
    app, now = request.app, request.app[CLOCK]()
    store = app[STORE]
    found = await read_status(store, app[CAMPAIGNS], now, most=LOOKED_AT)
    report = await read_report(store.sums, now.date(), now.date())
    return render(
        request,
        "overview.html",
        title="Overview",
        found=found,
        wrong=await _wrong(store, now),
        paused=[*paused_lines(found.paused)],
        lately=await read_lately(store.sums, now.date()),
        weeks=WEEKS,
        column=COLUMN,
        highest=HIGHEST,
        compared=report.compared,
        lift=[[*lift_lines(one)] for one in report.comparisons],
    )


async def _wrong(store: Store, now: datetime) -> Sequence[Wrong]:
    snapshot = await store.health.snapshot(now)
    looked = Looked(
        gauges=snapshot.gauges,
        holds={hold.word: hold.sentence for hold in await store.holds.all()},
        in_vain=snapshot.in_vain,
        news=news_of(await store.alerts.growth() or {}, now),
    )
    return [_in_words(seen) for seen in find_troubles(looked)]


def _in_words(seen: Seen) -> Wrong:
    return Wrong(title_of(seen), seen.detail, SAYINGS[seen.trouble].means, PLACES.get(seen.trouble))
