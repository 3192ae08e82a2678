"""`dunning suppressions`: addresses that get no mail. They are kept as keyed hashes, and none is printed."""

import json
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change
from dunning.casebook import as_json, suppress
from dunning.errors import NotMailableError
from dunning.settings.load import load_link_secrets
from dunning.store import Store


def list_(*, in_json: bool) -> None:
    """Print how many addresses are suppressed, by reason."""
    found = on_the_store(suppress.suppressed)
    if in_json:
        click.echo(json.dumps(as_json.suppressed(found), indent=2))
        return
    for one in found:
        click.echo(f"{one.reason}: {one.addresses}, the latest at {one.latest:%Y-%m-%d %H:%M} UTC")
    if not found:
        click.echo("No address is suppressed.")


def add(address: str, by: str) -> None:
    """Suppress an address, and print the result.

    Raises:
        UsageError: it is none.
    """
    secrets = load_link_secrets()

    async def work(store: Store) -> bool:
        done = await suppress.suppress(store, address, secrets, datetime.now(UTC))
        if done:
            await note_change(store, by, Change.SUPPRESS)
        return done

    try:
        done = on_the_store(work)
    except NotMailableError as error:
        raise click.UsageError(str(error)) from None
    if done:
        click.echo("The address gets no more mail, until it is removed from the suppressions.")
    else:
        click.echo("Nothing to do: the address was suppressed already.")


def remove(address: str, by: str) -> None:
    """Take an address off, and print the result.

    Raises:
        UsageError: it is none.
    """
    secrets = load_link_secrets()

    async def work(store: Store) -> bool:
        done = await suppress.mail_again(store, address, secrets)
        if done:
            await note_change(store, by, Change.UNSUPPRESS)
        return done

    try:
        done = on_the_store(work)
    except NotMailableError as error:
        raise click.UsageError(str(error)) from None
    if done:
        click.echo("The address is mailed again: steps that become due from now on are sent.")
    else:
        click.echo("Nothing to do: the address was not suppressed.")
