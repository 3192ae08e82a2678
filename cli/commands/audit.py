"""The `dunning audit` command."""

import click

from cli.commands.examples import examples


@click.command(epilog=examples("dunning audit", "dunning audit --limit 1000 --json"))
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def audit(*, limit: int, in_json: bool) -> None:
    """List who changed what by hand, and when.

    On the screen, by a program with a token, or by a command, whose `--by` says who it was. The newest comes first; the
    last 10,000 changes are kept. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine.
    """
    from cli.operate.audit import show

    show(limit, in_json=in_json)
