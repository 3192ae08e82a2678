"""`dunning connect`."""

import click

from cli.commands.examples import examples


@click.command(epilog=examples("dunning connect", "dunning connect --yes"))
@click.option("--yes", is_flag=True, help="Change it without asking.")
def connect(*, yes: bool) -> None:
    """Make or update Paddle's notification destination, so that what happens is sent here.

    Shows first what would change. The destination gets exactly the events that Dunning uses, and its secret key goes
    into the file of settings. Reads DUNNING_PADDLE_API_KEY and DUNNING_PUBLIC_URL. The API key needs the permissions
    notification_setting.read and notification_setting.write for this, and for nothing else. A second run changes
    nothing. Exit code 0: it is as it should be. Exit code 1: Paddle refused, or you said no.
    """
    from cli.connect import destination

    destination.connect(yes=yes)
