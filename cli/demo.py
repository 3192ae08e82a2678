"""`dunning demo`: a declined renewal becomes a paid one, all on this machine."""

import asyncio
import signal
import webbrowser
from collections.abc import Coroutine

import click
from rich.console import Console

from cli.demo_page.live import running_demo
from cli.demo_page.serve import WEBHOOK_URL, Ports, serving
from cli.demo_story import DemoFailedError, tell
from cli.stack import StackError
from dunning.errors import ConfigurationError
from dunning.settings import LinkMint

PORTS = Ports()


@click.command()
@click.option("--once", is_flag=True, help="Play one declined renewal through, and end.")
@click.option("--serve", is_flag=True, help="Only Paddle's twin and the mailbox, on fixed ports, for your own tests.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@click.option("--port", type=int, help=f"The page's port; 0 takes a free one.  [default: {PORTS.page}]")
@click.option("--twin-port", default=PORTS.twin, show_default=True, help="With --serve: Paddle's twin.")
@click.option("--smtp-port", default=PORTS.smtp, show_default=True, help="With --serve: the mailbox, for mail.")
@click.option("--mailbox-port", default=PORTS.mailbox, show_default=True, help="With --serve: what mail has come.")
@click.option("--webhook-url", default=WEBHOOK_URL, show_default=True, help="With --serve: where webhooks go.")
def demo(
    *,
    once: bool,
    serve: bool,
    open_browser: bool,
    port: int | None,
    twin_port: int,
    smtp_port: int,
    mailbox_port: int,
    webhook_url: str,
) -> None:
    """Decline a renewal, mail its link, pay it. Needs no account, no server and no settings.

    Runs the real service against a twin of Paddle and a mailbox on this machine, and serves a page that shows all of
    it and runs time forward. Ctrl-C ends everything and leaves nothing behind.

    With --once it plays the story through without a page, once for each way of making links, and checks every step.
    Exits 0 when all went well, else 1 with what went wrong.
    """
    if once and (serve or open_browser):
        raise click.UsageError("--once shows no page: it goes with no other option.")
    console = Console(highlight=False)
    if once:
        _play(console)
    elif serve:
        ports = Ports(PORTS.page if port is None else port, twin_port, smtp_port, mailbox_port)
        _run(console, _serve(console, ports, webhook_url, open_browser=open_browser))
    else:
        _run(console, _show(console, port, open_browser=open_browser))


def _play(console: Console) -> None:
    try:
        for mint in (LinkMint.CLICK, LinkMint.SEND):
            asyncio.run(tell(console, mint))
    except (DemoFailedError, StackError, ConfigurationError) as error:
        console.print(f"\n[bold red]It did not work:[/] {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopped. No process and no data is left behind.")
        raise SystemExit(130) from None
    console.print("\n[bold green]Both ways work.[/] No process and no data is left behind.")


def _run(console: Console, page: Coroutine[None, None, None]) -> None:
    """Run until Ctrl-C or SIGTERM: for what has no other end, that is a good one."""
    try:
        asyncio.run(_until_told_to_end(page))
    except StackError as error:
        console.print(f"\n[bold red]It did not work:[/] {error}")
        raise SystemExit(1) from None
    console.print("\nStopped. No process and no data is left behind.")


async def _until_told_to_end(page: Coroutine[None, None, None]) -> None:
    running = asyncio.ensure_future(page)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()


async def _show(console: Console, port: int | None, *, open_browser: bool) -> None:
    console.print("Starting Dunning, a twin of Paddle and a mailbox on this machine …")
    async with running_demo(port) as running:
        console.print(f"\n  [bold green]{running.url}[/]   Open it: everything happens there. Ctrl-C ends it.\n")
        if open_browser:
            await asyncio.to_thread(webbrowser.open, running.url)
        await running.until_a_part_ends()


async def _serve(console: Console, ports: Ports, webhook_url: str, *, open_browser: bool) -> None:
    async with serving(ports, webhook_url=webhook_url) as served:
        console.print(f"Paddle's twin   {served.twin_url}   its world is changed under /_twin/")
        console.print(f"Mailbox         {served.smtp_url}   what has come is at {served.mailbox_url}/mails")
        console.print(f"Page            {served.page_url}")
        console.print(f"Webhooks go to  {webhook_url}\n")
        for name, value in served.settings.items():
            console.print(f"export {name}={value}", soft_wrap=True)
        console.print("\nCtrl-C ends it. docs/demo.md shows what can be done with it.")
        if open_browser:
            await asyncio.to_thread(webbrowser.open, served.page_url)
        await asyncio.Event().wait()
