"""All that can be told of a folder of templates without writing a mail."""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from jinja2 import TemplateSyntaxError

from cli.plan.own_templates.images import image_problems
from cli.plan.own_templates.mjml import html_problems, mjml_problems
from cli.plan.own_templates.variables import names_set_in, variable_problems
from dunning.language.choose import LANGUAGES
from dunning.template_slips import read_template

_SUFFIXES = frozenset({".txt", ".html", ".mjml"})


def template_problems(
    folder: Path, variables: Collection[str], members: Mapping[str, Collection[str]] = MappingProxyType({})
) -> Iterator[str]:
    """Give what is wrong with the templates of a folder, and of its languages' folders, each with file and line.

    Args:
        folder: the seller's.
        variables: the names of all that a template may be filled with.
        members: what is in those that hold more than one thing; of a list, what is in each of its items.
    """
    sources = {file: source for place in places_in(folder) for file, source in sources_in(place)}
    set_in_others = names_set_in(sources.values())
    for file, source in sources.items():
        # What begins with an underscore is included by others.
        given = {*variables, *set_in_others} if file.name.startswith("_") else variables
        yield from variable_problems(file, source, given, members)
        if file.suffix != ".txt":
            yield from image_problems(file, source)
        if file.suffix == ".mjml":
            yield from mjml_problems(file, source)
        if file.suffix == ".html":
            yield from html_problems(file, source)


def sources_in(place: Path) -> Iterator[tuple[Path, str]]:
    """Give the templates in a folder, each with its text."""
    for file in sorted(place.iterdir()):
        if file.is_file() and file.suffix in _SUFFIXES:
            # What can't be read is told when the templates are compiled.
            with contextlib.suppress(OSError, TemplateSyntaxError):
                yield file, read_template(file)


def places_in(folder: Path) -> list[Path]:
    """Return the folder, and those in it that are named for a language."""
    return [folder, *(folder / one for one in sorted(LANGUAGES) if (folder / one).is_dir())]
