import re
from collections.abc import Callable

import pytest

from dunning.language.wording import advice_sentence, reason_sentence
from dunning.rules.declines import CODES, Advice, Reason

# What a mail must never say, or show: suspicion, theft, and Paddle's own words for us.
FORBIDDEN = re.compile(r"fraud|stolen|lost|theft|thief|suspic|block|polic|_", re.IGNORECASE)

SENTENCES = [*map(reason_sentence, Reason), *map(advice_sentence, Advice)]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_is_one_plain_sentence(sentence: str) -> None:
    assert re.fullmatch(r"[A-Z][^.!?]+\.", sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_none_names_suspicion_theft_or_a_code(sentence: str) -> None:
    assert not FORBIDDEN.search(sentence)
    assert not [code for code in CODES if "_" in code and code in sentence]


def test_each_reason_and_each_advice_has_a_sentence_of_its_own() -> None:
    assert len(set(SENTENCES)) == len(Reason) + len(Advice)


@pytest.mark.parametrize(("say", "generic"), [(reason_sentence, Reason.GENERIC), (advice_sentence, Advice.GENERIC)])
def test_a_key_that_is_not_known_is_told_in_general_words(say: Callable[[str], str], generic: str) -> None:
    assert say("invented_next_year") == say("") == say(generic)
