"""Rows on terminals of any width, and where there is no terminal."""

import io

import pytest
from rich.console import Console

from cli.operate.cases.screen import NARROW, print_rows

CASE = "txn_01h7zdqstxe6djaefkqbkjy4k2"
HEADINGS = ("case", "class", "failed (UTC)", "")
ROWS = [(CASE, "hard", "2026-05-04 12:00", "late 3 h"), (CASE, "soft", "", "")]


def shown(width: int, *, terminal: bool = True) -> list[str]:
    written = io.StringIO()
    print_rows(Console(file=written, width=width, force_terminal=terminal, color_system=None), HEADINGS, ROWS)
    return [line.rstrip() for line in written.getvalue().splitlines()]


@pytest.mark.parametrize("width", [20, 40, NARROW - 1])
def test_a_narrow_terminal_gets_a_block_for_each_row_with_its_id_in_one_piece(width: int) -> None:
    assert shown(width) == [
        CASE,
        "  class: hard",
        *(["  failed (UTC):", "2026-05-04 12:00"] if width == 20 else ["  failed (UTC): 2026-05-04 12:00"]),
        "  late 3 h",
        CASE,
        "  class: soft",
    ]


@pytest.mark.parametrize("width", [NARROW, 80, 200])
def test_a_wider_one_gets_a_table_that_fits_it(width: int) -> None:
    lines = shown(width)

    assert max(map(len, lines)) <= width
    assert sum(line.lstrip().startswith(CASE) for line in lines) == 2


def test_without_a_terminal_each_row_is_one_line() -> None:
    heading, first, second = shown(400, terminal=False)

    assert heading.split() == ["case", "class", "failed", "(UTC)"]
    assert first.split() == [CASE, "hard", "2026-05-04", "12:00", "late", "3", "h"]
    assert second.split() == [CASE, "soft"]
