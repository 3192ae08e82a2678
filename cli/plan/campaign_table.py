"""A campaign as a table: which mail goes out on which day, for each class of decline."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.brands.brand import Brand
from dunning.durations import format_duration
from dunning.rules.campaign import Campaign, FinalAction, When
from dunning.rules.campaign_version import version
from dunning.rules.declines import DeclineClass
from dunning.rules.sending_hours import format_time_of_day

_DAY = timedelta(days=1)
_UNITS = {"h": "h", "m": "min", "s": "s"}
_ACTIONS = {FinalAction.CANCEL: "cancels", FinalAction.PAUSE: "pauses"}


def show(console: Console, campaign: Campaign) -> None:
    """Print one campaign. What is too long for the console is broken into lines, not cut."""
    console.print(f"[bold]{campaign.name}[/bold], on {campaign.on}, version {version(campaign)}")
    facts = Table.grid(padding=(0, 2), pad_edge=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for key, value in _facts(campaign):
        facts.add_row(f"  {key}", value)
    console.print(facts)
    steps = Table(box=box.SIMPLE_HEAD, pad_edge=True)
    steps.add_column("step", overflow="fold")
    for decline_class in DeclineClass:
        steps.add_column(decline_class.value, no_wrap=True)
    steps.add_column("template", overflow="fold")
    for step in campaign.steps:
        days = (day(step.after[decline_class]) for decline_class in DeclineClass)
        steps.add_row(step.name, *days, step.template)
    console.print(steps)


def as_json(campaign: Campaign) -> dict[str, Any]:
    """Return one campaign's mails as a document, each with the seconds after the failure by class of decline."""
    return {
        "name": campaign.name,
        "on": campaign.on,
        "version": version(campaign),
        "hold_out_percent": campaign.hold_out,
        "when": {name: sorted(values) for name, values in _values(campaign.when)},
        "steps": [
            {
                "name": step.name,
                "template": step.template,
                "after_seconds": {cls.value: round(step.after[cls].total_seconds()) for cls in DeclineClass},
            }
            for step in campaign.steps
        ],
    }


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


def brand_line(brand: Brand) -> str:
    """Say in one line what a brand is, and which renewals it is for."""
    said = [
        brand.name or (brand.sender and brand.sender.name) or "the name in DUNNING_MAIL_FROM",
        brand.colour,
        *([f"from {brand.sender.address}"] if brand.sender else []),
        *([f"questions to {brand.support}"] if brand.support else []),
    ]
    if brand.key:
        return f"brand.{brand.key}: {', '.join(said)}; {for_what(brand.when)}"
    return f"brand: {', '.join(said)}; for every other renewal"


def _asked(when: When) -> Iterator[tuple[str, str]]:
    for key, values in _values(when):
        if values:
            yield key, " or ".join(sorted(values))


def _values(when: When) -> Iterator[tuple[str, Collection[str]]]:
    yield from (("product", when.products), ("price", when.prices), ("currency", when.currencies))


def _facts(campaign: Campaign) -> Iterator[tuple[str, str]]:
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
