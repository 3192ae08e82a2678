"""`dunning tokens`: the tokens with which the seller's own programs come to the private side."""

import json
from collections.abc import Collection
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.access_token import Scope, make_token
from dunning.audit import Change
from dunning.store import Store

LONGEST_NAME = 40


def create(name: str, scopes: Collection[str], by: str) -> None:
    """Make a token, and print it this once."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise click.UsageError(f"NAME should be up to {LONGEST_NAME} characters that tell whose the token is.")
    made = make_token()
    wanted = [Scope(one) for one in scopes]

    async def work(store: Store) -> None:
        await store.tokens.add(made.id, name, wanted, made.digest, datetime.now(UTC))
        await note_change(store, by, Change.MAKE_TOKEN, made.id)

    on_the_store(work)
    click.echo(made.text)
    click.echo(
        f"This is the only time that the token is shown. Its id is {made.id}; to revoke it: "
        f"dunning tokens revoke {made.id}",
        err=True,
    )


def list_(*, in_json: bool) -> None:
    """Print every token but the tokens themselves."""
    found = on_the_store(lambda store: store.tokens.all())
    if in_json:
        listed = [
            {
                "id": one.id,
                "name": one.name,
                "scopes": sorted(one.scopes),
                "made_at": f"{one.made_at:%Y-%m-%dT%H:%M:%SZ}",
                "used_at": None if one.used_at is None else f"{one.used_at:%Y-%m-%dT%H:%M:%SZ}",
            }
            for one in found
        ]
        click.echo(json.dumps({"tokens": listed}, indent=2))
        return
    for one in found:
        used = "never used" if one.used_at is None else f"last used {one.used_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.id}  {one.name}  {','.join(sorted(one.scopes))}  made {one.made_at:%Y-%m-%d}, {used}")
    if not found:
        click.echo("There is no token. To make one: dunning tokens create NAME --scope links,read")


def revoke(token_id: str, by: str) -> None:
    """Forget a token, and print the result."""
    revoked = token_id.strip()

    async def work(store: Store) -> bool:
        was = await store.tokens.revoke(revoked)
        if was:
            await note_change(store, by, Change.REVOKE_TOKEN, revoked)
        return was

    if not on_the_store(work):
        raise click.ClickException("There is no token with this id. To see all: dunning tokens list")
    click.echo("The token is revoked: it opens nothing from now on.")
