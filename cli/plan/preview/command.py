"""`dunning preview`: the gallery, one mail sent to somebody who is to look at it, or what a real case gets next."""

import asyncio
import secrets
import signal
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qsl

import click
from aiohttp import web
from rich.console import Console

from cli.local_page.listen import listening
from cli.plan.preview.case_shown import ShownCase
from cli.plan.preview.choice import brand_axis, check_names, read_choice
from cli.plan.preview.examples import facts_of
from cli.plan.preview.files import SellersFiles
from cli.plan.preview.gallery import LOGIN_URL, PUBLIC_URL, Gallery
from cli.plan.preview.real_case import look_ahead
from cli.plan.preview.server import PreviewPage
from cli.run.open_store import open_store
from dunning import log
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brands
from dunning.errors import ConfigurationError, DunningError, PermanentError
from dunning.settings.declared import PreviewVariables
from dunning.settings.load import StoreSettings, load_preview_settings, load_settings
from worker.mail.create import create_transport
from worker.mail.transport import Outcome, Result
from worker.services import check_templates

USUAL_PORT = 8710
# Whoever has set nothing yet looks at the mails of a seller that is made up.
_SOMEBODY = Mailbox("Lantern Billing", "billing@lantern.example")


def show(
    campaign_file: Path | None, templates: Path | None, query: str, *, port: int | None, open_browser: bool
) -> None:
    """Serve the gallery until told to end.

    Raises:
        ConfigurationError: a setting is wrong, or the port is taken. What is wrong with the files is shown in the page.
    """
    settings = load_preview_settings()
    gallery = Gallery(
        files=_files(settings, campaign_file, templates),
        mail_from=settings.mail_from or _SOMEBODY,
        reply_to=settings.mail_reply_to,
        public_url=settings.public_url or PUBLIC_URL,
        login_url=settings.portal_login_url or LOGIN_URL,
    )
    asyncio.run(_serve(PreviewPage(gallery).app(), f"?{query}" if query else "", port, open_browser=open_browser))


def show_case(case_id: str, *, port: int | None, open_browser: bool) -> None:
    """Serve what goes out next for a real case, until told to end. It is stored nowhere.

    Raises:
        ConfigurationError: a setting or a template is wrong, or the port is taken.
        ClickException: there is no such case, or Paddle or Redis can't be asked.
    """
    log.configure()
    settings = load_settings(redis_required=False)
    renderer = check_templates(settings)

    async def look_and_serve() -> None:
        of_store = StoreSettings(redis_url=settings.redis_url)
        async with open_store(of_store, rate_limit=settings.paddle.rate_limit) as store:
            found = await look_ahead(settings, store, renderer, case_id, datetime.now(UTC))
        # Others may use this machine too, and this page is about somebody real: only who knows the address sees it.
        place = f"/{secrets.token_urlsafe(16)}/"
        app = web.Application()
        app.add_subapp(place, PreviewPage(ShownCase(case_id, found)).app())
        await _serve(app, place.removeprefix("/"), port, open_browser=open_browser)

    try:
        asyncio.run(look_and_serve())
    except ConfigurationError:
        raise
    except DunningError as error:
        raise click.ClickException(str(error)) from None


async def _serve(app: web.Application, place: str, port: int | None, *, open_browser: bool) -> None:
    """Serve the page until told to end."""
    console = Console(highlight=False, soft_wrap=True)
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with listening(app, port, usual=USUAL_PORT) as url:
        address = f"{url}/{place}"
        console.print(f"\n  [bold green]{address}[/]   Mails and pages as customers see them. Ctrl-C ends it.\n")
        if open_browser:
            await asyncio.to_thread(webbrowser.open, address)
        await end.wait()


def send(campaign_file: Path | None, templates: Path | None, query: str, *, recipient: str) -> None:
    """Send the mail that a query means, by the way that is set, to somebody who is to look at it.

    Raises:
        ConfigurationError: a setting or a template is wrong.
        ClickException: the query means no mail, or the mail server does not take it.
    """
    log.configure()
    settings = load_preview_settings()
    if settings.mail_url is None or settings.mail_from is None:
        missing = [name for name in ("mail_url", "mail_from") if getattr(settings, name) is None]
        raise ConfigurationError([f"DUNNING_{name.upper()}: it is missing; --send needs it" for name in missing])
    read = _files(settings, campaign_file, templates).read()
    if read.renderer is None or read.problems:
        raise ConfigurationError(list(read.problems))
    try:
        asked = dict(parse_qsl(query, keep_blank_values=True))
        check_names(asked)
        choice = read_choice(asked, read.renderer.templates)
        # Named anew each time: mail programs show a mail once that comes twice under the same name.
        name = f"preview_{secrets.token_hex(8)}"
        facts = facts_of(
            choice, read.campaigns, public_url=settings.public_url or PUBLIC_URL, case_id=name, recipient=recipient
        )
        mail = read.renderer.render(
            replace(facts, brand=read.brands.named(brand_axis(read.brands, settings.mail_from).chosen(asked)))
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except PermanentError:
        raise click.ClickException(f"--send: {recipient!r} is no address that mail can be sent to.") from None
    result = asyncio.run(_hand_over(settings, read.brands, mail, recipient, name))
    if result.outcome is not Outcome.SENT:
        raise click.ClickException(f"The mail was not sent: {result.outcome} ({result.code}).")
    click.echo(f"Sent to {recipient}: {mail['Subject']}")


async def _hand_over(
    settings: PreviewVariables, brands: Brands, mail: EmailMessage, recipient: str, name: str
) -> Result:
    assert settings.mail_url is not None  # noqa: S101 - `send` has looked
    assert settings.mail_from is not None  # noqa: S101 - same
    transport = create_transport(settings.mail_url, settings.mail_from, brands)

    async def at_once() -> bool:
        return True

    try:
        return await transport.send(mail, recipient=recipient, key=name, before_data=at_once)
    finally:
        await transport.close()


def _files(settings: PreviewVariables, campaign_file: Path | None, templates: Path | None) -> SellersFiles:
    return SellersFiles(
        campaign_file or settings.campaign_file,
        templates or settings.templates,
        settings.mail_from or _SOMEBODY,
        settings.mail_reply_to,
    )
