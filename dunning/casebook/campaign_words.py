"""A campaign in words: when each mail goes out, for which renewals, and what a changed file changes. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dunning.durations import format_duration
from dunning.rules.campaign import Campaign, FinalAction, Step, When
from dunning.rules.declines import DeclineClass
from dunning.rules.sending_hours import format_time_of_day

_DAY = timedelta(days=1)
_UNITS = {"h": "h", "m": "min", "s": "s"}
_ACTIONS = {FinalAction.CANCEL: "cancels", FinalAction.PAUSE: "pauses"}


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """What a changed file changes of one campaign, in sentences."""

    name: str
    lines: Sequence[str]


def day(after: timedelta) -> str:
    """Write a time after the failure as a day and the rest: `day 0, 2 h`, `day 3`."""
    days, rest = divmod(after, _DAY)
    if not rest:
        return f"day {days}"
    written = format_duration(rest)
    return f"day {days}, {written[:-1]} {_UNITS[written[-1]]}"


def for_what(when: When) -> str:
    """Say in one line which renewals a campaign is for."""
    asked = [f"{key} {values}" for key, values in _asked(when)]
    return f"for {' and '.join(asked)}" if asked else "for every renewal"


def facts_of(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Say what else a campaign is, by the names of its file."""
    yield from _asked(campaign.when)
    if campaign.when == When():
        yield "when", "not set: for every renewal"
    between = campaign.send_between
    if between is None:
        yield "send_between", "not set: mails go out at any hour"
    else:
        hours = f"{format_time_of_day(between.opens)} to {format_time_of_day(between.closes)}"
        yield "send_between", f"{hours}, by the clock of the customer's country"
    if campaign.hold_out:
        yield "hold_out", f"{campaign.hold_out}% of the customers get no mail, to measure what mails bring"
    end = campaign.gives_up
    if end is None:
        yield "gives_up", "not set: no mail names a last day"
    else:
        yield "gives_up", f"Paddle {_ACTIONS[end.action]} the subscription on {day(end.after)}, mails say"


def values_of(when: When) -> Iterator[tuple[str, Collection[str]]]:
    """Give what a campaign asks of a renewal, by the names of its file."""
    yield from (("product", when.products), ("price", when.prices), ("currency", when.currencies))


def changes(before: Sequence[Campaign], after: Sequence[Campaign]) -> list[CampaignChange]:
    """Say what renewals that fail from now on would get otherwise. A case that is open keeps its campaign."""
    old, new = ({one.name: one for one in campaigns} for campaigns in (before, after))
    found = []
    for name in dict.fromkeys([*new, *old]):
        if name not in new:
            lines = ["It is gone: no renewal that fails from now on follows it."]
        elif name not in old:
            lines = [f"It is new, {for_what(new[name].when)}.", *_steps_changed((), new[name].steps)]
        else:
            lines = [*_facts_changed(old[name], new[name]), *_steps_changed(old[name].steps, new[name].steps)]
        if lines:
            found.append(CampaignChange(name, lines))
    kept = [name for name in old if name in new], [name for name in new if name in old]
    if kept[0] != kept[1]:
        found.append(CampaignChange("their order", [f"A renewal follows the first that it fits: {', '.join(new)}."]))
    return found


def _facts_changed(before: Campaign, after: Campaign) -> Iterator[str]:
    old, new = dict(facts_of(before)), dict(facts_of(after))
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield f"{key}: {new.get(key, 'not set')}, instead of {old.get(key, 'not set')}."


def _steps_changed(before: Sequence[Step], after: Sequence[Step]) -> Iterator[str]:
    old, new = ({step.name: step for step in steps} for steps in (before, after))
    for name in dict.fromkeys([*new, *old]):
        if name not in new:
            yield f"{name} is not sent any more."
            continue
        was, step = old.get(name), new[name]
        if was is not None and was.template != step.template:
            yield f"{name} is the mail {step.template}, instead of {was.template}."
        for cls in DeclineClass:
            if was is None:
                yield f"{name} goes out on {day(step.after[cls])} after {_a(cls)} decline, and did not before."
            elif was.after[cls] != step.after[cls]:
                days = f"on {day(step.after[cls])} after {_a(cls)} decline, instead of {day(was.after[cls])}"
                yield f"{name} goes out {days}."


def _a(cls: DeclineClass) -> str:
    return f"an {cls}" if cls is DeclineClass.OUTAGE else f"a {cls}"


def _asked(when: When) -> Iterator[tuple[str, str]]:
    for key, values in values_of(when):
        if values:
            yield key, " or ".join(sorted(values))
