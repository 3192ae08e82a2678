"""`dunning demo`: a declined renewal becomes a paid one, all on this machine."""

import asyncio
import signal
import webbrowser
from collections.abc import Coroutine

from rich.console import Console

from cli.demo.page.live import running_demo
from cli.demo.page.month import PEOPLE
from cli.demo.page.ports import Ports
from cli.demo.page.serve import serving
from cli.demo.story import DemoFailedError, tell
from cli.lab.stack import StackError
from dunning.errors import ConfigurationError
from dunning.settings.load import LinkMint


def play() -> None:
    """Play one declined renewal through, for each way of making links.

    Raises:
        SystemExit: it did not work, or was stopped.
    """
    console = Console(highlight=False)
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


def serve(ports: Ports, webhook_url: str, *, open_browser: bool) -> None:
    """Serve Paddle's twin, a mailbox and the page that shows them, until told to end."""
    console = Console(highlight=False)
    _run(console, _serve(console, ports, webhook_url, open_browser=open_browser))


def show(port: int | None, *, month: bool, open_browser: bool) -> None:
    """Run all of it, with its page, until told to end."""
    console = Console(highlight=False)
    _run(console, _show(console, port, month=month, open_browser=open_browser))


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


async def _show(console: Console, port: int | None, *, month: bool, open_browser: bool) -> None:
    console.print("Starting Dunning, a twin of Paddle and a mailbox on this machine …")
    if month:
        console.print("A month of declined renewals is played first, which takes about a minute …")
    async with running_demo(port, screen=True, month=PEOPLE if month else 0) as running:
        console.print(f"\n  [bold green]{running.url}[/]   Open it: everything happens there. Ctrl-C ends it.")
        console.print(f"  [bold green]{running.url}/screen[/]   The screen for people, signed in as operator.\n")
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
