"""Environment variables as operators give them: by value, or by the path of a file that holds the value."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dunning.errors import ConfigurationError

FILE_SUFFIX = "_FILE"

# What Kubernetes gives every pod for each Service beside it:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_\w+)?)")

Model = TypeVar("Model", bound=BaseModel)


class WrongBesideError(ValueError):
    """What is read beside a variable shows that this other one is wrong."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


class VariableReader:
    """Reads variables into pydantic models. What is wrong is noted, so that all of it is told at once."""

    def __init__(
        self, environ: Mapping[str, str], prefix: str, known: Sequence[str], *, also: Sequence[str] = ()
    ) -> None:
        """Read from `environ`; `known` says in which order problems are told, and `also` is told after them."""
        self.given: dict[str, str] = {}
        self.problems: list[tuple[str, str]] = []
        self._environ = environ
        self._prefix = prefix
        self._known = known
        self._also = also

    def note_unknown(self, like: str = "") -> None:
        """Note each unknown variable that has the prefix; with `like`, only those that may be a misspelling of it."""
        for name, sentence in unknown_variables(self._environ, self._prefix, self._known):
            if like in sentence:
                self.note(name, sentence)

    def read(self, model: type[Model]) -> Model | None:
        """Return the variables that `model` declares, or None if one of them is wrong.

        Its fields have the variable's name as alias, and as description what the value should be.
        """
        fields = {str(field.alias): field for field in model.model_fields.values()}
        unreadable = set()
        for name in fields:
            try:
                value = read_variable(self._environ, name)
            except ValueError as error:
                self.note(name, str(error))
                unreadable.add(name)
            else:
                if value is not None:
                    self.given[name] = value
        try:
            return model.model_validate(self.given)
        except ValidationError as error:
            for detail in error.errors(include_input=False, include_url=False):
                place = str(detail["loc"][0])  # the alias, or for a default that is wrong the field itself
                name = place if place in fields else str(model.model_fields[place].alias)
                if name not in unreadable:
                    wrong = detail["ctx"]["error"] if "ctx" in detail else "it is missing"
                    if isinstance(wrong, WrongBesideError):
                        name = wrong.name
                    self.note(name, f"{wrong}; it should be {fields[name].description}")
            return None

    def read_whole(self, model: type[Model]) -> Model:
        """Read the variables that the model names.

        Raises:
            ConfigurationError: with all that was noted, a line for each.
        """
        variables = self.read(model)
        if variables is None or self.problems:
            raise self.error()
        return variables

    def require(self, name: str, should_be: str) -> None:
        """Note a variable that has no value."""
        if name not in self.given and name not in {noted for noted, _ in self.problems}:
            self.note(name, f"it is missing; it should be {should_be}")

    def note(self, name: str, sentence: str) -> None:
        """Note what is wrong with a variable. The sentence holds no value."""
        self.problems.append((name, sentence))

    def error(self) -> ConfigurationError:
        """Return what was noted, in the order of the variables known and the others last."""
        order = {name: place for place, name in enumerate(self._known)}
        ordered = sorted(self.problems, key=lambda problem: order.get(problem[0], len(order)))
        return ConfigurationError([*(f"{name}: {sentence}" for name, sentence in ordered), *self._also])


def read_variable(environ: Mapping[str, str], name: str) -> str | None:
    """Return the value of a variable, or None if it is missing or empty. Space around a value is no part of it.

    Raises:
        ValueError: it is given twice, or its file can't be used. The text says what it should be.
    """
    value, path = environ.get(name, "").strip(), environ.get(name + FILE_SUFFIX, "").strip()
    if not path:
        return value or None
    if value:
        raise ValueError(f"it is given twice; it should be given as {name} or as {name}{FILE_SUFFIX}, not as both")
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        why = f"can't be read ({error.strerror})"
    except ValueError:
        why = "is not UTF-8 text"
    else:
        if value:
            return value
        why = "is empty"
    raise ValueError(f"the file that {name}{FILE_SUFFIX} names {why}; it should hold the value and nothing else")


def unknown_variables(environ: Mapping[str, str], prefix: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each variable that has the prefix and no meaning, and what it should be."""
    names = {name for variable in known for name in (variable, variable + FILE_SUFFIX)}
    for name in sorted(environ):
        if name.startswith(prefix) and name not in names:
            (nearest,) = get_close_matches(name, sorted(names), n=1, cutoff=0.0)
            sentence = f"it is not known; it should perhaps be {nearest}"
            if _SERVICE_LINK.fullmatch(name):
                sentence += ", or Kubernetes made it, and the pod should have enableServiceLinks: false"
            yield name, sentence
