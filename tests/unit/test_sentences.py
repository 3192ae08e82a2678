"""The sentences that customers read: what none may say, how long they may be, and which of their forms is said."""

import re
from itertools import product

import pytest

from dunning.language.sentences import ENGLISH, Sentences, placeholders
from dunning.rules.declines import CODES, Advice, Reason
from worker.letters.words import LONGEST_BUTTON, LONGEST_SUBJECT

# What a mail must never say: suspicion, theft, threats, the words of debt collection, and Paddle's words for us.
FORBIDDEN = re.compile(
    r"fraud|stolen|\blost|theft|thief|suspic|block|polic|overdue|outstanding|arrears|\bdebt|demand|legal|"
    r"\bmails?\b|open payment|mended|to copy|did not|card on file|!|update your card|_",
    re.IGNORECASE,
)
# A product that fills what the longest sentence leaves for it, and a sum as long as most.
EXAMPLES = {"product": "Acme Professional.", "amount": "€1,200.50", "billed_day": "Mar 2"}
SENTENCES = [(key, form) for key in sorted(ENGLISH.keys) for form in ENGLISH.forms(key).values()]
REASONS = [form for key, form in SENTENCES if key.startswith(("reason.", "advice."))]
MAILS = sorted({key.split(".")[1] for key in ENGLISH.keys if key.endswith(".subject")})


def shown(form: str) -> str:
    return form.format_map({name: EXAMPLES.get(name, "") for name in placeholders(form)})


@pytest.mark.parametrize(("key", "form"), SENTENCES)
def test_none_says_what_no_mail_may_say(key: str, form: str) -> None:
    assert not FORBIDDEN.search(re.sub(r"\{\w+\}", "", form)), key
    assert not [code for code in CODES if "_" in code and code in form]


@pytest.mark.parametrize("mail", MAILS)
def test_last_is_said_of_the_last_only(mail: str) -> None:
    said = [form for key, form in SENTENCES if key.startswith(f"mail.{mail}.")]

    assert any(re.search(r"\blast\b", form, re.IGNORECASE) for form in said) is (mail == "final_notice")


@pytest.mark.parametrize("form", [form for key, form in SENTENCES if key.endswith(".late")])
def test_a_first_mail_that_comes_late_reminds_of_nothing(form: str) -> None:
    assert not re.search(r"\b(still|again|last|reminder|remind)\b", form, re.IGNORECASE)


@pytest.mark.parametrize("form", REASONS)
def test_each_reason_and_each_advice_is_one_plain_sentence(form: str) -> None:
    assert re.fullmatch(r"[A-Z][^.!?]+\.", form)


def test_each_reason_and_each_advice_has_a_sentence_of_its_own() -> None:
    assert {key for key, _ in SENTENCES if key.startswith("reason.")} == {f"reason.{one}" for one in Reason}
    assert {key for key, _ in SENTENCES if key.startswith("advice.")} == {f"advice.{one}" for one in Advice}
    assert len(set(REASONS)) == len(Reason) + len(Advice)


@pytest.mark.parametrize(("what", "name"), [*product(("subject", "title", "preheader", "message"), ("one", "several"))])
def test_every_mail_has_words_of_its_own(what: str, name: str) -> None:
    said = [ENGLISH.forms(f"mail.{mail}.{what}")[name] for mail in MAILS]

    assert len(set(said)) >= len(said) - (name == "several")


@pytest.mark.parametrize(("key", "form"), [(key, form) for key, form in SENTENCES if key.endswith(".subject")])
def test_a_subject_fits_into_the_list_of_mails_on_a_phone(key: str, form: str) -> None:
    assert len(shown(form)) <= LONGEST_SUBJECT, key


@pytest.mark.parametrize("key", [key for key, _ in SENTENCES if key.startswith("mail.button.")])
def test_a_button_fits_with_a_word_of_its_product(key: str) -> None:
    assert len(ENGLISH.say(key, {"amount": "€29.00", "product": "Acme Pro", "billed_day": "Mar 22"})) <= LONGEST_BUTTON


@pytest.mark.parametrize(("key", "form"), [(key, form) for key, form in SENTENCES if key.endswith(".preheader")])
def test_a_preheader_fits_and_is_not_the_subject_again(key: str, form: str) -> None:
    assert len(shown(form)) <= 90
    assert form not in ENGLISH.forms(key.replace("preheader", "subject")).values()


FORMS = Sentences(
    {"mail": {"a": {"dated": "On {day}, {x}.", "one": "It is {x}.", "bare": "It is.", "several": "Both."}}}
)


@pytest.mark.parametrize(
    ("values", "several", "said"),
    [
        ({"day": "May 4", "x": "<b>"}, False, "On May 4, <b>."),
        ({"day": "", "x": "late"}, False, "It is late."),
        ({}, False, "It is."),
        ({"day": "May 4", "x": "late"}, True, "Both."),
    ],
)
def test_the_first_form_that_can_be_filled_is_said(values: dict[str, str], said: str, *, several: bool) -> None:
    assert FORMS.say("mail.a", values, several=several) == said


def test_in_html_what_is_filled_in_is_escaped_and_kept_apart() -> None:
    assert FORMS.say("mail.a", {"x": "<b>"}, html=True) == "It is <bdi>&lt;b&gt;</bdi>."


def test_a_sentence_without_a_form_that_fits_says_nothing() -> None:
    assert Sentences({"a": {"total": "{total} in all."}}).say("a", {}, several=True) == ""
