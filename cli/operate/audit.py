"""`dunning audit`: who changed what by hand."""

import json

import click

from cli.run.open_store import on_the_store
from dunning.casebook import as_json


def show(limit: int, *, in_json: bool) -> None:
    """Print the newest changes."""
    found = on_the_store(lambda store: store.audit.newest(0, limit))
    if in_json:
        click.echo(json.dumps(as_json.changes(found), indent=2))
        return
    for one in found:
        click.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.who} ({one.way})  {one.what}  {one.about}".rstrip())
    if not found:
        click.echo("Nobody has changed anything by hand.")
