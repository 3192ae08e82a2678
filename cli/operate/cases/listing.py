"""Which cases are asked for, in words; and a list of them as comma-separated values."""

import csv
import io
from collections.abc import Collection, Sequence

from dunning.casebook import as_json
from dunning.casebook.find import EVERY, ONLY_OPEN, CaseQuery, ListedCase
from dunning.rules.case import CaseState
from dunning.store import Paused

# What a row has of a case, then of its last step and its next one.
FACTS = (
    "id",
    "state",
    "reason",
    "subscription_id",
    "customer_id",
    "campaign",
    "decline_class",
    "decline_code",
    "failed_at",
    "ended_at",
    "held_out",
)
STEPS = ("last_step", "next_step")


def in_words(wanted: CaseQuery) -> str:
    """Say that there is no such case, and where else to look."""
    named = {"campaign": wanted.campaign, "subscription": wanted.subscription, "customer": wanted.customer}
    of = " and the ".join(f"{name} {value}" for name, value in named.items() if value is not None)
    what = [
        " that is held out" if wanted.held_out else "",
        f" of the {of}" if of else "",
        f" that ended as {wanted.reason}" if wanted.reason else "",
    ]
    if wanted.since is not None:
        what.append(f" since {wanted.since:%Y-%m-%d %H:%M} UTC")
    asked = "".join(what)
    if wanted.states == ONLY_OPEN:
        hint = " --all also finds those that ended in the last 90 days." if of else ""
        return f"No open case{asked}.{hint}"
    if wanted.states == EVERY and wanted.since is None:
        return f"No case{asked}: none is open, and none ended in the last 90 days."
    *others, last = [state.value for state in CaseState if state in wanted.states]
    listed = f"{', '.join(others)} or {last}" if others else last
    return f"No case{asked} is {listed}. Ended cases are kept for 90 days."


def as_csv(cases: Sequence[ListedCase], paused: Paused, excluded: Collection[str], *, more: bool) -> str:
    """Return a row for each case, below a line of headings. Times are RFC 3339 in UTC; what is not there is empty."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    its_own = ("step", "state", "due_at")
    rows.writerow([*FACTS, *(f"{step}_{name}" if name != "step" else step for step in STEPS for name in its_own)])
    for one in as_json.listed(cases, paused, excluded, more=more)["cases"]:
        steps = [one[step] or {} for step in STEPS]
        rows.writerow([*(one.get(fact) for fact in FACTS), *(step.get(name) for step in steps for name in its_own)])
    return written.getvalue()
