"""The table that a run prints, and its place in the document. Pure."""

from collections.abc import Sequence

from bench.figures import Figure

HEADINGS = ("figure", "median", "least", "most", "runs", "target", "")

# Below this a number is told with three digits that say something, above it whole.
WHOLE_FROM = 100


def render(groups: Sequence[tuple[str, Sequence[Figure]]]) -> str:
    """Write the figures, each part under its own heading, in columns."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for part, figures in groups:
        rows += [(f"[{part}]", "", "", "", "", "", ""), *map(row, figures)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    return "\n".join(_aligned(line, widths).rstrip() for line in rows)


def row(figure: Figure) -> tuple[str, ...]:
    """Write one figure's cells."""
    target = figure.target
    return (
        f"{figure.name}, {figure.unit}",
        number(figure.median),
        number(min(figure.values)),
        number(max(figure.values)),
        str(len(figure.values)),
        f"{target.wanted} {number(target.value)}" if target else "",
        figure.verdict,
    )


def rewritten(document: str, name: str, table: str) -> str:
    """Return the document with this table in place of the one between the markers of this name.

    Raises:
        ValueError: it has no markers.
    """
    before, begin, rest = document.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not end:
        raise ValueError(f"the document has no <!-- {name} --> and <!-- /{name} -->")
    return f"{before}{begin}\n```text\n{table}\n```\n{end}{after}"


def number(value: float) -> str:
    """Write a number as exactly as it is worth, with commas between thousands."""
    if value == int(value) or abs(value) >= WHOLE_FROM:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Put words to the left and numbers to the right."""
    numbers = range(1, 5)
    return "  ".join(
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
