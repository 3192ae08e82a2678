"""Scenarios as JSON: one document for a script to read. Times are RFC 3339 in UTC, amounts are in minor units."""

from typing import Any

from cli.lab.cast import Person
from cli.plan.simulate.journal import Line
from cli.plan.simulate.scenarios import SCENARIOS, Scenario
from cli.plan.simulate.stage import Stage
from dunning.rules.case import Case

Json = dict[str, Any]


def known() -> Json:
    """Return the scenarios that there are."""
    return {"scenarios": [{"name": name, "title": scenario.title} for name, scenario in SCENARIOS.items()]}


def played(name: str, scenario: Scenario, stage: Stage) -> Json:
    """Return what happened in a scenario."""
    return {
        "name": name,
        "title": scenario.title,
        "campaign": stage.campaign.name,
        "people": [_person(one) for one in stage.people],
        "story": [_line(one, stage) for one in stage.journal],
        "cases": [_case(one, stage) for one in stage.cases()],
    }


def _person(one: Person) -> Json:
    bought = [
        {"product": each.product, "price": each.price, "currency": each.currency, "interval": each.interval}
        for each in one.bought
    ]
    return {"name": one.name, "country": one.country, "bought": bought}


def _line(one: Line, stage: Stage) -> Json:
    return {
        "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
        "day": stage.day(one.at),
        "who": one.who,
        "what": one.title,
        "why": one.why or None,
        "about": one.about or None,
        "subject": one.subject or None,
        "webhooks": one.webhooks,
    }


def _case(case: Case, stage: Stage) -> Json:
    return {
        "id": case.id,
        "about": stage.about(case.id) or None,
        "held_out": case.held_out,
        "state": case.state,
        "reason": case.reason,
        "ended_at": f"{case.ended_at:%Y-%m-%dT%H:%M:%SZ}" if case.ended_at else None,
        "steps": [
            {"step": name, "state": delivery.state, "reason": delivery.reason}
            for name, delivery in case.deliveries.items()
        ],
    }
