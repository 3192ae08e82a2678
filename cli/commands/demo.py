"""`dunning demo`."""

import click

from cli.commands.examples import examples
from cli.commands.port import PORT
from cli.demo.page.ports import WEBHOOK_URL, Ports

PORTS = Ports()


@click.command(epilog=examples("dunning demo --open", "dunning demo --once", "dunning demo --serve --smtp-port 2525"))
@click.option("--once", is_flag=True, help="Play one declined renewal through, and end.")
@click.option("--serve", is_flag=True, help="Only Paddle's twin and the mailbox, on fixed ports, for your own tests.")
@click.option("--month", is_flag=True, help="Play a month of declined renewals first, so that the screen is filled.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@click.option("--port", type=PORT, help=f"The page's port; 0 takes a free one.  [default: {PORTS.page}]")
@click.option("--twin-port", type=PORT, default=PORTS.twin, show_default=True, help="With --serve: Paddle's twin.")
@click.option(
    "--smtp-port", type=PORT, default=PORTS.smtp, show_default=True, help="With --serve: the mailbox, for mail."
)
@click.option(
    "--mailbox-port", type=PORT, default=PORTS.mailbox, show_default=True, help="With --serve: what mail has come."
)
@click.option("--webhook-url", default=WEBHOOK_URL, show_default=True, help="With --serve: where webhooks go.")
def demo(
    *,
    once: bool,
    serve: bool,
    month: bool,
    open_browser: bool,
    port: int | None,
    twin_port: int,
    smtp_port: int,
    mailbox_port: int,
    webhook_url: str,
) -> None:
    """Decline a renewal, mail its link, pay it. Needs no account, no server and no settings.

    Runs the real service against a twin of Paddle and a mailbox on this machine, and serves a page that shows all of
    it and runs time forward. The page's /screen leads to the screen for people, signed in. Ctrl-C ends everything and
    leaves nothing behind.

    With --once it plays the story through without a page, once for each way of making links, and checks every step.
    Exits 0 when all went well, else 1 with what went wrong.
    """
    if once and (serve or open_browser or month):
        raise click.UsageError("--once shows no page: it goes with no other option.")
    if serve and month:
        raise click.UsageError("--serve runs no Dunning: --month goes without it.")
    from cli.demo import command

    if once:
        command.play()
    elif serve:
        ports = Ports(PORTS.page if port is None else port, twin_port, smtp_port, mailbox_port)
        command.serve(ports, webhook_url, open_browser=open_browser)
    else:
        command.show(port, month=month, open_browser=open_browser)
