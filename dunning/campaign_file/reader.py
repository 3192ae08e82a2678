"""Read the campaign file: TOML in, campaigns and brands out, or every problem at once with the line it is on."""

import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources

from dunning.brands.brand import NO_BRANDS, Brands
from dunning.campaign_file.brand_reader import read_brands
from dunning.campaign_file.toml_lines import KeyPath, TomlLines, syntax_problem
from dunning.campaign_file.toml_values import TomlValues, shown
from dunning.campaign_file.whens import read_when, takers
from dunning.durations import format_duration, parse_duration
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign, FinalAction, GivesUp, SendBetween, Step, When
from dunning.rules.case import OPEN_FOR
from dunning.rules.declines import DeclineClass
from dunning.rules.hold_out import parse_share
from dunning.rules.sending_hours import format_time_of_day, parse_time_of_day
from dunning.rules.triggers import Trigger

# Python reads no number of more digits.
_ENDLESS = re.compile(r"[0-9][0-9_]{4299,}")
_FILE = "the file should have a [campaign.NAME], and may have a [brand]"
_CAMPAIGN = (
    "[campaign.NAME] should have on and [[campaign.NAME.step]], and may have when, send_between, hold_out and gives_up"
)
_HOURS = 'send_between should be two times of day, such as ["08:00", "18:00"]'


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """What a campaign file says: the campaigns in the order in which they are chosen from, and the brands."""

    campaigns: tuple[Campaign, ...]
    brands: Brands


def shipped() -> str:
    """Return the text of the campaign file that is used when the operator gives none."""
    return resources.files("dunning").joinpath("campaigns", "default.toml").read_text(encoding="utf-8")


def parse_campaigns(text: str, filename: str) -> tuple[Campaign, ...]:
    """Read the campaigns of a file; see `parse_campaign_file`.

    Raises:
        ConfigurationError: Something in the file is wrong or not known.
    """
    return parse_campaign_file(text, filename).campaigns


def parse_campaign_file(text: str, filename: str) -> CampaignFile:
    """Read all that a file says. One that says nothing but a brand has the shipped campaigns.

    Raises:
        ConfigurationError: Something in the file is wrong or not known. Each problem begins with `file:line:`.
    """
    text = text.removeprefix("\ufeff")  # which some editors write before all UTF-8
    try:
        document = tomllib.loads(text)
        values = TomlValues(TomlLines(text))
    except tomllib.TOMLDecodeError as error:
        line, what = syntax_problem(text, error)
        hint = 'texts, times and durations should stand in quotes, such as after = "3d"'
        raise ConfigurationError([f"{filename}:{line}: not valid TOML: {what}; {hint}"]) from None
    except ValueError:
        line = 1 + _ENDLESS.split(text, maxsplit=1)[0].count("\n")
        raise ConfigurationError([f"{filename}:{line}: a number has too many digits; {_FILE}"]) from None
    except RecursionError:
        raise ConfigurationError([f"{filename}:1: something in this file nests too deep; {_FILE}"]) from None
    root = values.table(
        document, (), _FILE, required=[] if document.keys() == {"brand"} else ["campaign"], optional=["brand"]
    )
    campaigns = values.read(root, (), "campaign", _Reader(values).campaigns)
    brands = values.read(root, (), "brand", lambda value, path: read_brands(values, value, path))
    if values.problems:
        raise ConfigurationError([f"{filename}:{line}: {what}" for line, what in sorted(values.problems)])
    return CampaignFile(campaigns or parse_campaigns(shipped(), "default.toml"), brands or NO_BRANDS)


class _Reader:
    """Reads a campaign file. Each method takes a value and the path to it, and returns None if something is wrong."""

    def __init__(self, values: TomlValues) -> None:
        self._values = values

    def campaigns(self, value: object, path: KeyPath) -> tuple[Campaign, ...]:
        if not isinstance(value, dict) or not value:
            self._values.note(path, f"no campaign here; {_FILE}")
            return ()
        read = [self._campaign(table, (*path, name)) for name, table in value.items()]
        campaigns = tuple(campaign for campaign in read if campaign is not None)
        for index, campaign in enumerate(campaigns):
            self._check_choice(campaign, campaigns[:index], path)
        return campaigns

    def _campaign(self, value: object, path: KeyPath) -> Campaign | None:
        values = self._values
        name = values.name(path[-1], path)
        optional = ["when", "send_between", "hold_out", "gives_up"]
        table = values.table(value, path, _CAMPAIGN, required=["on", "step"], optional=optional)
        on = values.read(table, path, "on", self._trigger)
        when = values.read(table, path, "when", self._when) if table and "when" in table else When()
        send_between = values.read(table, path, "send_between", self._send_between)
        hold_out = values.read(table, path, "hold_out", self._hold_out)
        gives_up = values.read(table, path, "gives_up", self._gives_up)
        steps = values.read(table, path, "step", self._steps)
        if gives_up is not None and steps is not None:
            self._check_end(gives_up, steps, path)
        if name is None or on is None or when is None or steps is None:
            return None
        return Campaign(
            name=name,
            on=on,
            steps=steps,
            gives_up=gives_up,
            when=when,
            send_between=send_between,
            hold_out=hold_out or 0,
        )

    def _when(self, value: object, path: KeyPath) -> When | None:
        return read_when(self._values, value, path)

    def _send_between(self, value: object, path: KeyPath) -> SendBetween | None:
        match value:
            case [first, second]:
                opens, closes = (
                    self._values.parsed(item, (*path, index), parse_time_of_day, "time of day")
                    for index, item in enumerate((first, second))
                )
            case _:
                self._values.note(path, f"{shown(value)} is no pair of times; {_HOURS}")
                return None
        if opens is None or closes is None:
            return None
        if opens >= closes:
            what = f"{format_time_of_day(opens)} is not before {format_time_of_day(closes)}"
            self._values.note(path, f"{what}; should open and close on one day, at 24:00 at the latest")
            return None
        return SendBetween(opens=opens, closes=closes)

    def _hold_out(self, value: object, path: KeyPath) -> int | None:
        return self._values.parsed(value, path, parse_share, "share")

    def _steps(self, value: object, path: KeyPath) -> tuple[Step, ...] | None:
        if not isinstance(value, list) or not value:
            # The likeliest mistake is a single pair of brackets. It makes a table where there should be a list.
            self._values.note(path, "no list of steps; each should be headed [[campaign.NAME.step]], in two brackets")
            return None
        self._check_names(value, path)
        read = [self._step(item, (*path, index)) for index, item in enumerate(value)]
        steps = {index: step for index, step in enumerate(read) if step is not None}
        self._check_times(steps, path)
        return tuple(steps.values()) if len(steps) == len(read) else None

    def _step(self, value: object, path: KeyPath) -> Step | None:
        shape = "a step should have name, after and template"
        table = self._values.table(value, path, shape, required=["name", "after", "template"])
        name = self._values.read(table, path, "name", self._values.name)
        after = self._values.read(table, path, "after", self._after)
        template = self._values.read(table, path, "template", self._values.name)
        if name is None or after is None or template is None:
            return None
        return Step(name=name, after=after, template=template)

    def _gives_up(self, value: object, path: KeyPath) -> GivesUp | None:
        shape = "gives_up should have after and action"
        table = self._values.table(value, path, shape, required=["after", "action"])
        after = self._values.read(table, path, "after", self._duration)
        action = self._values.read(table, path, "action", self._final_action)
        return None if after is None or action is None else GivesUp(after=after, action=action)

    def _after(self, value: object, path: KeyPath) -> Mapping[DeclineClass, timedelta] | None:
        if isinstance(value, dict):
            classes = [cls.value for cls in DeclineClass]
            table = self._values.table(value, path, "after should have hard, soft and outage", required=classes)
            read = {cls: self._values.read(table, path, cls.value, self._duration) for cls in DeclineClass}
        else:
            read = dict.fromkeys(DeclineClass, self._duration(value, path))
        known = {cls: after for cls, after in read.items() if after is not None}
        return known if len(known) == len(DeclineClass) else None

    def _duration(self, value: object, path: KeyPath) -> timedelta | None:
        return self._values.parsed(value, path, parse_duration, "duration")

    def _trigger(self, value: object, path: KeyPath) -> Trigger | None:
        return self._values.word(value, path, Trigger)

    def _final_action(self, value: object, path: KeyPath) -> FinalAction | None:
        return self._values.word(value, path, FinalAction)

    def _check_choice(self, campaign: Campaign, earlier: Sequence[Campaign], path: KeyPath) -> None:
        same = [(one.name, one.when) for one in earlier if one.on is campaign.on]
        found = takers(campaign.when, same)
        if found:
            what = f"{campaign.name!r} is never chosen: every debt it fits goes to {' and '.join(map(repr, found))}"
            place = (*path, campaign.name, "when")
            self._values.note(place, f"{what} before it; should stand first, or ask for something else in when")

    def _check_names(self, tables: list[object], path: KeyPath) -> None:
        names = [table.get("name") if isinstance(table, dict) else None for table in tables]
        for index, name in enumerate(names):
            if name is not None and name in names[:index]:
                what = f"{name!r} is a second step's name; should be a name of its own"
                self._values.note((*path, index, "name"), what)

    def _check_times(self, steps: Mapping[int, Step], path: KeyPath) -> None:
        for index, step in steps.items():
            latest = max(step.after.values())
            if latest >= OPEN_FOR:
                what = f"{_due(step, latest, 'the failure')}; should be earlier than {format_duration(OPEN_FOR)}"
                self._values.note((*path, index, "after"), f"{what}, when the case closes")
        for (_, earlier), (index, later) in itertools.pairwise(steps.items()):
            cls = next((cls for cls in DeclineClass if later.after[cls] <= earlier.after[cls]), None)
            if cls is not None:
                what = _due(later, later.after[cls], f"a {cls} decline")
                limit = f"should be later than {earlier.name!r}, due after {format_duration(earlier.after[cls])}"
                self._values.note((*path, index, "after"), f"{what}; {limit}")

    def _check_end(self, gives_up: GivesUp, steps: Sequence[Step], path: KeyPath) -> None:
        for index, step in enumerate(steps):
            latest = max(step.after.values())
            if latest >= gives_up.after:
                what = f"{_due(step, latest, 'the failure')}; should be before Paddle gives up"
                self._values.note((*path, "step", index, "after"), f"{what}, after {format_duration(gives_up.after)}")


def _due(step: Step, after: timedelta, since: str) -> str:
    return f"step {step.name!r} is due {format_duration(after)} after {since}"
