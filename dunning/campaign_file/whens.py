"""Read the `when` of a campaign or a brand, and find those that are never chosen."""

import itertools
import re
from collections.abc import Iterable

from dunning.campaign_file.toml_lines import KeyPath
from dunning.campaign_file.toml_values import Table, TextKind, TomlValues
from dunning.rules.campaign import When

_WHEN = "when should have product, price or currency, or be left out"

# https://developer.paddle.com/api-reference/about/paddle-ids
_PRODUCT = TextKind(
    "product's id", re.compile(r"pro_[a-z0-9]{26}"), "should be pro_ and 26 of a-z and 0-9, or a list of such ids"
)
_PRICE = TextKind(
    "price's id", re.compile(r"pri_[a-z0-9]{26}"), "should be pri_ and 26 of a-z and 0-9, or a list of such ids"
)
# https://developer.paddle.com/concepts/sell/supported-currencies
_CURRENCY = TextKind(
    "currency", re.compile(r"[A-Z]{3}"), "should be three capitals such as EUR, or a list of such codes"
)


def read_when(values: TomlValues, value: object, path: KeyPath) -> When | None:
    """Read which debts something is for; None if something is wrong with it."""
    table = values.table(value, path, _WHEN, optional=["product", "price", "currency"])
    if table is None:
        return None
    if not table:
        values.note(path, f"nothing is asked for here; {_WHEN}")
    products = _texts(values, table, path, "product", _PRODUCT)
    prices = _texts(values, table, path, "price", _PRICE)
    currencies = _texts(values, table, path, "currency", _CURRENCY)
    if products is None or prices is None or currencies is None:
        return None
    when = When(products=products, prices=prices, currencies=currencies)
    # A `when` without a known key asks for nothing. It would seem to leave nothing to whatever stands after it.
    return None if when == When() else when


def takers(when: When, earlier: Iterable[tuple[str, When]]) -> list[str]:
    """Name those before it that take every debt it is for; none if any debt is left to it.

    A debt of one product, one price and one currency is the hardest to take, so it is enough to try such debts. An
    empty text stands for a product, a price or a currency that nobody names.
    """
    before, found = list(earlier), set()
    debts = itertools.product(when.products or {""}, when.prices or {""}, when.currencies or {""})
    for product_id, price_id, currency_code in debts:
        taker = next(
            (
                name
                for name, asked in before
                if asked.matches(product_ids=[product_id], price_ids=[price_id], currency_code=currency_code)
            ),
            None,
        )
        if taker is None:
            return []
        found.add(taker)
    return sorted(found)


def _texts(values: TomlValues, table: Table, path: KeyPath, key: str, kind: TextKind) -> frozenset[str] | None:
    return values.texts(table[key], (*path, key), kind) if key in table else frozenset()
