"""The `dunning campaigns` commands."""

from pathlib import Path

import click

from cli.commands.examples import examples

_file = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group()
def campaigns() -> None:
    """Check campaign files, and show which mails they plan.

    Needs no settings, and mails nobody. Without FILE it is about the shipped campaign.
    """


@campaigns.command(epilog=examples("dunning campaigns check campaign.toml --templates templates"))
@_file
@click.option(
    "--templates",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Try your own templates too, and whether each step has one, there or among the shipped ones.",
)
def check(file: Path | None, templates: Path | None) -> None:
    """Tell all that is wrong with FILE, with its lines.

    The service would tell the same when it starts. Exit code 2 means that something is wrong.
    """
    from cli.plan import campaigns

    campaigns.check(file, templates)


@campaigns.command(epilog=examples("dunning campaigns plan", "dunning campaigns plan campaign.toml"))
@_file
@click.option(
    "--json", "in_json", is_flag=True, help="Print one JSON document. Times after the failure are in seconds."
)
def plan(file: Path | None, *, in_json: bool) -> None:
    """Show when each mail of FILE goes out, for each class of decline.

    hard: only the customer can help, say with an expired card. soft: Paddle's next charge may well succeed. outage: a
    bank or a provider was down.
    """
    from cli.plan import campaigns

    campaigns.plan(file, in_json=in_json)
