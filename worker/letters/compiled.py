"""The templates mails are written from: the shipped ones, and a seller's own in front of them.

A mail NAME is made of `NAME.subject.txt`, `NAME.txt` and `NAME.html`, or `NAME.mjml` in place of the last. MJML is
compiled once, at start, with the Jinja still inside. In the mails of a language, what is in the folder with its tag,
such as `de/NAME.txt`, goes before all others.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateAssertionError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    select_autoescape,
)
from jinja2.loaders import BaseLoader
from mjml import mjml2html

from dunning.errors import ConfigurationError
from dunning.language.choose import ENGLISH_TAG, LANGUAGES
from dunning.language.own import Languages
from dunning.template_slips import place_of, read_template, slip
from worker.letters.mjml_slips import line_of_jinja, line_of_slip
from worker.letters.words import MailWords

SHIPPED = Path(__file__).parent / "templates"
PARTS = ("subject.txt", "txt", "html")

_PLACE_IN_MJML = re.compile(r"(?P<file>.+\.mjml):(?P<line>\d+): ")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

# What a template is given beside the facts.
_GIVEN_WORDS = ("words", "title", "preheader")

# What begins with an underscore is a part that others include or extend.
FILE_OF_A_MAIL = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)\.(?:subject\.txt|txt|html|mjml)")


class MailTemplates:
    """All templates there are, compiled and tried once; whatever is wrong with them is told at start.

    Raises:
        ConfigurationError: each problem with its file and line.
    """

    def __init__(
        self,
        own: Path | None,
        *,
        languages: Languages,
        examples: Callable[[str], Iterable[Mapping[str, object]]],
    ) -> None:
        """Read them.

        Args:
            own: the seller's folder.
            languages: what the shipped ones say.
            examples: gives, for a language, what to try each with.
        """
        if own is not None and not own.is_dir():
            raise ConfigurationError([f"{own}: is no folder; it should be the one that holds your templates"])
        self._languages = languages
        folders = (SHIPPED,) if own is None else (own, SHIPPED)
        self.of_all = _Folders(folders)
        self._of_language = {
            language: _Folders((own / language, *folders))
            for language in sorted(LANGUAGES)
            if own is not None and (own / language).is_dir()
        }
        self.names = frozenset(name for folder in folders for name in names_in(folder))
        tried = {language: list(examples(language)) for language in (ENGLISH_TAG, *self._of_language)}
        problems = [
            problem
            for language, some in tried.items()
            for name in sorted(self.names)
            for problem in self._problems(name, language, some)
        ]
        if problems:
            raise ConfigurationError(list(dict.fromkeys(problems)))
        self.variables = frozenset(
            {"words", "title", "preheader", *(name for one in tried[ENGLISH_TAG] for name in one)}
        )
        """What a template may be filled with."""
        self.members = _members(tried[ENGLISH_TAG][0])
        self.naming_all = frozenset(
            name for name in self.names if all(self._names_all(name, one) for some in tried.values() for one in some)
        )
        """Those that hold the link of every debt they are given."""

    def write(self, name: str, part: str, values: Mapping[str, object]) -> str:
        """Fill one part of the mail `name`."""
        language = str(values["language"])
        words = MailWords(self._languages.sentences(language), name, values, html=part == "html")
        given = {**values, "words": words}
        if words.are_ours:
            given |= {"title": words.title, "preheader": words.preheader}
        return self._folders(language).environment.get_template(f"{name}.{part}").render(given)

    def speaks(self, name: str, language: str) -> bool:
        """Say whether this mail can be written in a language: no part of it holds a seller's words in another."""
        folders = self._folders(language)
        return all(folders.speaks(f"{name}.{part}", language) for part in PARTS)

    def _folders(self, language: str) -> "_Folders":
        return self._of_language.get(language, self.of_all)

    def _names_all(self, name: str, example: Mapping[str, object]) -> bool:
        return not any(
            _missing(Path(), part, self.write(name, part, example), link) for part in PARTS for link in _links(example)
        )

    def _problems(self, name: str, language: str, examples: Iterable[Mapping[str, object]]) -> Iterable[str]:
        folders = self._folders(language)
        for part in PARTS:
            for example in examples:
                try:
                    written = self.write(name, part, example)
                except TemplateNotFound as error:
                    yield self._not_found(error, f"{name}.{part}", name, folders)
                except Exception as error:  # noqa: BLE001 - a template is code, and may raise anything
                    yield _slip(error, folders.file(f"{name}.{part}"))
                else:
                    yield from _missing(folders.file(f"{name}.{part}"), part, written, str(example["link"]))

    @staticmethod
    def _not_found(error: TemplateNotFound, template: str, name: str, folders: "_Folders") -> str:
        place = folders.places[0]
        if error.name == template:
            return f"{place}: {error.name} is missing; {name} needs {', '.join(PARTS)}"
        return f"{place_of(error, folders.file(template))}: {error.name!r} is not there; it should be a file in {place}"


class _Folders:
    """Folders of which the first that has a file goes before the others, and the templates in them."""

    def __init__(self, places: Sequence[Path]) -> None:
        self.places = places
        self._loader = _Loader(places)
        self._known: dict[str, tuple[bool, frozenset[str | None]]] = {}
        self.environment = Environment(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"], default=False),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def file(self, template: str) -> Path:
        """Return the file that a template is made from."""
        return self._loader.find(template)

    def speaks(self, template: str, language: str, within: frozenset[str] = frozenset()) -> bool:
        """Say whether it is for this language alone, or says our sentences: itself, or in what it builds on.

        Args:
            template: the one that is asked about.
            language: the tag of the language.
            within: those that it is a part of, should they be parts of each other.
        """
        if template in within or not self._loader.has(template):
            return False
        file = self.file(template)
        if file.parent.name == language:
            return True
        says_ours, parts = self._read(template)
        if says_ours or None in parts:
            return True
        if not parts:
            return file.is_relative_to(SHIPPED)
        return any(self.speaks(part, language, within | {template}) for part in parts if part is not None)

    def _read(self, template: str) -> tuple[bool, frozenset[str | None]]:
        """Return whether a template says our sentences, and what it includes or extends."""
        if template not in self._known:
            source, _, _ = self._loader.get_source(self.environment, template)
            written = self.environment.parse(source)
            says_ours = "words" in meta.find_undeclared_variables(written)
            self._known[template] = says_ours, frozenset(meta.find_referenced_templates(written)) - {template}
        return self._known[template]


class _Loader(BaseLoader):
    """Finds a template in the first folder that has it, as it is or as MJML."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)

    def find(self, template: str) -> Path:
        """Return the file of a template."""
        for folder in self._folders:
            file = folder / template
            for one in (file, file.with_suffix(".mjml")) if file.suffix == ".html" else (file,):
                if one.is_file():
                    return one
        raise TemplateNotFound(template)

    def has(self, template: str) -> bool:
        """Say whether there is a file of a template."""
        try:
            return self.find(template).is_file()
        except TemplateNotFound:
            return False

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        file = self.find(template)
        is_mjml = file.suffix == ".mjml" and not template.endswith(".mjml")
        return self._compiled(environment, file) if is_mjml else read_template(file), str(file), None

    @staticmethod
    def _compiled(environment: Environment, file: Path) -> str:
        source = read_template(file)
        environment.parse(source, filename=str(file))  # a slip in the Jinja is told with its line in the MJML
        try:
            return compile_mjml(source)
        except ValueError as error:
            line, what = line_of_slip(source, str(error), compile_mjml)
            raise TemplateSyntaxError(f"no MJML: {what}", line, filename=str(file)) from None


def _slip(error: Exception, file: Path) -> str:
    """Tell what went wrong in a template, in MJML with the line of the source and not that of the HTML made of it."""
    told = slip(error, file)
    of_source = isinstance(error, TemplateSyntaxError) and not isinstance(error, TemplateAssertionError)
    place = None if of_source else _PLACE_IN_MJML.match(told)
    if place is None:
        return told
    source = read_template(Path(place["file"]))
    line = line_of_jinja(source, compile_mjml(source), int(place["line"]))
    return f"{place['file']}{f':{line}' if line else ''}: {told[place.end() :]}"


def compile_mjml(source: str) -> str:
    """Make HTML of MJML, without fonts: a mail that fetches from a font server tells that server who reads it when.

    Raises:
        ValueError: it is no MJML.
    """
    return mjml2html(source, fonts={})


def names_in(folder: Path) -> set[str]:
    """Return the names of the mails that a folder has a file of."""
    return {match["name"] for file in folder.iterdir() if (match := FILE_OF_A_MAIL.fullmatch(file.name))}


def _members(example: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Return what is in each variable that holds more than one thing; of a list, what is in each of its items."""
    firsts = {name: value[0] if isinstance(value, list) and value else value for name, value in example.items()}
    return {name: frozenset(first) for name, first in firsts.items() if isinstance(first, dict)}


def _links(example: Mapping[str, object]) -> list[str]:
    debts = example["debts"]
    return [str(debt["link"]) for debt in debts] if isinstance(debts, list) else []


def _missing(file: Path, part: str, written: str, link: str) -> list[str]:
    if part == "subject.txt" and not written.strip():
        return [f"{file}: the subject is empty"]
    if part == "txt" and link not in written.splitlines():
        return [f"{file}: the link does not stand alone on a line; it should hold {{{{ link }}}} on a line of its own"]
    if part == "html" and escape(link) not in _COMMENT.sub("", written):
        return [f"{file}: the link is missing; it should hold {{{{ link }}}}"]
    return []
