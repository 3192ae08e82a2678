"""Whole sentences with names to fill in, by the keys under which they stand in a file."""

import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from markupsafe import Markup, escape

from dunning.errors import ConfigurationError
from dunning.language.catalogs import load_translations
from dunning.language.choose import ENGLISH_TAG, is_right_to_left

# The forms of a sentence about several payments; the others are about one, or about none.
_OF_SEVERAL = frozenset({"total", "several", "unnamed"})
# Of a sentence with a number in it: English has these two, a catalog as many as its language needs.
_SINGULAR, _PLURAL = "singular", "plural"
_FORMS = frozenset({"", "dated", "one", "bare", "named", "branded", "numbered", _SINGULAR, _PLURAL}) | _OF_SEVERAL

# Without words, a mail has no subject and a button can't be found.
_NEVER_EMPTY = re.compile(r"\.(subject|title|button)\Z|\.button\.")

# https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
ISOLATES = _ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
_LEFT_TO_RIGHT = frozenset({"L"})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class Message(NamedTuple):
    """A sentence, or one of its forms, as translators meet it."""

    context: str
    """Its key and the form's name."""
    text: str
    plural: str = ""
    """The same with another number, where it has a number."""


class Sentences:
    """The sentences of one language."""

    def __init__(
        self,
        table: Mapping[str, Any],
        language: str = ENGLISH_TAG,
        translations: NullTranslations | None = None,
        own: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        """Take them from a table of tables, whose last are sentences, or forms of one.

        Args:
            table: the sentences in English.
            language: the one in which they are said.
            translations: what each is in it, by its context. What is missing there is said in English.
            own: the forms of sentences that stand in place of these.
        """
        self.language = language
        self._table = table
        self._own = own
        self._translations = translations or NullTranslations()
        self._foreign = _LEFT_TO_RIGHT if is_right_to_left(language) else _RIGHT_TO_LEFT
        # A form with a number in it is translated when it is said: the number tells which it is.
        self._forms = {
            key: {
                name: form if _PLURAL in forms else self._translations.pgettext(_context(key, name), form)
                for name, form in forms.items()
            }
            for key, forms in _flat(table)
        } | dict(own)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all sentences."""
        return frozenset(self._forms)

    def forms(self, key: str) -> Mapping[str, str]:
        """Return a sentence's forms by their names; a sentence that has but one has no name for it.

        Raises:
            KeyError: there is no such sentence.
        """
        return self._forms[key]

    def messages(self) -> Iterator[Message]:
        """Give all that there is to translate."""
        for key, forms in self._forms.items():
            if _PLURAL in forms:
                yield Message(key, forms[_SINGULAR], forms[_PLURAL])
            else:
                yield from (Message(_context(key, name), form) for name, form in forms.items())

    def with_own(self, table: Mapping[str, Any]) -> Self:
        """Return these sentences with those of a seller in place of some: forms of a sentence, or the whole of it.

        Raises:
            ConfigurationError: a key, a form or a name that is filled in isn't known; a problem for each.
        """
        own, problems = dict(_flat(table)), []
        for key, forms in own.items():
            if key not in self._forms:
                guess = get_close_matches(key, self._forms, n=1)
                problems.append(f"{key} is no sentence{f' (did you mean {guess[0]}?)' if guess else ''}")
                continue
            known = self._may_be_filled_in(key)
            for name, form in forms.items():
                if name not in self._forms[key]:
                    problems.append(_no_such_form(key, name, self._forms[key]))
                if not form.strip() and _NEVER_EMPTY.search(key):
                    problems.append(f"{key} is empty; it should be a sentence")
                try:
                    filled_in = placeholders(form)
                except ValueError:
                    problems.append(f"{key} has a brace without its other; a brace itself is written {{{{ or }}}}")
                    continue
                problems += [
                    f"{key}: {{{one}}} is not known there; it should be one of {', '.join(sorted(known))}"
                    for one in filled_in
                    if one not in known
                ]
        if problems:
            raise ConfigurationError(problems)
        whole = {key: {**self._forms[key], **forms} for key, forms in own.items()}
        return self.__class__(self._table, self.language, self._translations, own={**self._own, **whole})

    def _may_be_filled_in(self, key: str) -> frozenset[str]:
        """Return what the sentence, or another of the same mail or page, has filled in."""
        of_mail = key.rpartition(".")[0]
        like_it = [other for other in self._forms if other == key or (other.rpartition(".")[0] == of_mail)]
        return frozenset(name for one in like_it for form in self._forms[one].values() for name in placeholders(form))

    def say(self, key: str, values: Mapping[str, str], *, several: bool = False, html: bool = False) -> str:
        """Say the first form that can be filled, or nothing if none can.

        What is filled in, and is read in the other direction than the sentence, is kept apart from it.

        Args:
            key: such as `mail.reminder.title`.
            values: what to fill in. What is empty isn't known.
            several: whether the sentence is about several payments.
            html: whether it is for HTML: then it is escaped.

        Raises:
            KeyError: there is no such sentence.
        """
        for name, form in self._forms[key].items():
            fits = not name or (name in _OF_SEVERAL) is several
            if fits and all(values.get(needed) for needed in placeholders(form)):
                return self._fill(form, values, html=html)
        return ""

    def say_counted(self, key: str, count: int, values: Mapping[str, str], *, html: bool = False) -> str:
        """Say a sentence with a number in it, in the form that the language has for that number.

        Raises:
            KeyError: there is no such sentence.
        """
        forms = self._forms[key]
        if key in self._own:
            form = forms[_SINGULAR if count == 1 else _PLURAL]
        else:
            form = self._translations.npgettext(key, forms[_SINGULAR], forms[_PLURAL], count)
        return self._fill(form, values, html=html)

    def _fill(self, form: str, values: Mapping[str, str], *, html: bool) -> str:
        # A company's "Inc." at the end of a sentence has its full stop already.
        values = {
            name: values[name].removesuffix(".") if f"{{{name}}}." in form else values[name]
            for name in placeholders(form)
        }
        if html:
            # Some mail programs drop the tag and keep what is in it: then the isolates do its work.
            isolated = {name: Markup("<bdi>{}</bdi>").format(self._isolated(value)) for name, value in values.items()}
            return Markup(escape(form)).format_map(isolated)  # noqa: S704 - escaped just here
        return form.format_map({name: self._isolated(value) for name, value in values.items()})

    def _isolated(self, value: str) -> str:
        if not any(unicodedata.bidirectional(char) in self._foreign for char in value):
            return value
        isolated = f"{_ISOLATE}{value}{_END_OF_ISOLATE}"
        # What is HTML already, such as a link, stays so.
        return Markup(isolated) if isinstance(value, Markup) else isolated  # noqa: S704


@cache
def placeholders(form: str) -> tuple[str, ...]:
    """Return the names that a sentence wants filled in, in their order."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(form) if name is not None)


def _no_such_form(key: str, name: str, forms: Mapping[str, str]) -> str:
    """Say how a sentence should be written whose form isn't there."""
    if "" in forms:
        return f"{key} has no forms; it should be one sentence in quotes"
    if not name:
        shape = ", ".join(f'{form} = "..."' for form in forms)
        return f"{key} has several forms; it should be {{ {shape} }}, or some of these"
    return f"{key} has no form {name!r}; it should be {' or '.join(forms)}"


def _context(key: str, form: str) -> str:
    return f"{key}.{form}" if form else key


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    for name, value in table.items():
        if isinstance(value, str):
            found.append((f"{prefix}{name}", {"": value}))
        elif not isinstance(value, Mapping):
            raise ConfigurationError([f"{prefix}{name} should be a sentence in quotes, or a table of its forms"])
        elif value and value.keys() <= _FORMS and all(isinstance(form, str) for form in value.values()):
            found.append((f"{prefix}{name}", value))
        else:
            found += _flat(value, f"{prefix}{name}.")
    return found


_TABLE = tomllib.loads((files("dunning.language") / "english.toml").read_text(encoding="utf-8"))
ENGLISH = Sentences(_TABLE)


@cache
def sentences_in(language: str) -> Sentences:
    """Return our sentences in one of our languages."""
    return Sentences(_TABLE, language, load_translations(language))
