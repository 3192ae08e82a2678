"""A seller's own templates for one language: in a folder with its tag, and before those for all."""

from dataclasses import replace
from pathlib import Path

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.errors import ConfigurationError
from dunning.language.choose import LANGUAGES
from tests.unit.mails import facts, text_of
from worker.letters.render import Renderer

FACTS = facts("reminder")
OTHERS = sorted(LANGUAGES - {"en"})


def renderer(folder: Path) -> Renderer:
    return Renderer(folder, Mailbox("Acme", "billing@acme.example"), None, None)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def test_what_is_in_a_languages_folder_goes_before_what_is_for_all(tmp_path: Path) -> None:
    folder = write(tmp_path, reminder_dot_txt="For all\n{{ link }}\n", en__reminder_dot_txt="In English\n{{ link }}\n")

    assert text_of(renderer(folder).render(replace(FACTS, locale="en"))).startswith("In English\n")


def test_a_part_that_is_not_in_it_is_taken_from_those_for_all(tmp_path: Path) -> None:
    text = "Hello from all\n{{ link }}\n"
    folder = write(tmp_path, _all_dot_txt=text, en__reminder_dot_txt='{% include "_all.txt" %}')

    assert text_of(renderer(folder).render(replace(FACTS, locale="en"))).startswith("Hello from all\n")


def test_a_slip_in_it_is_told_with_file_and_line(tmp_path: Path) -> None:
    folder = write(tmp_path, en__reminder_dot_txt="Hi\n{{ nmae }}\n{{ link }}\n")

    with pytest.raises(ConfigurationError) as caught:
        renderer(folder)

    assert caught.value.problems == [f"{folder}/en/reminder.txt:2: 'nmae' is undefined"]


def test_a_link_that_is_missing_in_it_is_told_with_its_file(tmp_path: Path) -> None:
    folder = write(tmp_path, en__reminder_dot_txt="Hi\n")

    with pytest.raises(ConfigurationError) as caught:
        renderer(folder)

    (problem,) = caught.value.problems
    assert problem.startswith(f"{folder}/en/reminder.txt: the link does not stand alone on a line")


@pytest.mark.skipif(not OTHERS, reason="there is no catalog but English")
def test_a_mail_whose_words_are_the_sellers_is_in_the_languages_it_was_written_in(tmp_path: Path) -> None:
    one, other = OTHERS[:2]
    parts = {"reminder.subject.txt": "Hi", "reminder.txt": "Hi\n{{ link }}\n", "reminder.html": "{{ link }}"}
    for place in (tmp_path, tmp_path / one):
        place.mkdir(exist_ok=True)
        for name, text in parts.items():
            (place / name).write_text(text)

    made = renderer(tmp_path)

    assert made.language("reminder", one, "") == one
    assert made.language("reminder", other, "") == "en"
    assert made.language("final_notice", other, "") == other


@pytest.mark.skipif(not OTHERS, reason="there is no catalog but English")
def test_a_mail_that_is_half_in_the_sellers_english_stays_english(tmp_path: Path) -> None:
    (tmp_path / OTHERS[0]).mkdir()
    (tmp_path / "reminder.txt").write_text("Hi\n{{ link }}\n")
    (tmp_path / OTHERS[0] / "reminder.subject.txt").write_text("Hallo")

    assert renderer(tmp_path).language("reminder", OTHERS[0], "") == "en"


@pytest.mark.skipif(not OTHERS, reason="there is no catalog but English")
def test_a_mail_that_is_put_together_from_the_sellers_own_parts_stays_english(tmp_path: Path) -> None:
    for name in ("reminder.subject.txt", "reminder.txt", "reminder.html"):
        (tmp_path / name).write_text('{{ link }}\n{% include "_part.txt" %}')
    (tmp_path / "_part.txt").write_text("Hi")

    assert renderer(tmp_path).language("reminder", OTHERS[0], "") == "en"

    (tmp_path / "_part.txt").write_text("{{ words.greeting }}")
    assert renderer(tmp_path).language("reminder", OTHERS[0], "") == OTHERS[0]


@pytest.mark.skipif(not OTHERS, reason="there is no catalog but English")
def test_a_layout_without_our_sentences_keeps_every_mail_english(tmp_path: Path) -> None:
    (tmp_path / "_layout.txt").write_text("Hi\n{% for debt in debts %}\n{{ debt.link }}\n{% endfor %}\n")

    assert renderer(tmp_path).language("reminder", OTHERS[0], "") == "en"
