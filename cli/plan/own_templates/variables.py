"""Variables that no mail is filled with, in whatever branch of a template they stand."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from dunning.campaign_file.toml_values import hint, nearest

_ENVIRONMENT = Environment(autoescape=True)


def variable_problems(file: Path, source: str, variables: Collection[str]) -> Iterator[str]:
    """Give each variable that is not known, with its line."""
    written = _parsed(source)
    if written is None:
        return
    try:
        undeclared = meta.find_undeclared_variables(written)
    except TemplateSyntaxError:
        return  # such as a filter that there is none of, told when it is compiled
    unknown = undeclared - set(variables) - _ENVIRONMENT.globals.keys()
    for name in written.find_all(nodes.Name):
        if name.name in unknown and name.ctx == "load":
            yield f"{file}:{name.lineno}: {name.name!r} is no variable{hint(nearest(name.name, variables))}"


def names_set_in(sources: Iterable[str]) -> set[str]:
    """Return the names that templates set themselves, such as that of a loop: what they include is given these too."""
    trees = [tree for source in sources if (tree := _parsed(source)) is not None]
    return {name.name for tree in trees for name in tree.find_all(nodes.Name) if name.ctx != "load"}


def names_included_in(sources: Iterable[str]) -> set[str | None]:
    """Return the names of what templates include, extend or import; None among them where only a mail tells which."""
    trees = [tree for source in sources if (tree := _parsed(source)) is not None]
    return {name for tree in trees for name in meta.find_referenced_templates(tree)}


def _parsed(source: str) -> nodes.Template | None:
    """Return a template's tree; None where a slip in it is told when it is compiled."""
    try:
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError:
        return None
