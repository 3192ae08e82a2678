"""`dunning sign-in`: the people who may come to the private side's screen."""

import asyncio
import json
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store, open_store
from dunning import log, time_limits
from dunning.audit import Change
from dunning.people import PersonRole, Use, make_pass
from dunning.settings.console import console_settings
from dunning.settings.load import StoreSettings, load_sign_in_settings
from dunning.store import Session, SignInLink, Store

LONGEST_NAME = 40


def make_link(name: str, role: str, by: str, *, in_json: bool) -> None:
    """Make a link that signs in once, and print it."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise click.UsageError(f"NAME should be up to {LONGEST_NAME} characters that tell who signs in.")
    log.configure()
    settings = load_sign_in_settings()
    url = console_settings(settings).url
    made, now = make_pass(Use.SIGN_IN, settings.link_secrets[0].get_secret_value()), datetime.now(UTC)
    link = SignInLink(made.id, name.strip(), PersonRole(role), now, made.digest)

    async def keep() -> None:
        async with open_store(StoreSettings(redis_url=settings.redis_url)) as store:
            await store.people.add_link(link)
            await note_change(store, by, Change.MAKE_SIGN_IN_LINK, link.id)

    asyncio.run(keep())
    expires_at = now + time_limits.SIGN_IN_LINK
    address = f"{url}/sign-in/{made.text}"
    if in_json:
        told = {"url": address, "name": link.name, "role": link.role, "expires_at": _second(expires_at)}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(address)
    click.echo(f"It signs {link.name} in as {link.role}, once, until {expires_at:%H:%M} UTC.", err=True)


def list_(*, in_json: bool) -> None:
    """Print who is signed in."""
    found = on_the_store(lambda store: store.people.sessions(datetime.now(UTC)))
    if in_json:
        click.echo(json.dumps({"sessions": [_told(one) for one in found]}, indent=2))
        return
    for one in found:
        click.echo(
            f"{one.id}  {one.name}  {one.role}  signed in {one.made_at:%Y-%m-%d %H:%M}, last seen "
            f"{one.used_at:%Y-%m-%d %H:%M}, until {one.ends_at:%Y-%m-%d %H:%M} UTC"
        )
    if not found:
        click.echo("Nobody is signed in. To let somebody in: dunning sign-in NAME --role viewer")


def revoke(session_id: str, by: str) -> None:
    """End a session, and print the result."""
    ended = session_id.strip()

    async def work(store: Store) -> bool:
        was = await store.people.end_session(ended)
        if was:
            await note_change(store, by, Change.END_SESSION, ended)
        return was

    if not on_the_store(work):
        raise click.ClickException("There is no session with this id. To see all: dunning sign-in --list")
    click.echo("The session has ended: that browser has to sign in anew.")


def _told(one: Session) -> dict[str, str]:
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "signed_in_at": _second(one.made_at),
        "used_at": _second(one.used_at),
        "ends_at": _second(one.ends_at),
    }


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
