"""A campaign as a table: which mail goes out on which day, for each class of decline."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.brands.brand import Brand
from dunning.casebook.campaign_words import day, facts_of, for_what, values_of
from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.rules.declines import DeclineClass


def show(console: Console, campaign: Campaign) -> None:
    """Print one campaign. What is too long for the console is broken into lines, not cut."""
    console.print(f"[bold]{campaign.name}[/bold], on {campaign.on}, version {version(campaign)}")
    facts = Table.grid(padding=(0, 2), pad_edge=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for key, value in facts_of(campaign):
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
        "when": {name: sorted(values) for name, values in values_of(campaign.when)},
        "steps": [
            {
                "name": step.name,
                "template": step.template,
                "after_seconds": {cls.value: round(step.after[cls].total_seconds()) for cls in DeclineClass},
            }
            for step in campaign.steps
        ],
    }


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
