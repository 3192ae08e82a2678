"""Which mail is looked at: what the address of the gallery holds, and what can be chosen there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brands
from dunning.language.catalogs import is_reviewed
from dunning.language.choose import ENGLISH_TAG, LANGUAGES, locale_of
from dunning.language.methods import METHODS
from dunning.rules.declines import CODES, DeclineClass

# A method of which Paddle's word has no name that a customer would know.
UNNAMED = "wire_transfer"
# What the gallery's address holds beside: how it is looked at.
_OF_THE_VIEW = frozenset({"width", "scheme", "search"})


@dataclass(frozen=True, slots=True)
class Value:
    """One that can be chosen."""

    name: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that a mail depends on. The first of its values is taken unless another is chosen."""

    name: str
    label: str
    values: tuple[Value, ...]

    def chosen(self, query: Mapping[str, str]) -> str:
        """Return what a query chooses.

        Raises:
            ValueError: there is no such value; the sentence says which there are.
        """
        return _one_of(self.name, query.get(self.name, self.values[0].name), [value.name for value in self.values])


def _languages() -> Iterator[Value]:
    for tag in sorted(LANGUAGES, key=lambda tag: (tag != ENGLISH_TAG, tag)):
        review = "" if is_reviewed(tag) else ", not reviewed by a native speaker"
        yield Value(tag, f"{locale_of(tag).get_display_name('en')} ({tag}{review})")


def _by_class() -> Iterator[Value]:
    for decline_class in DeclineClass:
        for code, decline in CODES.items():
            if decline.decline_class is decline_class:
                yield Value(code, code.replace("_", " "), decline_class)


LANGUAGE = Axis("language", "Language", tuple(_languages()))
AXES = (
    LANGUAGE,
    Axis("decline", "Decline", (*_by_class(), Value("none", "no code", DeclineClass.SOFT))),
    Axis(
        "method",
        "Method",
        (
            Value("card", "card"),
            Value("none", "none known"),
            *(Value(word, name) for word, name in METHODS.items()),
            Value(UNNAMED, "without a name"),
        ),
    ),
    Axis(
        "debts",
        "Debts",
        (
            Value("one", "one"),
            Value("bills", "two bills"),
            Value("subscriptions", "two subscriptions"),
            Value("currencies", "two currencies"),
        ),
    ),
    Axis(
        "contact",
        "Contact",
        (
            Value("planned", "as planned"),
            Value("first", "first"),
            Value("later", "later"),
        ),
    ),
    Axis(
        "end",
        "End date",
        (
            Value("planned", "as planned"),
            Value("unknown", "not known"),
            Value("certain", "certain"),
        ),
    ),
    Axis(
        "data",
        "Names",
        (Value("usual", "usual"), Value("long", "very long"), Value("little", "as few as can be")),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A mail, and all that it depends on, by the names of `AXES`."""

    template: str
    language: str
    decline: str
    method: str
    debts: str
    contact: str
    end: str
    data: str


def read_choice(query: Mapping[str, str], templates: Collection[str]) -> Choice:
    """Read which mail a query means. What it doesn't say is as usual.

    Raises:
        ValueError: it says what isn't known; the sentence says what is.
    """
    template = _one_of("template", query.get("template", "payment_failed"), sorted(templates))
    return Choice(template=template, **{axis.name: axis.chosen(query) for axis in AXES})


def check_names(query: Mapping[str, str]) -> None:
    """Check that a query asks for a mail, and for nothing that isn't known.

    Raises:
        ValueError: it doesn't; the sentence says what is known.
    """
    if "page" in query:
        raise ValueError("page: a page can't be sent, but a mail: template=payment_failed")
    known = ["template", *(axis.name for axis in AXES), "brand"]
    for name in query:
        if name not in {*known, *_OF_THE_VIEW}:
            raise ValueError(f"{name}: this is not known; it should be one of {', '.join(known)}")


def brand_axis(brands: Brands, mail_from: Mailbox) -> Axis:
    """Return what the brand is chosen by: first the one that all else is of, whose key is empty."""
    known = (brands.default, *brands.others)
    return Axis("brand", "Brand", tuple(Value(brand.key, brand.known_as(mail_from)) for brand in known))


def labels(choice: Choice) -> str:
    """Name a mail by what of it is not as usual."""
    words = [choice.template.replace("_", " ")]
    for axis in AXES:
        words += [one.label for one in axis.values[1:] if one.name == getattr(choice, axis.name)]
    return ", ".join(words)


def _one_of(name: str, value: str, known: list[str]) -> str:
    if value in known:
        return value
    guess = get_close_matches(value, known, n=1)
    hint = f"did you mean {guess[0]}?" if guess else f"it should be one of {', '.join(known)}"
    raise ValueError(f"{name}: there is no {value!r}; {hint}")
