"""`dunning exclude` and `dunning include`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from cli.commands.paddle_id import CUSTOMER, SUBSCRIPTION


class Entity(click.ParamType[str]):
    """A customer's or a subscription's id."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, without space around it."""
        if not value.strip().startswith(("ctm_", "sub_")):
            self.fail("It is neither a customer's id, ctm_..., nor a subscription's, sub_....", param, ctx)
        return (CUSTOMER if value.strip().startswith("ctm_") else SUBSCRIPTION).convert(value, param, ctx)


@click.command(epilog=examples("dunning exclude ctm_01h8441jn5pcwrfhwh78jqt8hk --by ada", "dunning exclude --json"))
@click.argument("who", metavar="[CUSTOMER|SUBSCRIPTION]", type=Entity(), required=False)
@by_whom
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def exclude(who: str | None, *, by: str, in_json: bool) -> None:
    """Send no mail to a customer, or about a subscription, any more.

    It holds for every case, open or to come, until `dunning include`. Payment links in earlier emails still work.
    Without an id it lists who is excluded. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on
    this machine.
    """
    from cli.operate import exclusions

    if who is None:
        exclusions.list_(in_json=in_json)
    else:
        exclusions.exclude(who, by, in_json=in_json)


@click.command(epilog=examples("dunning include ctm_01h8441jn5pcwrfhwh78jqt8hk"))
@click.argument("who", metavar="CUSTOMER|SUBSCRIPTION", type=Entity())
@by_whom
def include(who: str, *, by: str) -> None:
    """Send mail again to a customer, or about a subscription, that was excluded.

    Steps that were skipped meanwhile stay skipped; those to come are sent. Reads DUNNING_REDIS_URL, or else finds the
    server that `dunning up` runs on this machine.
    """
    from cli.operate import exclusions

    exclusions.include(who, by)
