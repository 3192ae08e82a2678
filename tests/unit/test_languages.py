"""Which language somebody is written to in, and the catalogs that hold what is said there."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from dunning.errors import ConfigurationError
from dunning.language import catalogs, update
from dunning.language.choose import LANGUAGES, find_language, is_right_to_left, locale_of_words
from dunning.language.own import Languages
from dunning.language.sentences import ENGLISH, Sentences

HEBREW = "\u05e9\u05dc\u05de"


@pytest.mark.parametrize("tag", ["", "xx", "fi", "iw", "uz-Arab", "*"])
def test_who_reads_none_of_ours_is_written_to_in_the_default(tag: str) -> None:
    assert find_language(tag, "da") == "da"


def test_english_is_english_wherever_it_is_read() -> None:
    assert {find_language(tag, "") for tag in ("en", "en-GB", "EN-us", "en_AU")} == {"en"}


@pytest.mark.parametrize(
    ("tag", "language", "locale"), [("en-GB", "en", "en_GB"), ("en", "en", "en"), ("fi", "en", "en")]
)
def test_amounts_and_dates_are_written_in_the_language_of_their_sentence(tag: str, language: str, locale: str) -> None:
    assert str(locale_of_words(tag, language)) == locale
    assert not is_right_to_left(language)


def test_a_number_is_said_in_the_form_that_its_language_has_for_it() -> None:
    one, many = (ENGLISH.say_counted("page.too_many.text", count, {"minutes": str(count)}) for count in (1, 2))

    assert one.endswith("in 1 minute.")
    assert many.endswith("in 2 minutes.")


def test_what_is_read_in_the_other_direction_is_kept_apart() -> None:
    said = ENGLISH.say("mail.button.pay_all_for", {"product": HEBREW})

    assert said == f"Pay for \u2068{HEBREW}\u2069"
    assert ENGLISH.say("mail.button.pay_all_for", {"product": "Acme"}) == "Pay for Acme"


def test_a_full_stop_is_said_once() -> None:
    assert ENGLISH.say("page.common.paddle", {"seller": "Acme, Inc."}) == "Paddle handles payments for Acme, Inc."
    assert ENGLISH.say("page.common.contact", {"seller": "Acme, Inc."}) == "Write to Acme, Inc."


def test_a_new_catalog_holds_all_that_there_is_to_translate(tmp_path: Path) -> None:
    assert update.update("fi", tmp_path) == len(list(ENGLISH.messages()))

    with (tmp_path / "fi.po").open("rb") as file:
        catalog = read_po(file, locale="fi")
    assert {message.context for message in catalog if message.id} == {one.context for one in ENGLISH.messages()}
    assert "Reviewed by a native speaker: no" in catalog.header_comment


def test_what_changed_in_english_is_said_in_english_until_it_is_translated_anew(tmp_path: Path) -> None:
    before = Catalog(locale="fi", header_comment="# Finnish.\n# Reviewed by a native speaker: yes")
    before.add("Pay it", "Maksa", context="mail.button.pay_now")
    before.add("Pay {amount}", "Maksa {amount}", context="mail.button.pay")
    before.add("Gone", "Mennyt", context="mail.button.gone")
    with (tmp_path / "fi.po").open("wb") as file:
        write_po(file, before)

    assert update.update("fi", tmp_path) == len(list(ENGLISH.messages())) - 1

    after = {message.context: message.string for message in catalogs.read_catalog("fi", tmp_path)}
    assert after["mail.button.pay_now"] == ""
    assert after["mail.button.pay"] == "Maksa {amount}"
    assert "gone" not in (tmp_path / "fi.po").read_text()
    assert catalogs.is_reviewed("fi", tmp_path)


def test_the_command_says_how_much_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update.main(["fi", "hu"], tmp_path)

    count = len(list(ENGLISH.messages()))
    assert capsys.readouterr().out == f"fi: {count} to translate\nhu: {count} to translate\n"


def test_english_needs_no_catalog() -> None:
    assert catalogs.is_reviewed("en")
    assert "en" in LANGUAGES


def test_a_seller_s_words_stand_in_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "sentences.toml").write_text(
        '[mail.button]\npay_now = "Settle up"\n[page.too_many]\ntext = { plural = "Wait {minutes} min." }\n'
    )

    own = Languages(tmp_path).sentences("en")

    assert own.say("mail.button.pay_now", {}) == "Settle up"
    assert own.say_counted("page.too_many.text", 3, {"minutes": "3"}) == "Wait 3 min."
    assert own.say_counted("page.too_many.text", 1, {"minutes": "1"}).endswith("in 1 minute.")
    assert Languages(None).sentences("en").say("mail.button.pay_now", {}) == "Pay now"


def test_each_problem_of_each_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "sentences.toml").write_text("[mail.button]\npay_nowe = 'Later'\n")

    with pytest.raises(ConfigurationError) as refused:
        Languages(tmp_path)

    assert refused.value.problems == [
        f"{tmp_path / 'sentences.toml'}:2: mail.button.pay_nowe is no sentence (did you mean mail.button.pay_now?)"
    ]


def test_a_folder_in_place_of_a_file_of_sentences_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "sentences.toml"
    folder.mkdir(parents=True)

    with pytest.raises(ConfigurationError) as refused:
        Languages(tmp_path)

    assert refused.value.problems == [f"{folder}: it can't be read: Is a directory"]


def test_translations_are_looked_up_by_their_place() -> None:
    assert Sentences({"a": {"b": "Pay"}}).say("a.b", {}) == "Pay"
