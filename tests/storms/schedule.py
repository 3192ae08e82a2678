"""A storm as data: what customers do, and what goes wrong meanwhile, all drawn from one seed.

Times are seconds after the storm began. The faults come in its first half minute; the customers' lives go on for some
minutes. The lives depend on the seed alone, so the same lives are lived when faults are left out.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

# While faults come, and until the last customer has done the last thing.
STORM_SECONDS = 30.0
LIVES_SECONDS = 300.0
# When each step is due after the failure: the first amid the storm, the others when it is over.
STEPS = {"first": 0.0, "second": 90.0, "third": 240.0}
CAMPAIGN = '[campaign.renewal]\non = "renewal_failed"\n' + "".join(
    f'\n[[campaign.renewal.step]]\nname = "{name}"\nafter = "{after:.0f}s"\ntemplate = "{template}"\n'
    for (name, after), template in zip(STEPS.items(), ("payment_failed", "reminder", "reminder"), strict=True)
)

CODES = ("expired_card", "not_enough_balance", "issuer_unavailable", "fraud", "a_code_of_tomorrow")


class Kind(StrEnum):
    """What goes wrong."""

    KILL_WORKER = "kill-worker"
    KILL_RECEIVER = "kill-receiver"
    STOP_WORKER = "stop-worker"
    """It stands still (SIGSTOP), and goes on."""
    STOP_RECEIVER = "stop-receiver"
    KILL_REDIS = "kill-redis"
    STOP_REDIS = "stop-redis"
    CUT_REDIS = "cut-redis"
    """Every connection to it is closed, again and again: answers are lost."""
    REFUSE_WRITES = "refuse-writes"
    """Its memory is full."""
    DISK_FULL = "disk-full"
    """Its log can't grow any more, and then it can again."""
    FAIL_OVER = "fail-over"
    """It dies, and a replica takes over that has not heard the last things."""
    TEAR = "tear"
    """It dies, and its log ends too early, in the middle of a command."""
    CLOCK_WORKER = "clock-worker"
    """A worker's clock jumps, and is set right later."""
    CLOCK_RECEIVER = "clock-receiver"
    PADDLE_SLOW = "paddle-slow"
    PADDLE_WRONG = "paddle-wrong"
    PADDLE_LIMITS = "paddle-limits"
    MAIL_CUTS = "mail-cuts"
    """The mail server hangs up, at any place of a conversation."""
    MAIL_REFUSES = "mail-refuses"
    """It has no time now (4xx), at any place of a conversation."""
    WEBHOOKS_LOST = "webhooks-lost"
    WEBHOOKS_LATE = "webhooks-late"
    WEBHOOKS_DOUBLED = "webhooks-doubled"
    CROWD = "crowd"
    """Of one case several things are done at the same time, so that writers collide."""


# What takes the place of Redis, or takes from it what it had acknowledged: one of these in a storm at most.
ONCE = (Kind.FAIL_OVER, Kind.TEAR)
# For how long at most, in seconds. What is not here takes no time by itself.
LONGEST = {
    Kind.STOP_WORKER: 6.0,
    Kind.STOP_RECEIVER: 6.0,
    Kind.STOP_REDIS: 4.0,
    Kind.CUT_REDIS: 4.0,
    Kind.REFUSE_WRITES: 5.0,
    Kind.DISK_FULL: 5.0,
    Kind.FAIL_OVER: 2.0,
    Kind.CLOCK_WORKER: 8.0,
    Kind.CLOCK_RECEIVER: 8.0,
    Kind.PADDLE_SLOW: 8.0,
    Kind.PADDLE_WRONG: 6.0,
    Kind.PADDLE_LIMITS: 6.0,
    Kind.MAIL_CUTS: 8.0,
    Kind.MAIL_REFUSES: 6.0,
    Kind.WEBHOOKS_LOST: 4.0,
    Kind.WEBHOOKS_LATE: 5.0,
    Kind.WEBHOOKS_DOUBLED: 8.0,
    Kind.CROWD: 6.0,
}
FEWEST_FAULTS, MOST_FAULTS = 3, 14


class What(StrEnum):
    """What a customer does, or Paddle does to them."""

    DECLINE = "decline"
    DECLINE_AGAIN = "decline-again"
    """The next renewal of the same subscription."""
    DECLINE_OTHER = "decline-other"
    """A renewal of the customer's other subscription."""
    RETRY = "retry"
    PAY = "pay"
    CANCEL = "cancel"
    PAUSE = "pause"
    SCHEDULE = "schedule"
    """The subscription is to end by itself."""
    ARCHIVE = "archive"
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: when, to which of several, for how long, and how badly (0 to 1)."""

    kind: Kind
    at: float
    target: int = 0
    lasts: float = 0.0
    size: float = 0.0

    @property
    def until(self) -> float:
        """When it is over."""
        return self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a customer does."""

    at: float
    what: What
    code: str = ""


Life = tuple[Act, ...]
"""All that one customer does, in order."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole storm."""

    seed: int
    lives: tuple[Life, ...]
    faults: tuple[Fault, ...]
    rate_limit: int = 200

    def only(self, chosen: Iterable[int]) -> "Schedule":
        """Return it with those of its faults alone that have these places in the list."""
        return replace(self, faults=tuple(self.faults[place] for place in sorted(chosen)))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Schedule":
        """Return what `as_json` told."""
        return cls(
            told["seed"],
            tuple(tuple(Act(one["at"], What(one["what"]), one["code"]) for one in life) for life in told["lives"]),
            tuple(Fault(**{**one, "kind": Kind(one["kind"])}) for one in told["faults"]),
            told["rate_limit"],
        )


def draw(seed: int, cases: int, kinds: Sequence[Kind] = tuple(Kind)) -> Schedule:
    """Draw a storm: so many customers, and some faults of these kinds."""
    lives, chance = (random.Random(f"{seed} {what}") for what in ("lives", "faults"))  # noqa: S311 - no secret
    return Schedule(
        seed,
        tuple(_life(lives) for _ in range(cases)),
        tuple(sorted(_faults(chance, kinds), key=lambda fault: fault.at)),
        lives.choice((60, 120, 200)),
    )


def _faults(chance: random.Random, kinds: Sequence[Kind]) -> list[Fault]:
    faults: list[Fault] = []
    for _ in range(chance.randint(FEWEST_FAULTS, MOST_FAULTS)):
        kind = chance.choice(kinds)
        at, lasts = chance.uniform(0.5, STORM_SECONDS - 8), chance.uniform(0.2, 1) * LONGEST.get(kind, 0)
        drawn = Fault(kind, round(at, 2), chance.randrange(12), round(lasts, 2), round(chance.random(), 3))
        if kind not in ONCE or not any(fault.kind in ONCE for fault in faults):
            faults.append(drawn)
    return faults


def _life(chance: random.Random) -> Life:
    begins = chance.uniform(0, STORM_SECONDS - 10)
    acts = [_act(begins, What.DECLINE, chance.choice(CODES))]

    def then(what: What, soonest: float = 0.2, code: str = "") -> None:
        latest = chance.choice((begins + 6, STORM_SECONDS, LIVES_SECONDS))
        acts.append(_act(chance.uniform(begins + soonest, max(latest, begins + soonest)), what, code))

    for _ in range(chance.choice((0, 0, 1, 2))):
        then(What.RETRY, code=chance.choice(CODES))
    if chance.random() < 0.12:
        then(What.DECLINE_AGAIN, code=chance.choice(CODES))
    if chance.random() < 0.08:
        then(What.DECLINE_OTHER, code=chance.choice(CODES))
    for _ in range(chance.choice((0, 1, 1, 3))):
        then(What.CLICK, soonest=1.0)
    end = chance.choices((What.PAY, What.CANCEL, What.PAUSE, What.SCHEDULE, What.ARCHIVE, None), (50, 12, 6, 3, 3, 26))[
        0
    ]
    if end is not None:
        then(end)
    if end is What.PAY and chance.random() < 0.1:
        then(What.PAY)  # a second debt, where there is one
    return tuple(sorted(acts, key=lambda act: act.at))


def _act(at: float, what: What, code: str = "") -> Act:
    return Act(round(at, 2), what, code)
