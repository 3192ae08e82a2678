"""Paddle's ids on the command line. Anything else is refused before it is looked for."""

import re

import click


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
        written = value.strip()
        if _ID.fullmatch(written) or _ADDRESS.fullmatch(written):
            return written
        found = _TOKEN.search(written)
        if found is None:
            self.fail(
                "It should be the id of a transaction (txn_), a subscription (sub_) or a customer (ctm_), each with 26 "
                "lower-case letters and digits, or a payment link, or an email address.",
                param,
                ctx,
            )
        return found[1]


_ID = re.compile(r"(?:txn|sub|ctm)_[a-z0-9]{26}", re.ASCII)
# A token, alone or in its link, and however much of a mail was copied with it.
_TOKEN = re.compile(r"(?:^|/)(txn_[a-z0-9]{26})\.[0-9]{1,12}\.", re.ASCII)
# A comma would ask Paddle for two.
_ADDRESS = re.compile(r"[^\s,@/]+@[^\s,@/]+\.[^\s,@/]+")
ABOUT = About()
