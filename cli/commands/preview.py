"""`dunning preview`."""

from pathlib import Path

import click

from cli.commands.examples import examples
from cli.commands.paddle_id import CASE
from cli.commands.port import PORT

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(epilog=examples("dunning preview", "dunning preview --case txn_01h7zdqstxe6djaefkqbkjy4k2"))
@click.option("--campaign", "campaign_file", type=_FILE, help="Your campaign file.  [default: DUNNING_CAMPAIGN_FILE]")
@click.option("--templates", type=_FOLDER, help="The folder of your mail templates.  [default: DUNNING_TEMPLATES]")
@click.option("--show", "query", metavar="WHICH", default="", help="Begin with this: what stands behind the ? there.")
@click.option("--send", "recipient", metavar="ADDRESS", help="Send the mail that --show names to ADDRESS, and end.")
@click.option("--case", "case_id", type=CASE, metavar="CASE", help="Show what a real case (txn_...) gets next.")
@click.option("--port", type=PORT, help="The page's port; 0 takes a free one.  [default: 8710]")
@click.option("--no-open", is_flag=True, help="Only print the page's address, and open no browser.")
def preview(
    *,
    campaign_file: Path | None,
    templates: Path | None,
    query: str,
    recipient: str | None,
    case_id: str | None,
    port: int | None,
    no_open: bool,
) -> None:
    """Look at every mail and page as customers see them, in a browser on this machine.

    Shows them for each decline, method and number of debts, with your own templates and campaign file, and shows them
    anew as you change these. People and products are made up. Needs no account, no Redis and no settings.

    With --case, which needs the settings of `dunning worker`, it shows what a real case gets next if nothing changes:
    read from Redis and Paddle, sent to nobody, stored nowhere.
    """
    if case_id is not None and (recipient is not None or campaign_file or templates or query):
        raise click.UsageError("--case goes with --port and --no-open alone.")
    from cli.plan.preview import command

    if case_id is not None:
        command.show_case(case_id, port=port, open_browser=not no_open)
    elif recipient is not None:
        command.send(campaign_file, templates, query, recipient=recipient)
    else:
        command.show(campaign_file, templates, query, port=port, open_browser=not no_open)
