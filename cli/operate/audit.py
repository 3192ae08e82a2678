"""`dunning audit`: who changed what by hand on the private side."""

import json

import click

from cli.run.open_store import on_the_store


def show(limit: int, *, in_json: bool) -> None:
    """Print the newest changes."""
    found = on_the_store(lambda store: store.audit.newest(0, limit))
    if in_json:
        told = [
            {
                "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
                "who": one.who,
                "way": one.way,
                "what": one.what,
                "about": one.about or None,
            }
            for one in found
        ]
        click.echo(json.dumps({"changes": told}, indent=2))
        return
    for one in found:
        click.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.who} ({one.way})  {one.what}  {one.about}".rstrip())
    if not found:
        click.echo("Nobody has changed anything on the private side.")
