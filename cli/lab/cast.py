"""The made-up people whose renewals are declined."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count


@dataclass(frozen=True, slots=True)
class Bought:
    """A subscription. `price` is in minor units; without a card it is paid by PayPal."""

    product: str
    price: int
    currency: str
    interval: str = "month"
    card_last4: str | None = "4242"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer and what they bought."""

    name: str
    email: str
    locale: str
    country: str
    bought: tuple[Bought, ...] = field(default=())


FIRST = (
    Person("Ada Example", "ada@customer.example", "en-GB", "GB", (Bought("Lantern Pro", 2900, "EUR"),)),
    Person(
        "Jonas Berg",
        "jonas@berg.example",
        "de-DE",
        "DE",
        (
            Bought("Lantern Team", 149_00, "EUR", card_last4="1881"),
            Bought("Lantern Notes", 90_00, "EUR", interval="year", card_last4="1881"),
        ),
    ),
    Person("Mika Sato", "mika@sato.example", "ja-JP", "JP", (Bought("Lantern Pro", 4200, "JPY", card_last4=None),)),
    Person("Noor Haddad", "noor@haddad.example", "en-US", "US", (Bought("Lantern Pro", 2400, "USD"),)),
)

_NAMES = ("Iris", "Tomas", "Wanda", "Kofi", "Lena", "Rafael", "Signe", "Omar")


def more() -> Iterator[Person]:
    """Give further people, for ever."""
    for number in count(1):
        name = _NAMES[(number - 1) % len(_NAMES)]
        digits = f"{4000 + number * 37 % 6000}"
        yield Person(
            f"{name} Example",
            f"{name.lower()}.{number}@customer.example",
            "en-US",
            "US",
            (Bought("Lantern Pro", 2400, "USD", card_last4=digits),),
        )
