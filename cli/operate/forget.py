"""`dunning forget`: all that is stored of a customer is deleted."""

import json
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change
from dunning.casebook.forget import forget as forget_
from dunning.settings.load import load_link_secrets
from dunning.store import Store
from dunning.store.forgotten import Named


def forget(customer: str, by: str, *, in_json: bool) -> None:
    """Forget a customer, and print what was deleted."""
    secrets, now = load_link_secrets(), datetime.now(UTC)

    async def work(store: Store) -> Named:
        await note_change(store, by, Change.FORGET)  # whom is forgotten too
        return await forget_(store, customer, secrets, now)

    found = on_the_store(work)
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
