"""`dunning doctor`."""

from pathlib import Path

import click

from cli.commands.examples import examples


@click.command(
    epilog=examples("dunning doctor", "dunning doctor --json | jq '.findings[] | select(.level == \"failure\")'")
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of `dunning up --data`, to find its server without DUNNING_REDIS_URL.",
)
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def doctor(*, data: Path | None, in_json: bool) -> None:
    """Look whether everything is well: settings, Redis, Paddle, mail, the public address, campaigns, templates.

    Takes a few seconds, sends no mail and changes nothing. Each line is ok, a note, a warning or a failure, and says
    what to do. Exit code 0: nothing fails. Exit code 1: something does.
    """
    from cli.connect.doctor import command

    command.doctor(data, in_json=in_json)
