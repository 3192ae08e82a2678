"""`dunning campaigns check --templates`: what is in a folder of templates and never used."""

from pathlib import Path

import pytest

from dunning.campaign_file.reader import shipped
from tests.integration.test_campaigns_command import run
from worker.letters.compiled import SHIPPED


def test_what_no_template_includes_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "_foot.txt").write_text("Bye")
    (tmp_path / "_fooot.txt").write_text("Bye")
    (tmp_path / "_layout.txt").write_text('{{ link }}\n{% include "_foot.txt" %}')
    (tmp_path / "reminder.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "sentences.toml").symlink_to(tmp_path / "gone.toml")

    result = run("check", "--templates", str(tmp_path))

    unread = "it can't be read, so it is passed over; it should be a file, or a link to one."
    assert [line for line in result.stdout.splitlines() if line.startswith(f"{tmp_path}/")] == [
        f"{tmp_path}/_fooot.txt: no template includes or extends it.",
        f"{tmp_path}/reminder.txt: {unread}",
        f"{tmp_path}/sentences.toml: {unread}",
    ]


@pytest.mark.parametrize(("name", "guess"), [("no", "nb"), ("DE", "de"), ("zh-TW", "zh-Hant"), ("pt-AO", "pt")])
def test_a_folder_of_another_tag_is_told_which_language_it_is(tmp_path: Path, name: str, guess: str) -> None:
    (tmp_path / name).mkdir()

    assert f"(did you mean {guess!r}?)" in run("check", "--templates", str(tmp_path)).stdout


def test_a_languages_own_pages_are_told_where_pages_are(tmp_path: Path) -> None:
    (tmp_path / "de" / "pages").mkdir(parents=True)

    assert "pages have one folder for all languages, beside that of de." in run("check", "--templates", tmp_path).stdout


def test_a_layout_in_the_sellers_words_is_told_of_every_mail_that_it_keeps_english(tmp_path: Path) -> None:
    (tmp_path / "_layout.txt").write_text("Hi\n{% for debt in debts %}\n{{ debt.link }}\n{% endfor %}\n")

    told = run("check", "--templates", tmp_path).stdout

    assert f"{tmp_path}: 'reminder_2' is in your own words, so it is written in English alone." in told


def test_mjml_beside_html_of_the_same_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "reminder.html").write_text("{{ link }}")
    (tmp_path / "reminder.mjml").write_text("<mjml><mj-body><mj-raw>{{ link }}</mj-raw></mj-body></mjml>")

    told = run("check", "--templates", tmp_path).stdout

    assert f"{tmp_path}/reminder.mjml: no mail is made from it: reminder.html goes before it." in told


def test_a_template_that_lacks_a_part_is_not_called_unknown(tmp_path: Path) -> None:
    campaign, folder = tmp_path / "campaign.toml", tmp_path / "templates"
    folder.mkdir()
    (folder / "hello.txt").write_text("{{ link }}")
    campaign.write_text(shipped().replace('template = "reminder"', 'template = "hello"'))

    told = run("check", campaign, "--templates", folder).stderr

    assert "hello.subject.txt is missing; hello needs" in told
    assert "is no template" not in told


def test_words_that_every_language_gets_as_they_are_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ words.what_happened }}\n\nCall us.\n{{ link }}\n")
    (tmp_path / "reminder_2.html").write_text(
        '<style>p { color: red }</style><p title="x">{{ words.greeting }}&nbsp;</p>\n<a href="{{ link }}">Pay</a>'
    )
    (tmp_path / "final_notice.txt").write_text("In English alone.\n{{ link }}\n")

    told = run("check", "--templates", tmp_path).stdout

    assert f"{tmp_path}/reminder.txt:3: 'Call us.' is said as it is in every language; " in told
    assert f"{tmp_path}/reminder_2.html:2: 'Pay' is said as it is in every language; " in told
    assert "final_notice.txt:1" not in told


def test_a_layout_that_says_our_sentences_alone_is_not_told_of(tmp_path: Path) -> None:
    for name in ("_layout.txt", "_layout.mjml", "_message.html"):
        (tmp_path / name).write_text((SHIPPED / name).read_text())

    assert "as it is in every language" not in run("check", "--templates", tmp_path).stdout
