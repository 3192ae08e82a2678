"""Read the campaign file: TOML in, a campaign out, or every problem at once with the line it is on."""

import re
import reprlib
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from importlib import resources
from itertools import pairwise
from typing import TypeVar

from dunning.campaign import Campaign, FinalAction, GivesUp, Step, Trigger
from dunning.case import OPEN_FOR
from dunning.declines import DeclineClass
from dunning.durations import format_duration, parse_duration
from dunning.errors import ConfigurationError
from dunning.toml_lines import KeyPath, TomlLines, syntax_problem

# Names end up in Redis keys, Message-IDs and metrics, and those of templates in file names.
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)
Table = Mapping[str, object]


def shipped() -> str:
    """Return the text of the campaign file that is used when the operator gives none."""
    return resources.files("dunning").joinpath("campaigns", "default.toml").read_text(encoding="utf-8")


def parse_campaigns(text: str, filename: str) -> tuple[Campaign, ...]:
    """Read the campaigns of a file: exactly one, for now.

    Raises:
        ConfigurationError: Something in the file is wrong or not known. Each problem begins with `file:line:`.
    """
    try:
        document = tomllib.loads(text)
        reader = _Reader(TomlLines(text))
    except tomllib.TOMLDecodeError as error:
        line, what = syntax_problem(text, error)
        hint = 'texts and durations should stand in quotes, such as after = "3d"'
        raise ConfigurationError([f"{filename}:{line}: not valid TOML: {what}; {hint}"]) from None
    except RecursionError:
        what = "something in this file nests too deep; it should have one [campaign.NAME]"
        raise ConfigurationError([f"{filename}:1: {what}"]) from None
    campaigns = reader.campaigns(document)
    if reader.problems:
        raise ConfigurationError([f"{filename}:{line}: {what}" for line, what in sorted(reader.problems)])
    return campaigns


class _Reader:
    """Reads a file's values. What is wrong is noted and read as None, so that all of it is told at once.

    A method that reads takes a value and the path to it, which is how its line is found.
    """

    def __init__(self, lines: TomlLines) -> None:
        self.problems: list[tuple[int, str]] = []
        self._lines = lines

    def campaigns(self, document: Table) -> tuple[Campaign, ...]:
        root = self._table(document, (), "the file should have one [campaign.NAME]", required=["campaign"])
        return self._read(root, (), "campaign", self._named) or ()

    def _named(self, value: object, path: KeyPath) -> tuple[Campaign, ...]:
        if not isinstance(value, dict) or not value:
            self._note(path, "no campaign here; the file should have one [campaign.NAME]")
            return ()
        for name in list(value)[1:]:
            self._note((*path, name), f"{name!r} is a second campaign; the file should have one, for now")
        campaigns = [self._campaign(table, (*path, name)) for name, table in value.items()]
        return tuple(campaign for campaign in campaigns if campaign is not None)

    def _campaign(self, value: object, path: KeyPath) -> Campaign | None:
        name = self._name(path[-1], path)
        shape = "[campaign.NAME] should have on and [[campaign.NAME.step]], and may have gives_up"
        table = self._table(value, path, shape, required=["on", "step"], optional=["gives_up"])
        on = self._read(table, path, "on", self._trigger)
        gives_up = self._read(table, path, "gives_up", self._gives_up)
        steps = self._read(table, path, "step", self._steps)
        if gives_up is not None and steps is not None:
            self._check_end(gives_up, steps, path)
        if name is None or on is None or steps is None:
            return None
        return Campaign(name=name, on=on, steps=steps, gives_up=gives_up)

    def _steps(self, value: object, path: KeyPath) -> tuple[Step, ...] | None:
        if not isinstance(value, list) or not value:
            # A single pair of brackets is the likeliest slip, and it makes one table of what should be a list.
            self._note(path, "no list of steps; each should be headed [[campaign.NAME.step]], in two brackets")
            return None
        self._check_names(value, path)
        read = [self._step(item, (*path, index)) for index, item in enumerate(value)]
        steps = {index: step for index, step in enumerate(read) if step is not None}
        self._check_times(steps, path)
        return tuple(steps.values()) if len(steps) == len(read) else None

    def _step(self, value: object, path: KeyPath) -> Step | None:
        shape = "a step should have name, after and template"
        table = self._table(value, path, shape, required=["name", "after", "template"])
        name = self._read(table, path, "name", self._name)
        after = self._read(table, path, "after", self._after)
        template = self._read(table, path, "template", self._name)
        if name is None or after is None or template is None:
            return None
        return Step(name=name, after=after, template=template)

    def _gives_up(self, value: object, path: KeyPath) -> GivesUp | None:
        table = self._table(value, path, "gives_up should have after and action", required=["after", "action"])
        after = self._read(table, path, "after", self._duration)
        action = self._read(table, path, "action", self._final_action)
        return None if after is None or action is None else GivesUp(after=after, action=action)

    def _after(self, value: object, path: KeyPath) -> Mapping[DeclineClass, timedelta] | None:
        if isinstance(value, dict):
            classes = [cls.value for cls in DeclineClass]
            table = self._table(value, path, "after should have hard, soft and outage", required=classes)
            read = {cls: self._read(table, path, cls.value, self._duration) for cls in DeclineClass}
        else:
            read = dict.fromkeys(DeclineClass, self._duration(value, path))
        known = {cls: after for cls, after in read.items() if after is not None}
        return known if len(known) == len(DeclineClass) else None

    def _check_names(self, tables: list[object], path: KeyPath) -> None:
        names = [table.get("name") if isinstance(table, dict) else None for table in tables]
        for index, name in enumerate(names):
            if name is not None and name in names[:index]:
                self._note((*path, index, "name"), f"{name!r} is a second step's name; should be a name of its own")

    def _check_times(self, steps: Mapping[int, Step], path: KeyPath) -> None:
        for index, step in steps.items():
            latest = max(step.after.values())
            if latest >= OPEN_FOR:
                what = _due(step, latest, "the failure")
                limit = format_duration(OPEN_FOR)
                self._note((*path, index, "after"), f"{what}; should be earlier than {limit}, when the case closes")
        for (_, earlier), (index, later) in pairwise(steps.items()):
            cls = next((cls for cls in DeclineClass if later.after[cls] <= earlier.after[cls]), None)
            if cls is not None:
                what = _due(later, later.after[cls], f"a {cls} decline")
                limit = format_duration(earlier.after[cls])
                self._note((*path, index, "after"), f"{what}; should be later than {earlier.name!r}, due after {limit}")

    def _check_end(self, gives_up: GivesUp, steps: Sequence[Step], path: KeyPath) -> None:
        for index, step in enumerate(steps):
            latest = max(step.after.values())
            if latest >= gives_up.after:
                what = _due(step, latest, "the failure")
                limit = format_duration(gives_up.after)
                self._note((*path, "step", index, "after"), f"{what}; should be before Paddle gives up, after {limit}")

    def _table(
        self, value: object, path: KeyPath, shape: str, *, required: Collection[str], optional: Collection[str] = ()
    ) -> Table | None:
        """Read a table of these keys. One that is missing because it is misspelled is noted once."""
        if not isinstance(value, dict):
            self._note(path, f"{reprlib.repr(value)} is no table; {shape}")
            return None
        known = [*required, *optional]
        meant = {key: _nearest(key, known) for key in value if key not in known}
        for key, guess in meant.items():
            self._note((*path, key), f"{key!r} is not known here; {shape}{_hint(guess)}")
        for key in required:
            if key not in value and key not in meant.values():
                self._note(path, f"{key!r} is missing; {shape}")
        return value

    def _name(self, value: object, path: KeyPath) -> str | None:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        shape = "should be a letter of a-z, then at most 31 of a-z, 0-9, '-' and '_'"
        self._note(path, f"{reprlib.repr(value)} is no name; {shape}")
        return None

    def _duration(self, value: object, path: KeyPath) -> timedelta | None:
        try:
            return parse_duration(value if isinstance(value, str) else "")
        except ValueError as error:
            self._note(path, f"{reprlib.repr(value)} is no duration; {error}")
            return None

    def _trigger(self, value: object, path: KeyPath) -> Trigger | None:
        return self._word(value, path, Trigger)

    def _final_action(self, value: object, path: KeyPath) -> FinalAction | None:
        return self._word(value, path, FinalAction)

    def _word(self, value: object, path: KeyPath, words: type[Word]) -> Word | None:
        known = {word.value: word for word in words}
        if isinstance(value, str) and value in known:
            return known[value]
        hint = _hint(_nearest(str(value), known))
        self._note(path, f"{reprlib.repr(value)} is not known here; should be {' or '.join(known)}{hint}")
        return None

    def _read(
        self, table: Table | None, path: KeyPath, key: str, read: Callable[[object, KeyPath], Value | None]
    ) -> Value | None:
        """Read the value of `key`, if it is there. Whether it has to be is for `_table` to say."""
        return None if table is None or key not in table else read(table[key], (*path, key))

    def _note(self, path: KeyPath, problem: str) -> None:
        self.problems.append((self._lines.line_of(path), problem))


def _due(step: Step, after: timedelta, since: str) -> str:
    return f"step {step.name!r} is due {format_duration(after)} after {since}"


def _nearest(word: str, known: Collection[str]) -> str | None:
    return next(iter(get_close_matches(word, known, n=1)), None)


def _hint(guess: str | None) -> str:
    return f" (did you mean {guess!r}?)" if guess else ""
