"""What the gallery shows: every mail and every page, made by what makes the real ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from cli.plan.preview.choice import AXES, LANGUAGE, Choice, brand_axis, labels, read_choice
from cli.plan.preview.examples import TOKEN, facts_of
from cli.plan.preview.files import Read, SellersFiles
from cli.plan.preview.shown import ShownMail, take_apart
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand
from dunning.casebook.campaign_words import day
from dunning.errors import ConfigurationError
from dunning.template_slips import slip
from webhooks.looks import looks_of
from webhooks.pages import Page, Pages

PUBLIC_URL = "https://billing.lantern.example"
LOGIN_URL = "https://customer-portal.paddle.com/login/cpl_example"
# What the page of too many clicks says there is left to wait.
_MINUTES = 12
_MOST_FOUND = 60
_AROUND = 60

_PAGES = {
    Page.PAY: "The button, which leads to Paddle",
    Page.PAY_AGAIN: "Clicked within the hour",
    Page.PAID: "Paid, or just paid",
    Page.CLOSED: "No payment is open any more",
    Page.EXPIRED: "The link has expired",
    Page.UNKNOWN: "No link of ours",
    Page.TOO_MANY: "Clicked too often",
    Page.AWAY: "Paddle can't be asked now",
    Page.STOP: "Stop reminders?",
    Page.STOPPED: "Reminders stopped",
    Page.BROKE: "Something broke, and it is our fault",
}
# The others have nothing to stop, or nobody knows of what.
_OFFER_TO_STOP = frozenset({Page.PAY, Page.PAY_AGAIN})


@dataclass(frozen=True, slots=True)
class Found:
    """A mail that a search found: what shows it, and the words around what was searched for."""

    query: Mapping[str, str]
    title: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The mails and pages of one seller."""

    files: SellersFiles
    mail_from: Mailbox
    reply_to: Mailbox | None
    public_url: str = PUBLIC_URL
    login_url: str = LOGIN_URL

    def state(self) -> dict[str, object]:
        """Return what can be chosen, and what is wrong with the files."""
        read = self.files.read()
        return {
            "version": read.version,
            "problems": list(read.problems),
            "axes": [
                {
                    "name": axis.name,
                    "label": axis.label,
                    "values": [{"name": one.name, "label": one.label, "group": one.group} for one in axis.values],
                }
                for axis in (*AXES, brand_axis(read.brands, self.mail_from))
                if len(axis.values) > 1
            ],
            "mails": list(_mails(read)),
            "pages": [{"name": page.value, "label": _PAGES[page]} for page in Page],
        }

    def mail(self, query: Mapping[str, str]) -> ShownMail:
        """Write the mail that a query means.

        Raises:
            ValueError: the query means none.
            ConfigurationError: the seller's files are wrong, or this mail can't be written; told with file and line.
        """
        read = self.files.read()
        if read.renderer is None:
            raise ConfigurationError(list(read.problems))
        return self._write(read, read_choice(query, read.renderer.templates), self._brand(read, query))

    def page(self, query: Mapping[str, str]) -> str:
        """Return the page that a query means.

        Raises:
            ValueError: there is no such page.
            ConfigurationError: the seller's sentences are wrong.
        """
        page, language = Page(query.get("page", Page.PAY)), LANGUAGE.chosen(query)
        read = self.files.read()
        pages = Pages(
            self.files.languages(),
            looks_of(
                read.brands,
                mail_from=self.mail_from,
                reply_to=self.reply_to,
                login_url=self.login_url,
                portal_origins=(),
                templates=self.files.templates,
            ),
            self.files.templates,
        )
        offers_to_stop = page in _OFFER_TO_STOP and query.get("contact") != "first"
        return str(
            pages.answer(
                page,
                language,
                self._brand(read, query).key,
                stop_link=f"{self.public_url}/pay/stop/{TOKEN}" if offers_to_stop else "",
                minutes=_MINUTES if page is Page.TOO_MANY else 0,
            ).text
        )

    def find(self, words: str, query: Mapping[str, str]) -> list[Found]:
        """Return the mails that hold all these words: in what was chosen for them, or in what they say."""
        read = self.files.read()
        wanted = words.casefold().split()
        if read.renderer is None or not wanted:
            return []
        found: list[Found] = []
        for one in [*_named(read, query, wanted), *_in_each_language(read, query)]:
            try:
                choice = read_choice(one, read.renderer.templates)
                mail = self._write(
                    read, choice, read.brands.named(brand_axis(read.brands, self.mail_from).chosen(query))
                )
            except (ConfigurationError, ValueError):
                continue
            said = f"{mail.subject}\n{mail.preheader}\n{mail.text}"
            if _has_all(wanted, f"{' '.join(one.values())}\n{labels(choice)}\n{said}") and one not in [
                before.query for before in found
            ]:
                found.append(Found(one, labels(choice), _excerpt(said, wanted)))
            if len(found) == _MOST_FOUND:
                break
        return found

    def _brand(self, read: Read, query: Mapping[str, str]) -> Brand:
        return read.brands.named(brand_axis(read.brands, self.mail_from).chosen(query))

    def _write(self, read: Read, choice: Choice, brand: Brand) -> ShownMail:
        assert read.renderer is not None  # noqa: S101 - who calls has looked
        facts = replace(facts_of(choice, read.campaigns, public_url=self.public_url), brand=brand)
        try:
            return take_apart(read.renderer.render(facts))
        except Exception as error:
            # A template is code, and one of its branches may raise anything.
            raise ConfigurationError([slip(error, Path(choice.template))]) from error


def _named(read: Read, query: Mapping[str, str], wanted: list[str]) -> Iterator[dict[str, str]]:
    """Give those mails that the words mean by what is chosen for them, such as `reminder paypal`."""
    for mail, axis in product(_mails(read), AXES):
        of_mail = [word for word in wanted if word not in mail["name"]]
        for value in axis.values[1:]:
            if of_mail and _has_all(of_mail, f"{value.label} {value.name}"):
                yield {**query, "template": mail["name"], axis.name: value.name}


def _in_each_language(read: Read, query: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for mail, language in product(_mails(read), LANGUAGE.values):
        yield {**query, "template": mail["name"], "language": language.name}


def _has_all(wanted: list[str], said: str) -> bool:
    folded = said.casefold()
    return all(word in folded for word in wanted)


def _mails(read: Read) -> Iterator[dict[str, str]]:
    """Give the mails in the order of the campaigns, then those that no step sends."""
    names = read.renderer.templates if read.renderer is not None else frozenset()
    planned: dict[str, list[str]] = {}
    for campaign in read.campaigns:
        for step in campaign.steps:
            days = list(dict.fromkeys(day(after) for after in step.after.values()))
            when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
            which = step.name if len(read.campaigns) == 1 else f"{campaign.name} / {step.name}"
            planned.setdefault(step.template, []).append(f"{which}: {when}")
    for name in (*planned, *sorted(names - planned.keys())):
        if name in names:
            yield {"name": name, "planned": "; ".join(planned.get(name, ["no step sends it"]))}


def _excerpt(said: str, wanted: list[str]) -> str:
    flat = " ".join(said.split())
    at = min((place for word in wanted if (place := flat.casefold().find(word)) >= 0), default=0)
    start = max(0, at - _AROUND)
    return f"{'… ' if start else ''}{flat[start : at + 2 * _AROUND]} …"
