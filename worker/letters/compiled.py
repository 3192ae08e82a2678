"""The templates mails are written from: the shipped ones, and a seller's own in front of them.

A mail NAME is made of `NAME.subject.txt`, `NAME.txt` and `NAME.html`, or `NAME.mjml` in place of the last. MJML is
compiled once, at start, with the Jinja still inside.
"""

import re
import traceback
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError, meta, select_autoescape
from jinja2.loaders import BaseLoader
from mjml import mjml2html

from dunning.errors import ConfigurationError
from dunning.language.own import Languages
from worker.letters.words import MailWords

SHIPPED = Path(__file__).parent / "templates"
PARTS = ("subject.txt", "txt", "html")

# What begins with an underscore is a part that others include or extend.
FILE_OF_A_MAIL = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)\.(?:subject\.txt|txt|html|mjml)")


class MailTemplates:
    """All templates there are, compiled and tried once; whatever is wrong with them is told at start.

    Raises:
        ConfigurationError: each problem with its file and line.
    """

    def __init__(self, own: Path | None, *, languages: Languages, examples: Iterable[Mapping[str, object]]) -> None:
        self._languages = languages
        self._folders = (SHIPPED,) if own is None else (own, SHIPPED)
        self._loader = _Loader(self._folders)
        self._environment = Environment(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"], default=False),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        if own is not None and not own.is_dir():
            raise ConfigurationError([f"{own}: is no folder; it should be the one that holds your templates"])
        self.names = frozenset(
            match["name"]
            for folder in self._folders
            for file in folder.iterdir()
            if (match := FILE_OF_A_MAIL.fullmatch(file.name))
        )
        tried = list(examples)
        problems = [problem for name in sorted(self.names) for problem in self._problems(name, tried)]
        if problems:
            raise ConfigurationError(list(dict.fromkeys(problems)))
        self.naming_all = frozenset(name for name in self.names if all(self._names_all(name, one) for one in tried))
        """Those that hold the link of every debt they are given."""

    def write(self, name: str, part: str, values: Mapping[str, object]) -> str:
        """Fill one part of the mail `name`."""
        words = MailWords(self._languages.sentences(str(values["language"])), name, values, html=part == "html")
        given = {**values, "words": words}
        if words.are_ours:
            given |= {"title": words.title, "preheader": words.preheader}
        return self._environment.get_template(f"{name}.{part}").render(given)

    def speaks(self, name: str) -> bool:
        """Say whether the mail is in the reader's language, and not in that of words which the seller wrote into it."""
        return all(self._speaks(f"{name}.{part}") for part in PARTS)

    def _speaks(self, template: str) -> bool:
        source, file, _ = self._loader.get_source(self._environment, template)
        written = self._environment.parse(source)
        builds_on_ours = "words" in meta.find_undeclared_variables(written) or any(
            meta.find_referenced_templates(written)
        )
        return Path(file).is_relative_to(SHIPPED) or builds_on_ours

    def _names_all(self, name: str, example: Mapping[str, object]) -> bool:
        return not any(
            _missing(Path(), part, self.write(name, part, example), link) for part in PARTS for link in _links(example)
        )

    def _problems(self, name: str, examples: list[Mapping[str, object]]) -> Iterable[str]:
        for part in PARTS:
            for example in examples:
                try:
                    written = self.write(name, part, example)
                except TemplateNotFound as error:
                    yield f"{self._folders[0]}: {error.name} is missing; {name} needs {', '.join(PARTS)}"
                except TemplateSyntaxError as error:
                    yield f"{error.filename}:{error.lineno}: {error.message}"
                except Exception as error:  # noqa: BLE001 - a template is code, and may raise anything
                    yield f"{place_of(error, self._folders[0] / f'{name}.{part}')}: {error}"
                else:
                    yield from _missing(self._folders[0] / f"{name}.{part}", part, written, str(example["link"]))


class _Loader(BaseLoader):
    """Finds a template in the first folder that has it, as it is or as MJML."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        for folder in self._folders:
            file = folder / template
            if file.is_file():
                return file.read_text("utf-8"), str(file), None
            mjml = file.with_suffix(".mjml")
            if file.suffix == ".html" and mjml.is_file():
                return self._compiled(environment, mjml), str(mjml), None
        raise TemplateNotFound(template)

    @staticmethod
    def _compiled(environment: Environment, file: Path) -> str:
        source = file.read_text("utf-8")
        environment.parse(source, filename=str(file))  # a slip in the Jinja is told with its line in the MJML
        try:
            # No fonts: a mail that fetches from a font server tells that server who reads it when.
            return mjml2html(source, fonts={})
        except ValueError as error:
            raise TemplateSyntaxError(f"no MJML: {error}", 1, filename=str(file)) from None


def place_of(error: Exception, file: Path) -> str:
    """Return the file and line of a template that an exception came from, or `file` where none is known."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).suffix in {".txt", ".html", ".mjml"}
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(file)


def _links(example: Mapping[str, object]) -> list[str]:
    debts = example["debts"]
    return [str(debt["link"]) for debt in debts] if isinstance(debts, list) else []


def _missing(file: Path, part: str, written: str, link: str) -> list[str]:
    if part == "subject.txt" and not written.strip():
        return [f"{file}: the subject is empty"]
    if part == "txt" and link not in written.splitlines():
        return [f"{file}: the link does not stand alone on a line; it should hold {{{{ link }}}} on a line of its own"]
    if part == "html" and escape(link) not in written:
        return [f"{file}: the link is missing; it should hold {{{{ link }}}}"]
    return []
