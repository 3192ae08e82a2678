"""The catalogs: every language says all that English says, with the same filled in, and nothing that it may not say.

`words_never_said.toml` holds, for each language, what its style sheet in `docs/languages/` forbids.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from gettext import c2py
from itertools import product
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from dunning.language import update
from dunning.language.catalogs import is_reviewed, read_catalog
from dunning.language.choose import CATALOGS, ENGLISH_TAG, LANGUAGES, find_language, locale_of
from dunning.language.dates import format_day_of_year
from dunning.language.sentences import ENGLISH, Sentences, placeholders, sentences_in
from dunning.language.width import width
from worker.letters.words import LONGEST_BUTTON, LONGEST_SUBJECT

# Paddle's checkout offers these: https://developer.paddle.com names no list; two public integrations do.
PADDLES = "ar da de en es fr it ja ko nl no pl pt pt-BR ru sv tr zh-Hans zh-TW"
OTHERS = sorted(LANGUAGES - {ENGLISH_TAG})
NEVER_SAID = tomllib.loads((Path(__file__).parent / "words_never_said.toml").read_text(encoding="utf-8"))
SHEETS = Path("docs/languages")
EXAMPLES = {"product": "Acme Pro", "amount": "29,00 €"}


def said_in(language: str) -> dict[str, tuple[str, ...]]:
    return {str(message.context): tuple(forms_of(message.string)) for message in read_catalog(language) if message.id}


def forms_of(string: str | Sequence[str] | None) -> Sequence[str]:
    return (string,) if isinstance(string, str) else string or ()


def sentences_of(language: str) -> list[tuple[str, str]]:
    return [(context, form) for context, forms in said_in(language).items() for form in forms]


def shown(form: str, language: str) -> str:
    values = EXAMPLES | {"billed_day": widest_day(language)}
    return form.format_map({name: values.get(name, "") for name in placeholders(form)})


@cache
def widest_day(language: str) -> str:
    """Write the day of a year that takes most room: in words or in figures, whichever is shorter."""
    locale, year = locale_of(language), [date(2026, 1, 1) + timedelta(days) for days in range(365)]
    written = [
        min((format_day_of_year(day, locale, in_figures=figures) for figures in (False, True)), key=width)
        for day in year
    ]
    return max(written, key=width)


def test_paddle_s_own_languages_are_all_there() -> None:
    assert {find_language(tag, "") for tag in PADDLES.split()} == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalog_says_all_that_english_says(language: str) -> None:
    wanted = {message.context: message for message in ENGLISH.messages()}
    catalog = read_catalog(language)

    assert {message.context for message in catalog if message.id} == set(wanted)
    assert [message.context for message in catalog if message.id and message.fuzzy] == []
    for context, forms in said_in(language).items():
        assert all(form.strip() == form != "" for form in forms), context
        assert len(forms) == (catalog.num_plurals if wanted[context].plural else 1), context


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalog_stands_as_the_command_writes_it(language: str, tmp_path: Path) -> None:
    written = (CATALOGS / f"{language}.po").read_bytes()
    (tmp_path / f"{language}.po").write_bytes(written)

    assert update.update(language, tmp_path) == 0
    assert (tmp_path / f"{language}.po").read_bytes() == written


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_has_the_same_filled_in_as_in_english(language: str) -> None:
    wanted = {message.context: sorted(placeholders(message.text)) for message in ENGLISH.messages()}
    without_figure = said_of_one_number(read_catalog(language))

    assert [
        (context, form)
        for context, form in sentences_of(language)
        if sorted(placeholders(form)) != wanted[context] and form not in without_figure
    ] == []


def said_of_one_number(catalog: Catalog) -> set[str]:
    """Give the forms that hold for a single number. It may be a word in them, as two minutes are in Arabic."""
    form_of = c2py(catalog.plural_expr)
    counted = Counter(form_of(number) for number in range(1, 1000))
    plurals = [forms_of(message.string) for message in catalog if isinstance(message.id, tuple)]
    return {forms[place] for forms in plurals for place, count in counted.items() if count == 1 and len(forms) > 1}


@pytest.mark.parametrize("language", OTHERS)
def test_subjects_buttons_and_preheaders_fit(language: str) -> None:
    limits = [("mail.button.", LONGEST_BUTTON), (".subject", LONGEST_SUBJECT), (".preheader", 90)]

    assert [
        (context, shown(form, language))
        for context, form in sentences_of(language)
        for part, limit in limits
        if part in context and width(shown(form, language)) > limit
    ] == []


@pytest.mark.parametrize("language", OTHERS)
def test_none_says_what_the_style_sheet_forbids(language: str) -> None:
    never = re.compile("|".join(NEVER_SAID[language]), re.IGNORECASE)

    assert [
        (context, form)
        for context, form in sentences_of(language)
        if never.search(re.sub(r"\{\w+\}", "", form)) or "!" in form or "\uff01" in form
    ] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_mail_has_words_of_its_own(language: str) -> None:
    sentences = sentences_in(language)
    mails = sorted({key.split(".")[1] for key in sentences.keys if key.endswith(".subject")})

    for what, name in product(("subject", "title", "message"), ("one", "several")):
        said = [sentences.forms(f"mail.{mail}.{what}")[name] for mail in mails]
        assert len(set(said)) >= len(said) - (name == "several"), (what, name)


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_left_in_english(language: str) -> None:
    english = {message.context: message.text for message in ENGLISH.messages()}

    assert [
        context
        for context, form in sentences_of(language)
        if form == english[context] and len(re.sub(r"\{\w+\}", "", form).split()) > 1
    ] == []


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_a_style_sheet_that_says_whether_a_native_speaker_has_read_it(language: str) -> None:
    sheet = (SHEETS / f"{language}.md").read_text(encoding="utf-8")

    said = "A native speaker has reviewed it." if is_reviewed(language) else "No native speaker has reviewed it yet."
    assert said in sheet
    assert f"`{language}`" in (SHEETS / "README.md").read_text(encoding="utf-8")


def test_a_sentence_that_a_catalog_lacks_is_said_in_english() -> None:
    assert Sentences({"a": "Pay {amount}"}, "de", None).say("a", {"amount": "29,00 €"}) == "Pay 29,00 €"


def test_plural_forms_are_those_of_the_language() -> None:
    said = {
        count: sentences_in("pl").say_counted("page.too_many.text", count, {"minutes": str(count)})
        for count in (1, 3, 5, 22)
    }

    assert len({re.sub(r"\d+", "", sentence) for sentence in said.values()}) == 3
    assert re.sub(r"\d+", "", said[3]) == re.sub(r"\d+", "", said[22])


def test_arabic_says_one_and_two_minutes_in_words_and_others_in_figures() -> None:
    said = {
        count: sentences_in("ar").say_counted("page.too_many.text", count, {"minutes": str(count)})
        for count in (1, 2, 3, 11, 60)
    }

    assert [count for count, sentence in said.items() if str(count) in sentence] == [3, 11, 60]
    assert len({re.sub(r"\d+", "", sentence) for sentence in said.values()}) == 4


def test_a_template_holds_no_sentence_twice() -> None:
    catalog: Catalog = update.template()

    contexts = [message.context for message in catalog if message.id]
    assert len(contexts) == len(set(contexts)) == len(list(ENGLISH.messages()))
