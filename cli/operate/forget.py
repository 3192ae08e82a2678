"""`dunning forget`: all that is stored of a customer is deleted."""

import json
from datetime import UTC, datetime

import click

from cli.run.open_store import on_the_store
from dunning.casebook.forget import forget as forget_
from dunning.settings.load import load_link_secrets


def forget(customer: str, *, in_json: bool) -> None:
    """Forget a customer, and print what was deleted."""
    secrets, now = load_link_secrets(), datetime.now(UTC)
    found = on_the_store(lambda store: forget_(store, customer, secrets, now))
    counts = {
        "cases": len(found.cases),
        "events": len(found.events),
        "queued_batches": len(found.batches),
        "other_entries": found.others,
    }
    if in_json:
        click.echo(json.dumps({"forgotten": customer, **counts}, indent=2))
        return
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    click.echo(f"Deleted: {told}." if told else "Nothing was stored.")
    click.echo("For 90 days no event opens a case of this customer.")
