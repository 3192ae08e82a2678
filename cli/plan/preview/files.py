"""The seller's files that mails are made from: read anew whenever one of them has changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli.plan.own_templates.pages import page_problems
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import NO_BRANDS, Brands
from dunning.campaign_file.reader import CampaignFile, parse_campaign_file, shipped
from dunning.errors import ConfigurationError
from dunning.language.own import Languages
from dunning.rules.campaign import Campaign
from worker.letters.render import Renderer


@dataclass(frozen=True, slots=True)
class Read:
    """What the files say; without a renderer, where something is wrong with them."""

    version: str
    campaigns: tuple[Campaign, ...]
    brands: Brands
    renderer: Renderer | None
    problems: tuple[str, ...]


class SellersFiles:
    """The campaign file, and the folder of templates; without either, the shipped ones."""

    def __init__(
        self, campaign_file: Path | None, templates: Path | None, mail_from: Mailbox, reply_to: Mailbox | None
    ) -> None:
        self._campaign_file = campaign_file
        self.templates = templates
        self._mail_from = mail_from
        self._reply_to = reply_to
        self._read: Read | None = None

    def read(self) -> Read:
        """Return what the files say now. Whatever is wrong with them is told, and never raised."""
        version = self._version()
        if self._read is None or self._read.version != version:
            self._read = self._read_anew(version)
        return self._read

    def languages(self) -> Languages:
        """Return what pages say.

        Raises:
            ConfigurationError: the seller's own sentences are wrong.
        """
        return Languages(self.templates)

    def _read_anew(self, version: str) -> Read:
        problems: list[str] = []
        says = CampaignFile((), NO_BRANDS)
        renderer = None
        try:
            says = self._campaign_file_says()
        except ConfigurationError as error:
            problems += error.problems
        try:
            renderer = Renderer(self.templates, self._mail_from, self._reply_to, redirect=None)
        except ConfigurationError as error:
            problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{self.templates}: a file can't be read ({error})")
        if self.templates is not None and not problems:
            problems += page_problems(self.templates, self._mail_from)
        return Read(version, says.campaigns, says.brands, renderer, tuple(problems))

    def _campaign_file_says(self) -> CampaignFile:
        if self._campaign_file is None:
            return parse_campaign_file(shipped(), "default.toml")
        try:
            text = self._campaign_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError([f"{self._campaign_file}: the file can't be read ({error})"]) from None
        return parse_campaign_file(text, str(self._campaign_file))

    def _version(self) -> str:
        """Return what differs whenever a file was changed, added or taken away."""
        return sha256("\n".join(self._marks()).encode()).hexdigest()[:16]

    def _marks(self) -> Iterator[str]:
        places = [] if self._campaign_file is None else [self._campaign_file]
        if self.templates is not None:
            places += sorted(self.templates.rglob("*"))
        for place in places:
            try:
                stat = place.stat()
            except OSError:
                yield f"{place} is away"
            else:
                yield f"{place} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}"
