import tomllib

import pytest

from dunning.campaign_file.toml_lines import KeyPath, TomlLines, syntax_problem

TEXT = """\
# a comment with = and [brackets]
title = "x"

[house]  # a table
colour = "red"
door = { width = 90, handle = { side = "left" } }
size.height = 3

[[house.room]]
name = "kitchen"

[house.room.window]
panes = 4

[[house.room]]
"quoted name" = 1
chairs = [
    "[one]",
    ["two", "three"],
]
table = ["round", { legs = 4 }]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("house",), 4),
        (("house", "colour"), 5),
        (("house", "door", "width"), 6),
        (("house", "door", "handle", "side"), 6),
        (("house", "size"), 7),
        (("house", "size", "height"), 7),
        (("house", "room"), 9),
        (("house", "room", 0), 9),
        (("house", "room", 0, "name"), 10),
        (("house", "room", 0, "window", "panes"), 13),
        (("house", "room", 1), 15),
        (("house", "room", 1, "quoted name"), 16),
        (("house", "room", 1, "chairs"), 17),
        (("house", "room", 1, "table", 1, "legs"), 21),
    ],
)
def test_each_table_and_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert TomlLines(TEXT).line_of(path) == line


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("a.b = 1\na.c = 2\n", ("a", "c"), 2, id="dotted keys"),
        pytest.param("  [a]\n  b = 1\n  [c]\n", ("c",), 3, id="indented headers"),
        pytest.param("  [a]\n  b = 1\n  [c]\n", ("a", "b"), 2, id="what stands under an indented header"),
        pytest.param("[a]\r\nb = 1\r\n[c]\r\n", ("c",), 3, id="line ends of two letters"),
        pytest.param("[a]\nb = [{ c = 1 },\n  { c = 2 }]\n", ("a", "b"), 2, id="a list of tables over two lines"),
        pytest.param("\n\n[a]\n", (), 1, id="the whole"),
    ],
)
def test_however_it_is_written_it_is_found(text: str, path: KeyPath, line: int) -> None:
    assert TomlLines(text).line_of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("house", "room", 1, "chairs", 0), 17),
        (("house", "room", 0, "nothing", "of", "it"), 9),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_what_has_no_line_of_its_own_is_found_at_what_is_around_it(path: KeyPath, line: int) -> None:
    assert TomlLines(TEXT).line_of(path) == line


def test_lines_end_as_toml_says() -> None:
    text = "# not a line's end: \u2028\r\na = 1\r\nb = 2"

    assert TomlLines(text).line_of(("b",)) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = 2h\nc = 3\n", 2), ("a = 1\r\n\r\nb = x\r\n", 3), ("a = 1\nb = [\n\n", 2), ("a = ", 1)],
)
def test_a_syntax_error_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads(text)

    found, what = syntax_problem(text, error.value)

    assert found == line
    assert what
    assert "(at " not in what
