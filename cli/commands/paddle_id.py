"""Paddle's ids on the command line. Anything else is refused before it is looked for."""

import re

import click

from dunning.casebook.about import SHOULD_BE, read_about


class PaddleId(click.ParamType[str]):
    """An id as Paddle makes them: https://developer.paddle.com/api-reference/about/paddle-ids."""

    def __init__(self, prefix: str, what: str, hint: str = "") -> None:
        """Take the ids that begin with `prefix`; `what` is whose they are."""
        self.name = f"{what}'s id"
        self._refusal = f"It is no {self.name}, which is {prefix}_ and 26 lower-case letters and digits{hint}."
        self._id = re.compile(rf"{prefix}_[a-z0-9]{{26}}", re.ASCII)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, without space around it."""
        if not self._id.fullmatch(value.strip()):
            self.fail(self._refusal, param, ctx)
        return value.strip()


CUSTOMER = PaddleId("ctm", "customer")
SUBSCRIPTION = PaddleId("sub", "subscription")
CASE = PaddleId("txn", "case", ", as of its transaction; `dunning cases list` finds it by other ids")


class About(click.ParamType[str]):
    """What a question is about: an id of Paddle's, an email address, or a payment link, which names its transaction."""

    name = "id, link or address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id or the address. Of a link only the transaction's id is returned."""
        return read_about(value) or self.fail(SHOULD_BE, param, ctx)


ABOUT = About()
