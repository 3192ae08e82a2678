"""Where a seller's MJML is none, on which line."""

import pytest

from worker.letters.compiled import compile_mjml
from worker.letters.mjml_slips import line_of_slip

AROUND = "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n{}\n</mj-column>\n</mj-section>\n</mj-body>\n</mjml>\n"
UNREADABLE = "unable to parse next template: perhaps an attribute has no quotes, or a < is no tag's"


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("<mj-text>Hi", 5, "<mj-text> is not closed"),
        ("<mj-text>\n<b>Hi<br>\n</mj-text>", 6, "<b> is not closed"),
        ("<mj-text>Hi\n</mj-txt>\n</mj-text>", 6, "</mj-txt> closes nothing"),
        ("</mj-text>", 5, "</mj-text> closes nothing"),
        ('<mj-text\ncolor="red">Hi</mj-text>\n<mj-text color=red>Hi</mj-text>', 7, UNREADABLE),
        ("<mj-text>Hi</mj-text>\n<mj-text>{{ 1 < 2 }}</mj-text>", 6, UNREADABLE),
        ('<mj-text>é</mj-text>\n<mj-include path="./x.mjml" />', 6, "unable to load included template"),
    ],
)
def test_the_line_of_what_is_no_mjml_is_found(content: str, line: int, what: str) -> None:
    source = AROUND.replace("{}", content)

    with pytest.raises(ValueError, match="root template") as raised:
        compile_mjml(source)

    assert line_of_slip(source, str(raised.value), compile_mjml) == (line, what)


def test_what_has_no_line_is_told_as_the_compiler_does() -> None:
    with pytest.raises(ValueError, match="unable") as raised:
        compile_mjml("")

    assert line_of_slip("", str(raised.value), compile_mjml) == (1, "unable to find mjml element")
