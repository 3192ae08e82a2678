"""The results as tables, for the terminal and for `docs/reliability.md`."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.chaos.faults import KINDS, Place
from tests.chaos.survey import Outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"

TITLES = {
    "decline": "From the notification to the mail",
    "click": "The click",
    "payment": "From the payment to the closed case",
}


def cuts_told(outcomes: Sequence[Outcome], a_while: str) -> str:
    """Tell what came of all cuts, in one paragraph, when everything was waited for this long."""
    twice = [outcome for outcome in outcomes if outcome.life.mails > 1]
    return (
        f"{len({outcome.cut.place for outcome in outcomes})} places, {len(outcomes)} lives with one cut each: "
        f"lost {sum(outcome.life.mails < 1 for outcome in outcomes)}, "
        f"stuck {a_while} later {sum(bool(outcome.stuck) for outcome in outcomes)}, "
        f"otherwise wrong {sum(bool(outcome.problems) and not outcome.stuck for outcome in outcomes)}, "
        f"mailed twice {len(twice)}, of these flagged and the same mail {sum(not one.problems for one in twice)}. "
        f"The longest took {max((outcome.seconds for outcome in outcomes), default=0)} s."
    )


def cuts_table(outcomes: Sequence[Outcome]) -> str:
    """Draw the tables of all cuts, one for each phase."""
    by_place: dict[Place, dict[tuple[str, str], Outcome]] = {}
    for outcome in outcomes:
        by_place.setdefault(outcome.cut.place, {})[outcome.cut.moment, outcome.cut.fault] = outcome
    parts = []
    for phase, title in TITLES.items():
        rows = [(place, of) for place, of in by_place.items() if place.phase == phase]
        parts += [f"### {title}", "", _row(["connection", "request", *(f"{when}: {what}" for when, what in KINDS)])]
        parts += [_row(["---", "---", *("--:" for _ in KINDS)])]
        parts += [
            _row([place.link, f"`{_name(place)}`", *(_cell(of.get(kind)) for kind in KINDS)]) for place, of in rows
        ]
        parts.append("")
    return "\n".join(parts).rstrip()


def rewrite(name: str, text: str) -> None:
    """Put `text` between the markers of this name in the document."""
    document = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    written = re.sub(
        f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{text}\n{end}", document, flags=re.DOTALL
    )
    DOCUMENT.write_text(written, encoding="utf-8")


def _name(place: Place) -> str:
    return place.label + (f" ({place.nth})" if place.nth > 1 else "")


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.problems:
        return "**wrong**"
    return f"{outcome.seconds} s" + (", twice" if outcome.life.mails > 1 else "")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
