"""`dunning suppressions`: addresses that get no mail. They are kept as keyed hashes, and none is printed."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from cli.run.open_store import on_the_store
from dunning.addresses.mailable import mailable_address
from dunning.settings.load import load_link_secrets
from dunning.store import Store
from dunning.store.suppressions import Suppression
from dunning.suppression import address_key, address_keys

BY_OPERATOR = "by_operator"


def list_(*, in_json: bool) -> None:
    """Print how many addresses are suppressed, by reason."""
    found = on_the_store(lambda store: store.suppressions.all())
    counts = Counter(one.reason for one in found)
    if in_json:
        listed = [
            {"reason": reason, "addresses": count, "latest": f"{_latest(found, reason):%Y-%m-%dT%H:%M:%SZ}"}
            for reason, count in counts.most_common()
        ]
        click.echo(json.dumps({"suppressed": listed}, indent=2))
        return
    for reason, count in counts.most_common():
        click.echo(f"{reason}: {count}, the latest at {_latest(found, reason):%Y-%m-%d %H:%M} UTC")
    if not found:
        click.echo("No address is suppressed.")


def add(address: str) -> None:
    """Suppress an address, and print the result."""
    _check(address)
    newest, *_ = secrets = load_link_secrets()
    known = address_keys(address, secrets)

    async def work(store: Store) -> bool:
        if await store.suppressions.has(known):
            return False
        await store.suppressions.add(address_key(address, newest), BY_OPERATOR, datetime.now(UTC))
        return True

    if on_the_store(work):
        click.echo("The address gets no more mail, until it is removed from the suppressions.")
    else:
        click.echo("Nothing to do: the address was suppressed already.")


def remove(address: str) -> None:
    """Take an address off, and print the result."""
    _check(address)
    known = address_keys(address, load_link_secrets())
    if on_the_store(lambda store: store.suppressions.remove(known)):
        click.echo("The address is mailed again: steps that become due from now on are sent.")
    else:
        click.echo("Nothing to do: the address was not suppressed.")


def _check(address: str) -> None:
    if mailable_address(address) is None:
        raise click.UsageError("It is no email address that mail can be sent to.")


def _latest(found: Sequence[Suppression], reason: str) -> datetime:
    return max(one.since for one in found if one.reason == reason)
