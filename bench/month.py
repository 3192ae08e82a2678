"""A month of an account, at random: what people, Paddle, mail servers and operators do, and what is mailed."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from functools import partial

from bench.deadly import REDRIVEN_AFTER, Deadly
from bench.forbidden import Forbidden, Said
from bench.lives import DAY, Life
from cli.plan.simulate.paddle import Happening
from cli.plan.simulate.rehearsal import WEBHOOK_TAKES, quietly
from cli.plan.simulate.timeless import run
from cli.plan.simulate.unwritten import Slip, Unwritten
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.about import read_about
from dunning.errors import OperatorMustActError, TransientError
from dunning.paddle.events import AdjustmentFacts
from dunning.reasons import HoldWord
from dunning.rules.campaign import Campaign, SendBetween
from dunning.rules.delivery import FINAL, DeliveryState
from dunning.store.reconciling import KEEP_TURN
from worker.chance import Chance
from worker.mail.transport import Outcome, Result
from worker.reconcile.debts import CLOSED, OPENED
from worker.reconcile.events import MISSED

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
# More than one, so that a batch also holds cases that have nothing to do with each other.
CUSTOMERS = 5
BEFORE = BEGAN - timedelta(minutes=1)
# The last debt fails by then, and 35 days later its case has ended, whatever webhooks were lost.
LAST_DEBT = 14 * DAY
LASTS = LAST_DEBT + 36 * DAY
# Every ten minutes would be too often for a million months: it is now and then, at any moment. No pause is longer than
# three days: an event is read again until it is a day old, and is known for four.
RECONCILED_EVERY, RECONCILED_AFTER_AT_MOST = 2 * DAY, timedelta(days=2, hours=22)
HOURS = SendBetween(time(8), time(18))
# The first of these many cases in an hour is too many for the breaker.
NONE_AT_ALL = 0
# For how long Paddle refuses a key that was revoked, and whoever has called too often.
LOCKED_OUT = timedelta(minutes=10)
TOO_MANY_CALLS = timedelta(seconds=30)


def play_chunk(seed: int, cases: int) -> Counter[str]:
    """Play so many cases; the same seed plays the same."""
    return run(_play_cases(seed, cases))


async def _play_cases(seed: int, cases: int) -> Counter[str]:
    rng = random.Random(seed)  # noqa: S311 - it is to be the same each time
    (campaign,) = parse_campaigns(shipped(), "default.toml")
    campaigns = [campaign, replace(campaign, send_between=HOURS)]
    counts: Counter[str] = Counter()
    with quietly():
        while counts["cases"] < cases:
            await Month(rng, rng.choice(campaigns), counts).play()
    return counts


class Month:
    """A month of an account's customers, each with one case or several."""

    def __init__(self, rng: random.Random, campaign: Campaign, counts: Counter[str]) -> None:
        self._rng = rng
        self._counts = counts
        self._arrived: Counter[str] = Counter()
        self._heard: set[str] = set()
        """The events that were told of, by webhook or by reconciling."""
        self._broken_until = self._deaf_until = self._locked_until = BEGAN
        self._breaks_at_once = rng.random() < 0.05  # noqa: PLR2004 - one in twenty has a breaker that lets none through
        self._rehearsal = Deadly(
            BEGAN,
            [campaign],
            Unwritten(),
            lambda _clock: self,
            chance=Chance(rng),
            hear=self._hear,
            trouble=self._trouble,
            travel=self._travel,
            lasts=LASTS,
            breaker=NONE_AT_ALL if self._breaks_at_once else "auto",
        )
        self._rehearsal.met = counts
        between = campaign.send_between
        self._forbidden = Forbidden(self._rehearsal.paddle, (between.opens, between.closes) if between else None)
        self._lives = [Life(number, rng, self._rehearsal, self._forbidden) for number in range(CUSTOMERS)]

    @property
    def idempotent(self) -> bool:
        """The mail server knows no keys."""
        return False

    async def play(self) -> None:
        """Play it, and count what came of it."""
        rng = self._rng
        for life in self._lives:
            life.begin()
        if rng.random() < 0.1:  # noqa: PLR2004 - one in ten has days without mail, for one reason or another
            self._rehearsal.plan(BEGAN + 20 * DAY * rng.random(), rng.choice([self._pause, self._break]))
        if self._breaks_at_once:
            self._rehearsal.plan(BEGAN + timedelta(hours=1) + 6 * DAY * rng.random(), self._resume_again)
        if rng.random() < 0.2:  # noqa: PLR2004 - one in five has days without webhooks, half of them from the beginning
            deaf_from = rng.choice([BEFORE, BEGAN + 20 * DAY * rng.random()])
            self._rehearsal.plan(deaf_from, self._go_deaf)
        if rng.random() < 0.5:  # noqa: PLR2004 - half are without: the look before each mail has to be enough by itself
            self._begin_reconciling()
        await self._rehearsal.play()
        self._counts.update({name: self._rehearsal.store.kept.counts[name] for name in (MISSED, OPENED, CLOSED)})
        for kept in self._rehearsal.store.kept.cases.values():
            case = kept.case
            self._counts["cases"] += 1
            self._counts["open"] += case.is_open
            self._counts["untold"] += sum(
                not (delivery.state in FINAL or delivery.state is DeliveryState.UNKNOWN) or not delivery.reason
                for delivery in case.deliveries.values()
            )

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Take a mail, and count it as wrong if it is."""
        if self._rehearsal.now < self._broken_until:
            return Result(Outcome.TRY_AGAIN, "smtp_451")
        ended = self._rng.random()
        if ended < 0.01:  # noqa: PLR2004 - one in a hundred each
            return Result(Outcome.TRY_AGAIN, "smtp_rcpt_451")
        if not await before_data():
            return Result(Outcome.ABANDONED, "abandoned_before_data")
        refused = ended < 0.02  # noqa: PLR2004 - same
        self._judge(mail, recipient, key, arrives=not refused)
        if refused:
            return Result(Outcome.REFUSED, "smtp_550")
        self._arrived[key] += 1
        if ended < 0.03:  # noqa: PLR2004 - same
            return Result(Outcome.UNKNOWN, "eof_after_data")
        return Result(Outcome.SENT, "smtp_250")

    async def probe(self) -> frozenset[str]:
        """Show nothing: there is nothing to mend."""
        return frozenset()

    async def close(self) -> None:
        """Nothing is kept open."""

    def _judge(self, mail: EmailMessage, recipient: str, key: str, *, arrives: bool) -> None:
        assert isinstance(mail, Slip)  # noqa: S101 - Unwritten gives no other
        case_id, _, step = key.partition(".")
        blocks = {read_about(debt.link) or "": len(debt.further) for debt in (mail.facts, *mail.facts.others)}
        wrong = self._forbidden.why(Said(self._rehearsal.now, step, recipient, tuple(blocks), blocks), arrives=arrives)
        self._counts["mails"] += 1
        self._counts["wrong"] += bool(wrong)
        for why in wrong:
            self._counts[f"wrong: {why.partition(':')[0]}"] += 1
        repeated = self._rehearsal.store.kept.cases[case_id].case.delivery(step).unknowns
        self._counts["unflagged"] += bool(self._arrived[key]) and not repeated

    async def _pause(self, now: datetime) -> None:
        """Let an operator pause all mail for some days."""
        await self._rehearsal.store.brakes.pause(None, "by_operator", now)
        self._rehearsal.plan(now + 6 * DAY * self._rng.random(), self._resume)

    async def _resume(self, now: datetime) -> None:
        """Let an operator take off a pause, whoever put it on."""
        await self._rehearsal.store.brakes.resume(None, now)

    async def _resume_again(self, now: datetime) -> None:
        """Likewise, and again some days later: the breaker may trip more than once."""
        await self._resume(now)
        if now < self._rehearsal.began + 14 * DAY:
            self._rehearsal.plan(now + DAY + 5 * DAY * self._rng.random(), self._resume_again)

    def _break(self, now: datetime) -> None:
        """Let mail server and Paddle be away for some days."""
        self._broken_until = now + 6 * DAY * self._rng.random()

    def _go_deaf(self, now: datetime) -> None:
        """Let every webhook be lost for some days."""
        self._deaf_until = now + 10 * DAY * self._rng.random()

    def _begin_reconciling(self) -> None:
        """Reconcile from before the first failure. Half of the accounts have an event by then to read on from."""
        if self._rng.random() < 0.5:  # noqa: PLR2004 - half
            self._rehearsal.paddle.schedule(self._lives[0].subscriptions[0], None, BEGAN - DAY)
        self._rehearsal.plan(BEFORE, self._reconcile_on)

    async def _reconcile_on(self, now: datetime) -> None:
        """Reconcile, and do so again as long as there may be anything to find."""
        await self._reconcile(now)
        paddle, cases = self._rehearsal.paddle, self._rehearsal.store.kept.of_customer
        if now < BEGAN + LAST_DEBT or any(map(paddle.debts, paddle.subscriptions)) or any(cases.values()):
            pause = min(RECONCILED_EVERY * self._rng.expovariate(1), RECONCILED_AFTER_AT_MOST)
            self._rehearsal.plan(now + pause, self._reconcile_on)

    async def _reconcile(self, now: datetime) -> None:
        """Reconcile, and if something goes wrong, do so again when the turn is free, whoever died over it."""
        if not await self._rehearsal.reconcile():
            self._rehearsal.plan(now + KEEP_TURN * (1 + self._rng.random()), self._reconcile)
        kept = self._rehearsal.store.kept
        for one in self._rehearsal.paddle.happenings:
            if one.id not in self._heard and (one.id in kept.inbox or one.id in kept.handled):
                self._hear(one)

    def _trouble(self) -> None:
        now, what = self._rehearsal.now, self._rng.random()
        if what < 0.01:  # noqa: PLR2004 - one call in a hundred, the first of several
            self._locked_until = max(self._locked_until, now + LOCKED_OUT * self._rng.random())
        if now < self._locked_until:
            raise OperatorMustActError("Paddle refuses the API key.", hold=HoldWord.PADDLE_KEY)
        if what > 0.99:  # noqa: PLR2004 - one call in a hundred
            self._rehearsal.store.limiter.on_hold.add("api", TOO_MANY_CALLS)
            raise TransientError("Paddle answered GET /transactions with 429, too many calls.")
        if now < self._broken_until and self._rng.random() < 0.5:  # noqa: PLR2004 - half of them
            raise TransientError("Paddle answered GET /transactions with 503.")

    def _hear(self, happening: Happening) -> None:
        self._heard.add(happening.id)
        facts = happening.event.facts if happening.event else None
        if isinstance(facts, AdjustmentFacts) and facts.subscription_id:
            # By then it is handled, whoever died over it.
            handled = partial(self._dispute, facts.subscription_id, happening.at)
            self._rehearsal.plan(self._rehearsal.now + 2 * REDRIVEN_AFTER, handled)

    def _dispute(self, subscription_id: str, disputed_at: datetime, _now: datetime) -> None:
        before = self._forbidden.disputed.get(subscription_id, disputed_at)
        self._forbidden.disputed[subscription_id] = max(before, disputed_at)

    def _travel(self, _happening: Happening) -> Sequence[timedelta]:
        """Lose one webhook in fifty, bring one late, for up to three days, and one twice."""
        what = self._rng.random()
        if what < 0.02 or self._rehearsal.now < self._deaf_until:  # noqa: PLR2004 - one in fifty each
            return ()
        if what < 0.04:  # noqa: PLR2004 - same
            return (3 * DAY * self._rng.random(),)
        if what < 0.06:  # noqa: PLR2004 - same
            return (WEBHOOK_TAKES, 3 * DAY * self._rng.random())
        return (WEBHOOK_TAKES,)
