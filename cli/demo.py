"""`dunning demo`: a declined renewal becomes a paid one, all on this machine."""

import asyncio

import click
from rich.console import Console

from cli.demo_story import DemoFailedError, tell
from cli.stack import StackError
from dunning.errors import ConfigurationError
from dunning.settings import LinkMint


@click.command()
@click.option("--once", is_flag=True, required=True, help="Play one declined renewal through, and end.")
def demo(*, once: bool) -> None:
    """Decline a renewal, mail its link, pay it. Needs no account, no server and no settings.

    Runs the real service against a twin of Paddle and a mailbox on this machine, once for each way of making links,
    and checks every step. Exits 0 when all went well, else 1 with what went wrong.
    """
    del once  # required: the other form is not there yet
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
