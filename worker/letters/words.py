"""The sentences of one mail, chosen by its facts: what the shipped templates are filled with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.core import Locale
from babel.lists import format_list
from markupsafe import Markup

from dunning.language.choose import space_between_sentences
from dunning.language.sentences import ISOLATES, Sentences
from dunning.language.width import cut, width

# What fits into the list of mails on a phone, and on a button that is 320 px wide, in columns.
LONGEST_SUBJECT = 45
LONGEST_BUTTON = 24
# Of a product's name, at least so many columns are left.
_SHORTEST_PRODUCT = 8

_FIRST = "payment_failed"
_LAST, _LAST_BUT_ONE = "final_notice", "reminder_4"
_NO_ISOLATES = str.maketrans("", "", "".join(ISOLATES))


@dataclass(frozen=True, slots=True)
class DebtWords:
    """What is said of one subscription."""

    heading: str
    bill: str
    """Which bill it is, where there are several payments."""
    rows: Sequence[tuple[str, str]]
    """Facts, each with its label."""
    lines: Sequence[str]
    """The same for the text part."""
    also_unpaid: str
    because: str
    """Why the payment failed, and what can be done; nothing where neither is known."""
    button: str
    link: str
    stop: tuple[str, str] | None
    """From the first reminder on: how to stop the reminders, and the link that does."""
    stop_line: str
    """The same for the text part. A payment link alone has a line of its own there."""


class MailWords:
    """The sentences of one mail, in text or in HTML. Those that don't fit it are empty.

    A first mail about a debt, however late it comes, reminds of nothing: it begins in the words of the first step. A
    last notice after which the campaign goes on doesn't call itself the last.
    """

    def __init__(self, sentences: Sentences, template: str, values: Mapping[str, Any], *, html: bool) -> None:
        self._sentences = sentences
        self._values = {name: value for name, value in values.items() if isinstance(value, str)}
        self._debts: Sequence[Mapping[str, Any]] = values["debts"]
        self._brand: Mapping[str, Any] = values["brand"]
        self._several = bool(values["several"])
        self._can_reply = bool(values["can_reply"])
        self._is_first = bool(values["first_contact"])
        self._is_last = bool(values["is_last"])
        self._html = html
        self._template = template

    @property
    def are_ours(self) -> bool:
        """Whether there are sentences for a mail of this name; a seller's own brings its own."""
        return f"mail.{self._template}.subject" in self._sentences.keys

    @property
    def subject(self) -> str:
        """The subject, with the product shortened so that the whole fits."""
        return self._shortened(self._opening("subject"), self._values, LONGEST_SUBJECT, several=self._several)

    @property
    def title(self) -> str:
        """The heading."""
        return self._say(self._opening("title"))

    @property
    def preheader(self) -> str:
        """What mail programs show beside the subject."""
        return self._say(f"mail.{self._template}.preheader")

    @property
    def greeting(self) -> str:
        """The greeting."""
        return self._say("mail.common.greeting", several=False)

    @property
    def what_happened(self) -> str:
        """What happened, and of one payment why it failed and what can be done. Of several, each says its own."""
        because = () if self._several else self._because(self._debts[0])
        return self._together(self._say(self._opening("message")), *because)

    @property
    def closing(self) -> str:
        """What stops, and when, where this mail is to say it."""
        return self._say(f"mail.{self._template}.{'late' if self._is_first else 'closing'}")

    @property
    def total(self) -> str:
        """The sum of several payments, with its label."""
        total = self._values["total"]
        return self._row(self._plain("mail.label.total", {}), total) if self._several and total else ""

    @property
    def debts(self) -> Sequence[DebtWords]:
        """What is said of each subscription."""
        return [self._debt(debt, button) for debt, button in zip(self._debts, self._buttons(), strict=True)]

    @property
    def pay_here(self) -> str:
        """What stands before a link in the text."""
        return self._say("mail.common.pay_here")

    @property
    def button_fails(self) -> str:
        """What stands before the links that are written out under the buttons."""
        return self._say("mail.common.button_fails", several=len(self._debts) > 1)

    @property
    def what_happens(self) -> str:
        """What paying does."""
        return self._say("mail.common.what_happens")

    @property
    def questions(self) -> str:
        """What to do for who has paid by now, and the way to a human, where there is one."""
        return self._together(self._say("mail.common.already_paid"), self._human)

    @property
    def _human(self) -> str:
        if self._can_reply:
            return self._say("mail.common.reply")
        kind = "support_link" if self._brand["support"] == self._brand["support_link"] else "support_address"
        said = self._say(f"mail.common.{kind}", {"support": self._support})
        # Marks of direction around an address would be taken for a part of it where a program makes it a link.
        return said if self._html else said.translate(_NO_ISOLATES)

    @property
    def about(self) -> str:
        """Why the customer gets this mail, who Paddle is, and what banks print, where the seller says so."""
        values = {**self._values, "statement_descriptor": self._brand["statement_descriptor"]}
        return self._together(
            self._say("mail.common.why"), self._say("mail.common.paddle"), self._say("mail.common.statement", values)
        )

    @property
    def regards(self) -> str:
        """What stands before who signs."""
        return self._say("mail.common.regards")

    @property
    def _support(self) -> str:
        """The support as it is shown."""
        support: str = self._brand["support"]
        link = self._brand["support_link"]
        if not self._html or not support:
            return support
        return Markup('<a href="{}" style="color:inherit">{}</a>').format(link, support.removeprefix("https://"))

    def _opening(self, what: str) -> str:
        if self._is_first and self.are_ours:
            return f"mail.{_FIRST}.{what}"
        goes_on = self._template == _LAST and not self._is_last
        return f"mail.{_LAST_BUT_ONE if goes_on else self._template}.{what}"

    def _together(self, *sentences: str) -> str:
        """Put sentences into one paragraph."""
        space = space_between_sentences(self._sentences.language)
        return (Markup(space) if self._html else space).join(filter(None, sentences))  # noqa: S704 - a space, or nothing

    def _row(self, label: str, value: str) -> str:
        return self._say("mail.common.row", {"label": label, "value": value})

    def _with_link(self, label: str, link: str) -> str:
        """Put a link behind what it does, without marks of direction, which programs would take for a part of it."""
        before, after = ISOLATES
        return self._row(label, link).replace(f"{before}{link}{after}", link)

    def _plain(self, key: str, values: Mapping[str, str]) -> str:
        """Say what is filled into something else."""
        return self._sentences.say(key, values)

    def _say(self, key: str, values: Mapping[str, str] | None = None, *, several: bool | None = None) -> str:
        """Say a sentence; where this mail has none, say nothing."""
        if key not in self._sentences.keys:
            return ""
        about_several = self._several if several is None else several
        return self._sentences.say(key, values or self._values, several=about_several, html=self._html)

    def _shortened(self, key: str, values: Mapping[str, str], longest: int, *, several: bool = False) -> str:
        """Say a sentence with its product cut so that all of it fits."""
        said = self._sentences.say(key, values, several=several)
        if (too_wide := width(said) - longest) > 0 and (product := values.get("product")):
            room = max(width(product) - too_wide, _SHORTEST_PRODUCT)
            said = self._sentences.say(key, {**values, "product": cut(product, room)}, several=several)
        return said

    def _debt(self, debt: Mapping[str, Any], button: str) -> DebtWords:
        bills = [self._plain("mail.common.bill", bill) for bill in debt["bills"][1:]]
        locale = Locale.parse(self._values["locale"], sep="-")
        rows, stop = list(self._rows(debt)), self._stop(debt)
        return DebtWords(
            heading=debt["product"] or self._plain("mail.value.subscription", {}),
            bill=self._plain("mail.common.bill", debt) if self._several else "",
            rows=rows,
            lines=[self._row(label, value) for label, value in rows],
            also_unpaid=self._say(
                "mail.common.also_unpaid", {"bills": format_list(bills, locale=locale)}, several=False
            ),
            because=self._together(*self._because(debt)) if self._several and debt["reason_key"] != "generic" else "",
            button=button,
            link=debt["link"],
            stop=stop,
            stop_line=self._with_link(*stop) if stop else "",
        )

    def _rows(self, debt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        ends_on = self._plain("mail.value.stops_on", debt) if self._template != _FIRST else ""
        rows = {
            "amount": "" if self._several else debt["amount"],
            "billed_on": "" if self._several else debt["billed_on"],
            "period": debt["period"],
            "method": debt["method"]["name"] or self._plain("mail.value.card", debt["method"]),
            "stops_on": ends_on if self._several else "",
        }
        return ((self._plain(f"mail.label.{name}", {}), value) for name, value in rows.items() if value)

    def _stop(self, debt: Mapping[str, Any]) -> tuple[str, str] | None:
        if debt["first_contact"] or not debt["stop_link"]:
            return None
        values = {"amount": debt["amount"], "product": debt["product"]}
        alike = [one for one in self._debts if all(one[name] == debt[name] for name in ("amount", "product"))]
        if debt["billed_on"] and (debt["further"] or len(alike) > 1):
            # Of several bills for one product, the day tells which.
            values = {"amount": self._plain("mail.common.bill", debt), "product": ""}
        return self._say("mail.common.stop", values), debt["stop_link"]

    def _because(self, debt: Mapping[str, Any]) -> Sequence[str]:
        return debt["reason"], debt["advice"]

    def _buttons(self) -> list[str]:
        """Name the acts: by how much is paid, and where that is no difference, by the product or the bill's day."""
        for one_sum, several_sums in (("pay", "pay_now"), ("pay_for", "pay_all_for")):
            named = self._named(self._debts, one_sum, several_sums)
            if len(set(named)) == len(named):
                return named
        named = self._named(self._debts, "pay_of", "pay_all_for")
        if all(width(name) <= LONGEST_BUTTON for name in named):
            return named
        in_figures = [{**debt, "billed_day": debt["billed_short"]} for debt in self._debts]
        return self._named(in_figures, "pay_of", "pay_all_for")

    def _named(self, debts: Sequence[Mapping[str, Any]], one_sum: str, several_sums: str) -> list[str]:
        return [
            self._button(debt, several_sums, "pay_now") if debt["further"] else self._button(debt, one_sum, "pay")
            for debt in debts
        ]

    def _button(self, debt: Mapping[str, Any], *keys: str) -> str:
        """Name the act by the first of these sentences that can be filled."""
        named = (self._shortened(f"mail.button.{key}", debt, LONGEST_BUTTON) for key in keys)
        return next(name for name in named if name)
