from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError, UndefinedError

from dunning.template_slips import place_of, slip

ELSEWHERE = Path("elsewhere.txt")


def render(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(file.parent), undefined=StrictUndefined, autoescape=True)
    environment.get_template(file.name).render()


@pytest.mark.parametrize("name", ["page.css", "page.html", "mail.mjml", "mail.txt"])
def test_what_a_template_lacks_is_told_with_its_file_and_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UndefinedError) as raised:
        render(tmp_path / name, "One.\n{{ link }}")

    assert slip(raised.value, ELSEWHERE) == f"{tmp_path / name}:2: 'link' is undefined"


def test_what_jinja_cant_read_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateSyntaxError) as raised:
        render(tmp_path / "page.html", "One.\n{% if %}")

    assert slip(raised.value, ELSEWHERE).startswith(f"{tmp_path / 'page.html'}:2: ")


def test_a_slip_of_no_known_file_is_told_of_the_file_that_was_asked_for() -> None:
    assert slip(TemplateSyntaxError("Oh.", 3), ELSEWHERE) == "elsewhere.txt:3: Oh."
    assert place_of(ValueError("Oh."), ELSEWHERE) == "elsewhere.txt"


def test_what_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes("One.\nZwölf\n".encode("latin-1"))
    with pytest.raises(UnicodeDecodeError) as raised:
        Environment(loader=FileSystemLoader(tmp_path), autoescape=True).get_template(file.name)

    assert slip(raised.value, file) == f"{file}:2: it is not UTF-8 text; save it as UTF-8"
