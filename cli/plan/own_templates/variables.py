"""Variables that no mail is filled with, in whatever branch of a template they stand."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from dunning.campaign_file.toml_values import hint, nearest

_ENVIRONMENT = Environment(autoescape=True)


def variable_problems(
    file: Path, source: str, variables: Collection[str], members: Mapping[str, Collection[str]] = MappingProxyType({})
) -> Iterator[str]:
    """Give each variable that is not known, with its line.

    Args:
        file: the template.
        source: its text.
        variables: the names of all that it may be filled with.
        members: what is in those that hold more than one thing; of a list, what is in each of its items.
    """
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
    yield from _member_problems(file, written, members)


def _member_problems(file: Path, written: nodes.Template, members: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Give each `brand.name` and each `debt.amount` of a loop over `debts` that is not known, with its line."""
    known = dict(members)
    for name in written.find_all(nodes.Name):
        if name.ctx != "load":
            known.pop(name.name, None)
    for loop in written.find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name) and loop.iter.name in known and isinstance(loop.target, nodes.Name):
            known[loop.target.name] = members[loop.iter.name]
    for found in written.find_all(nodes.Getattr):
        whole = found.node.name if isinstance(found.node, nodes.Name) else ""
        if whole in known and found.attr not in known[whole] and not hasattr(dict, found.attr):
            guess = hint(nearest(found.attr, known[whole]))
            yield f"{file}:{found.lineno}: {whole!r} has no {found.attr!r}{guess}"


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
