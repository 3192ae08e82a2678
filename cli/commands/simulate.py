"""`dunning simulate`."""

from pathlib import Path

import click

from cli.commands.examples import examples

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(epilog=examples("dunning simulate", "dunning simulate --campaign campaign.toml --mails mails"))
@click.argument("scenario", required=False)
@click.option("--list", "listing", is_flag=True, help="Print the scenarios there are, and end.")
@click.option("--campaign", "campaign_file", type=_FILE, help="Your campaign file.  [default: the shipped one]")
@click.option("--use", metavar="NAME", help="Which of the file's campaigns.  [default: its first]")
@click.option("--templates", type=_FOLDER, help="The folder of your mail templates.  [default: the shipped ones]")
@click.option("--mails", type=click.Path(file_okay=False, path_type=Path), help="A folder to write the mails to.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def simulate(
    scenario: str | None,
    *,
    listing: bool,
    campaign_file: Path | None,
    use: str | None,
    templates: Path | None,
    mails: Path | None,
    in_json: bool,
) -> None:
    """Play a month of a campaign in a moment: what Dunning would do when, and why.

    Plays every built-in SCENARIO, or the one that is named, on a simulated clock. The rules and the mails are the real
    ones; the people are made up, and nothing is sent. It needs no settings, no Redis and no network.
    """
    from cli.plan.simulate.command import rehearse

    rehearse(
        scenario,
        listing=listing,
        campaign_file=campaign_file,
        use=use,
        templates=templates,
        mails=mails,
        in_json=in_json,
    )
