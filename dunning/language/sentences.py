"""Whole sentences with names to fill in, by the keys under which they stand in a file."""

import string
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from markupsafe import Markup, escape

from dunning.errors import ConfigurationError

# The forms of a sentence about several payments; the others are about one, or about none.
_OF_SEVERAL = frozenset({"total", "several"})
_FORMS = frozenset({"", "dated", "one", "bare", "named", "branded", "numbered"}) | _OF_SEVERAL


class Sentences:
    """The sentences of one language."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Take them from a table of tables, whose last are sentences, or forms of one."""
        self._forms = dict(_flat(table))

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
                    problems.append(f"{key} has no form {name!r}; it should be {' or '.join(self._forms[key])}")
                problems += [
                    f"{key}: {{{one}}} is not known there; it should be one of {', '.join(sorted(known))}"
                    for one in placeholders(form)
                    if one not in known
                ]
        if problems:
            raise ConfigurationError(problems)
        return self.__class__(self._forms | {key: {**self._forms[key], **forms} for key, forms in own.items()})

    def _may_be_filled_in(self, key: str) -> frozenset[str]:
        """Return what the sentence, or another of the same mail, has filled in."""
        of_mail = key.rpartition(".")[0]
        like_it = [other for other in self._forms if other == key or (other.rpartition(".")[0] == of_mail)]
        return frozenset(name for one in like_it for form in self._forms[one].values() for name in placeholders(form))

    def say(self, key: str, values: Mapping[str, str], *, several: bool = False, html: bool = False) -> str:
        """Say the first form that can be filled, or nothing if none can.

        Args:
            key: such as `mail.reminder.title`.
            values: what to fill in. What is empty isn't known.
            several: whether the sentence is about several payments.
            html: whether it is for HTML: then it is escaped, and what is filled in is kept apart from the direction in
                which the sentence is read.

        Raises:
            KeyError: there is no such sentence.
        """
        for name, form in self._forms[key].items():
            fits = not name or (name in _OF_SEVERAL) is several
            if fits and all(values.get(needed) for needed in placeholders(form)):
                return _fill_html(form, values) if html else form.format_map(values)
        return ""


def placeholders(form: str) -> list[str]:
    """Return the names that a sentence wants filled in, in their order."""
    return [name for _, name, _, _ in string.Formatter().parse(form) if name is not None]


def _fill_html(form: str, values: Mapping[str, str]) -> Markup:
    isolated = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in values.items()}
    return Markup(escape(form)).format_map(isolated)  # noqa: S704 - escaped just here


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


ENGLISH = Sentences(tomllib.loads((files("dunning.language") / "english.toml").read_text(encoding="utf-8")))


def read_own(file: Path) -> Sentences:
    """Return the English sentences with those of a seller's file in place of some. Without the file, they are ours.

    Raises:
        ConfigurationError: the file can't be read, or says what isn't known; each problem names the file.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ENGLISH
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"{file}: it can't be read as TOML: {error}"]) from None
    try:
        return ENGLISH.with_own(table)
    except ConfigurationError as error:
        raise ConfigurationError([f"{file}: {problem}" for problem in error.problems]) from None
