"""A scenario on the screen: who did what when, in 80 columns; plain text if the output is no terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.lab.cast import Person
from cli.plan.simulate.journal import Line, Who
from cli.plan.simulate.scenarios import SCENARIOS, Scenario
from cli.plan.simulate.stage import Stage
from dunning.language.money import format_money
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.delivery import DeliveryState

_COLORS = {Who.PADDLE: "cyan", Who.CUSTOMER: "magenta", Who.SELLER: "yellow", Who.DUNNING: "green"}
_LOCALE = "en"


def show_list(console: Console) -> None:
    """Print the scenarios' names and titles."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, scenario in SCENARIOS.items():
        table.add_row(f"[bold]{name}[/]", scenario.title)
    console.print(table)


def show(console: Console, name: str, scenario: Scenario, stage: Stage, campaign: Campaign) -> None:
    """Print what happened."""
    console.print(f"\n[bold]{name}[/]  {scenario.title}")
    for person in stage.people:
        console.print(f"[dim]{escape(_introduced(person))}[/]")
    adapted = _adapted(campaign, stage.campaign)
    if adapted:
        console.print(f"[dim]as if the campaign had {' and '.join(adapted)}; yours has none[/]")
    if campaign.hold_out:
        console.print(f"[dim]{_of_hold_out(campaign, stage.campaign)}[/]")
    console.print(_timeline(stage))
    for case in stage.cases():
        console.print(f"  [bold]{escape(_ended(case, stage))}[/]")


def _timeline(stage: Stage) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=8, justify="right")
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    day = None
    for line in stage.journal:
        passed = stage.day(line.at)
        table.add_row(
            "" if passed == day else f"day {passed}",
            f"[dim]{line.at:%H:%M}[/]",
            f"[{_COLORS[line.who]}]{line.who}[/]",
            "\n".join(_told(line)),
        )
        day = passed
    return table


def _told(line: Line) -> Sequence[str]:
    about = f" [dim]({escape(line.about)})[/]" if line.about else ""
    told = [f"{escape(line.title)}{about}"]
    if line.subject:
        told.append(f"[bold]{escape(line.subject)}[/]")
    if line.why:
        told.append(f"[dim]{escape(line.why)}[/]")
    if line.webhooks:
        told.append(f"[dim]webhooks: {', '.join(_short(one) for one in line.webhooks)}[/]")
    return told


def _short(event_type: str) -> str:
    return event_type.removeprefix("transaction.")


def _introduced(person: Person) -> str:
    bought = [
        f"{one.product} at {format_money(one.price, one.currency, _LOCALE)} a {one.interval}" for one in person.bought
    ]
    return f"{person.name} in {person.country}: {', '.join(bought)}"


def _ended(case: Case, stage: Stage) -> str:
    ends = Counter(delivery.state for delivery in case.deliveries.values())
    counted = ", ".join(f"{ends[state]} {state}" for state in DeliveryState if ends[state]) or "no step was due"
    days = f" on day {stage.day(case.ended_at)}" if case.ended_at else ""
    about = stage.about(case.id)
    why = f" ({case.reason})" if case.reason else ""
    return f"{about + ': ' if about else ''}{case.state}{why}{days}: {counted}"


def _of_hold_out(own: Campaign, played: Campaign) -> str:
    """Say on which side of the campaign's hold-out the story plays."""
    if played.hold_out:
        return f"one of the {own.hold_out}% of customers whom your hold_out leaves unmailed"
    return f"one of the {100 - own.hold_out}% of customers who are mailed, by your hold_out of {own.hold_out}%"


def _adapted(own: Campaign, played: Campaign) -> Sequence[str]:
    """Name what the scenario put into the campaign."""
    given = {
        "send_between": own.send_between != played.send_between,
        "gives_up": own.gives_up != played.gives_up,
        "hold_out": played.hold_out > own.hold_out == 0,
    }
    return [name for name, was_added in given.items() if was_added]
