import pytest

from bench.figures import Figure, at_least, at_most
from bench.table import number, render, rewritten, row

ACCEPTED = Figure("accepted", "ratio", (0.38, 0.42, 0.41), at_least(0.4))
ANSWERED = Figure("answered", "a second", (9_000.4, 10_100.0, 9_900.0))


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (2.0, "2"), (0.06712, "0.0671"), (12.345, "12.3"), (536.4, "536"), (1_234_567.8, "1,234,568")],
)
def test_a_number_is_written_as_exactly_as_it_is_worth(value: float, written: str) -> None:
    assert number(value) == written


def test_a_row_tells_the_median_the_spread_and_the_target() -> None:
    assert row(ACCEPTED) == ("accepted, ratio", "0.41", "0.38", "0.42", "3", "at least 0.4", "met")


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert row(ANSWERED) == ("answered, a second", "9,900", "9,000", "10,100", "3", "", "")


def test_the_table_has_a_heading_for_each_part_and_its_columns_line_up() -> None:
    missed = Figure("memory", "bytes", (768.0,), at_most(600))

    lines = render([("accept", [ACCEPTED, ANSWERED]), ("cases", [missed])]).splitlines()

    assert [line.split()[0] for line in lines] == ["figure", "[accept]", "accepted,", "answered,", "[cases]", "memory,"]
    assert lines[5].endswith("at most 600   missed")
    assert len({line.index(text) for line, text in zip(lines[2:4], ("0.41  ", "9,900  "), strict=True)}) == 2
    assert len({line.index(text) + len(text) for line, text in zip(lines[2:4], ("0.41", "9,900"), strict=True)}) == 1


def test_nothing_measured_is_a_table_of_headings() -> None:
    assert render([]).split() == ["figure", "median", "least", "most", "runs", "target"]


def test_a_table_takes_the_place_of_the_one_before_and_leaves_the_words_around_it() -> None:
    document = "Words.\n<!-- figures -->\n```text\nold\n```\n<!-- /figures -->\nMore words.\n"

    once = rewritten(document, "figures", "new")

    assert once == document.replace("old", "new")
    assert rewritten(once, "figures", "new") == once


def test_a_document_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        rewritten("Words.", "figures", "new")
