"""A brand: as whom mails and pages speak, and for which debts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from dunning.addresses.mailbox import Mailbox
from dunning.brands.colours import DEFAULT, Scheme, scheme_of
from dunning.rules.campaign import When


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How a seller is known to customers. What isn't given is empty, or None."""

    key: str = ""
    """The NAME of `[brand.NAME]`; empty for `[brand]`."""
    when: When = field(default_factory=When)
    name: str = ""
    logo: str = ""
    """An https URL."""
    colour: str = DEFAULT
    website: str = ""
    support: str = ""
    """An email address or an https URL."""
    address: str = ""
    """The postal address, with line ends in it."""
    sign_offs: Mapping[str, str] = field(default_factory=dict)
    """Who signs a mail, by the tag of its language; under an empty one, for all others."""
    statement_descriptor: str = ""
    """What banks print."""
    language: str = ""
    """The tag of the language for customers whose own there are no words in."""
    sender: Mailbox | None = None
    reply_to: Mailbox | None = None

    @property
    def scheme(self) -> Scheme:
        """The colours of its mails and pages."""
        return scheme_of(self.colour)

    @property
    def support_link(self) -> str:
        """The URL that leads to the support: of an address, one that writes to it."""
        return self.support if not self.support or _is_url(self.support) else f"mailto:{quote(self.support, safe='@')}"

    @property
    def support_address(self) -> str:
        """The support, where it is an email address."""
        return "" if _is_url(self.support) else self.support

    def sign_off(self, language: str) -> str:
        """Return who signs a mail in a language; empty where the brand doesn't say."""
        return self.sign_offs.get(language) or self.sign_offs.get("", "")

    def known_as(self, mail_from: Mailbox) -> str:
        """Return the name that customers read, which is never empty.

        Args:
            mail_from: who mail comes from where the brand has no sender of its own.
        """
        sender = self.sender or mail_from
        return self.name or sender.name or sender.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Brands:
    """The brands of a seller: `others` in the order in which they are chosen from, and `default` for all else."""

    default: Brand = field(default_factory=Brand)
    others: tuple[Brand, ...] = ()

    @property
    def all(self) -> tuple[Brand, ...]:
        """Each of them, in the order in which they are chosen from."""
        return (*self.others, self.default)

    def choose(self, *, product_ids: Collection[str], price_ids: Collection[str], currency_code: str) -> Brand:
        """Return the first brand that is for a debt of what was sold."""
        for brand in self.others:
            if brand.when.matches(product_ids=product_ids, price_ids=price_ids, currency_code=currency_code):
                return brand
        return self.default

    def named(self, key: str) -> Brand:
        """Return the brand of this key; the default one where there is none."""
        return next((brand for brand in self.others if brand.key == key), self.default)


NO_BRANDS = Brands()
"""What a file without a brand has: everything is as the settings have it."""


def _is_url(support: str) -> bool:
    return support.startswith("https://")
