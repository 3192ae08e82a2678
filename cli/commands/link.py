"""`dunning link`."""

import click

from cli.commands.examples import examples
from cli.commands.paddle_id import CUSTOMER, SUBSCRIPTION


@click.command(
    epilog=examples(
        "dunning link ctm_01h8441jn5pcwrfhwh78jqt8hk",
        "dunning link ctm_01h8441jn5pcwrfhwh78jqt8hk --subscription sub_01h04vsc0qhwtsbsxh3422wjs4",
    )
)
@click.argument("customer", type=CUSTOMER)
@click.option(
    "--subscription",
    "wanted",
    type=SUBSCRIPTION,
    metavar="SUBSCRIPTION",
    multiple=True,
    help="Only this one. May be given several times.",
)
def link(customer: str, wanted: tuple[str, ...]) -> None:
    """Print portal links for CUSTOMER (ctm_...).

    Whoever has such a link is signed in as the customer, and can do anything in the portal. Give it to nobody else.
    """
    from cli.operate.link import print_links

    print_links(customer, wanted)
