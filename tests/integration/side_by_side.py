"""Both stores side by side: a play of random steps, each taken by both, and a look at whether they said the same."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dunning.errors import OperatorMustActError
from dunning.paddle.events import Event
from dunning.paddle.live import LiveSubscription
from dunning.paddle_api.grants import Grant
from dunning.reasons import HoldWord
from dunning.rules.case import CaseState
from dunning.rules.story import Entry
from dunning.store import DebtWithoutCase, Reconciled, Turn, Way
from tests.integration.at_rest import NOW, a_burial, a_case, customer_of
from tests.integration.events_at_random import CASES, CUSTOMERS, SUBSCRIPTIONS, an_event, subscription_of
from tests.integration.seen_of_a_store import answer, cases_handed_over, counts, events, open_cases
from tests.integration.stores import Hands

CAMPAIGNS = ["renewal", "annual"]
HOLDS = [HoldWord.PADDLE_KEY, HoldWord.MAIL_LOGIN]
PERMISSIONS = ["transaction.read", "customer.read"]
WAYS = [*Way]
# Not one of them is a time to live: where the clock of a Redis stands to the millisecond, nobody can tell.
LAPSES = [timedelta(milliseconds=seconds * 1000 + 500) for seconds in (0, 7, 16, 31, 61, 601, 1501, 3601)]
LAPSES += [timedelta(days=days, minutes=1) for days in (1, 4, 36, 91)]
COUNTS = ["deliveries_sent", "paddle_reads", "cases_opened"]


class Both:
    """The two stores, with one agenda: each step is done to both, and what they say is compared."""

    def __init__(self, redis: Hands, memory: Hands, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same plays each time
        self.both = (redis, memory)
        self.now = NOW
        self.events: list[Event] = []
        self.grants: list[tuple[Grant, Grant]] = []
        self.turns: list[tuple[Turn, Turn]] = []
        self.played: list[str] = []

    async def ask(self, what: Callable[[Hands], Awaitable[Any]], said: str) -> tuple[Any, Any]:
        """Do the same to both, compare what they say, and give the two answers."""
        if said:
            self.played.append(f"{self.now:%d %H:%M:%S} {said}")
        answers = [await answer(what(one)) for one in self.both]
        assert answers[0] == answers[1], "\n".join([*self.played[-40:], f"{said or what}"])
        return answers[0], answers[1]

    async def tell(self, part: str, method: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - any method
        """Call the same method of both."""

        async def call(hands: Hands) -> Any:  # noqa: ANN401 - as above
            return await getattr(getattr(hands.store, part), method)(*args, **options)

        return (await self.ask(call, f"{part}.{method} {args} {options}"))[0]

    async def look(self, part: str, method: str, *args: object) -> None:
        """Call a method of both that only reads."""

        async def call(hands: Hands) -> object:
            return f"{part}.{method} {args}", await getattr(getattr(hands.store, part), method)(*args)

        await self.ask(call, "")

    def some(self, among: Sequence[str]) -> list[str]:
        return self.chance.sample(among, self.chance.randint(0, len(among)))

    def soon(self) -> datetime:
        """Give a moment about now, with a fraction of a millisecond."""
        return self.now + timedelta(microseconds=self.chance.choice([-60_000_000, -1, 0, 1, 999, 1_000, 90_000_000]))

    async def step(self) -> None:
        await getattr(self, self.chance.choice(STEPS))()

    async def time_passes(self) -> None:
        lapse = self.chance.choice(LAPSES)
        self.played.append(f"{lapse} pass")
        self.now += lapse
        for hands in self.both:
            await hands.let_pass(lapse)
        if lapse > timedelta(hours=2):
            await self.jobs_are_lost()  # no job waits for so long, and what it carries is forgotten after weeks

    async def jobs_are_lost(self) -> None:
        self.played.append("jobs are lost")
        for hands in self.both:
            await hands.lose_jobs()

    async def a_case_is_written(self) -> None:
        case_id = self.chance.choice(CASES)
        (found,) = await self.tell("cases", "read_versioned", [case_id])
        case = found.case or a_case(case_id, subscription=subscription_of(case_id))
        if case.is_open and self.chance.random() < 0.5:
            case = case.end(self.chance.choice([*CaseState][1:]), "for a test", self.now)
        await self.tell(
            "cases",
            "commit",
            case,
            found.revision + self.chance.choice([0, 0, 0, 0, 1]),
            due_at=self.chance.choice([None, self.soon()]),
            now=self.now,
            late_since=self.chance.choice([None, self.soon()]),
            story=[Entry.prose("a line")],
            counts=self.some(COUNTS),
            event_id=self.chance.choice([None, *(event.id for event in self.events)]),
            opened_by=self.soon() if found.case is None and self.chance.random() < 0.7 else None,
            counts_as_new=self.chance.random() < 0.7,
        )

    async def a_case_is_noted(self) -> None:
        await self.tell("cases", "note", self.chance.choice(CASES), Entry.prose("noted"), self.now)

    async def an_event_comes(self) -> None:
        event = self.chance.choice([an_event(self.chance, len(self.events), self.soon()), *self.events[-6:]])
        self.events.append(event)
        await self.tell("inbox", "accept", event, self.now)

    async def an_event_ends(self) -> None:
        if self.events:
            event = self.chance.choice(self.events)
            match self.chance.randint(0, 2):
                case 0:
                    await self.tell("inbox", "mark_handled", event.id)
                case 1:
                    await self.tell("inbox", "give_up", event.id, "fault", self.now)
                case _:
                    await self.tell("inbox", "bury", a_burial(event.id), self.now)

    async def what_waits_is_driven_again(self) -> None:
        await self.tell("inbox", "redrive", self.now)

    async def a_sweep(self) -> None:
        most_opened = self.chance.choice([None, None, 0, 1, 5])
        await self.tell("due", "sweep", self.now, calls_per_case=self.chance.choice([0, 0, 1]), most_opened=most_opened)

    async def a_case_is_moved(self) -> None:
        some = self.some(CASES)
        match self.chance.randint(0, 2):
            case 0:
                await self.tell("due", "put_back", some, self.soon(), on_time=self.chance.random() < 0.5)
            case 1:
                await self.tell("due", "forget", self.chance.choice(CASES), self.chance.randint(0, 2))
            case _:
                await self.tell("brakes", "park", self.chance.choice(CAMPAIGNS), some, self.soon())

    async def an_operator_pauses(self) -> None:
        why = self.chance.choice(["operator", 'says "breaker: off"', "breaker: by hand"])
        await self.tell("brakes", "pause", self.chance.choice([None, *CAMPAIGNS]), why, self.soon())

    async def an_operator_resumes(self) -> None:
        await self.tell("brakes", "resume", self.chance.choice([None, *CAMPAIGNS]), self.soon())

    async def an_operator_excludes(self) -> None:
        who = self.chance.choice([*SUBSCRIPTIONS, *CUSTOMERS])
        if self.chance.random() < 0.5:
            await self.tell("exclusions", "exclude", who, self.soon())
        else:
            await self.tell("exclusions", "include", who)
        await self.tell("exclusions", "of", self.some([*SUBSCRIPTIONS, *CUSTOMERS]))

    async def a_hold_is_met(self) -> None:
        about = " ".join(self.some(PERMISSIONS))
        error = OperatorMustActError("No.", hold=self.chance.choice(HOLDS), about=about)
        await self.tell("holds", "raise_", error, self.soon())

    async def a_hold_is_mended(self) -> None:
        shows = self.chance.choice([["*"], self.some(PERMISSIONS)])
        words = [self.chance.choice(HOLDS) for _ in range(self.chance.randint(0, 3))]
        await self.tell("holds", "release", *words, began_at=self.soon(), shows=shows)
        if self.chance.random() < 0.3:
            await self.tell("holds", "look_again")

    async def a_way_is_tried(self) -> None:
        way, why = self.chance.choice(WAYS), self.chance.choice(["timed_out", "smtp_451"])
        match self.chance.randint(0, 5):
            case 0:
                await self.tell("in_vain", "works", way)
            case 1:
                await self.tell("in_vain", "look", way, self.soon())
            case _:
                await self.tell("in_vain", "note", way, why, self.soon())

    async def calls_are_asked_for(self) -> None:
        count, background = self.chance.randint(0, 4), self.chance.random() < 0.5
        given: list[list[Grant]] = []

        async def ask(hands: Hands) -> int | None:
            grants = await hands.store.limiter.ask(count, background=background)
            given.append(grants or [])
            return None if grants is None else len(grants)

        await self.ask(ask, f"limiter.ask {count} {background}")
        self.grants += zip(*given, strict=True)

    async def a_call_is_made(self) -> None:
        if self.grants:
            which = self.chance.choice(self.grants)
            method = self.chance.choice(["begin", "begin", "end", "give_back"])

            async def call(hands: Hands) -> object:
                limiter, grant = hands.store.limiter, which[self.both.index(hands)]
                match method:
                    case "begin":
                        return await limiter.begin(grant)
                    case "end":
                        await limiter.end(grant)
                    case _:
                        await limiter.give_back([grant])
                return None

            await self.ask(call, f"limiter.{method} {self.grants.index(which)}")

    async def a_turn_is_asked_for(self) -> None:
        what, unless_within = self.chance.choice([*Reconciled]), self.chance.choice(LAPSES)
        given: list[Turn] = []

        async def ask(hands: Hands) -> bool:
            turn = await hands.store.reconciling.take_turn(what, unless_within=unless_within, now=self.now)
            given.extend([turn] if turn else [])
            return turn is not None

        await self.ask(ask, f"reconciling.take_turn {what} {unless_within}")
        self.turns += zip(given[::2], given[1::2], strict=True)

    async def a_turn_is_had(self) -> None:
        if self.turns:
            which = self.chance.choice(self.turns)
            method = self.chance.choice(["keep", "end", "give_back"])

            async def call(hands: Hands) -> None:
                reconciling, turn = hands.store.reconciling, which[self.both.index(hands)]
                match method:
                    case "keep":
                        await reconciling.keep_turn(turn)
                    case "end":
                        await reconciling.end_turn(turn, self.now)
                    case _:
                        await reconciling.give_turn_back(turn)

            await self.ask(call, f"reconciling.{method} {self.turns.index(which)}")

    async def an_event_is_read_last(self) -> None:
        await self.tell("reconciling", "keep_cursor", f"evt_{len(self.events):026d}")

    async def a_debt_is_found(self) -> None:
        debts = [DebtWithoutCase(one, subscription_of(one), self.soon()) for one in CASES]
        await self.tell("reconciling", "ended", debts)

    async def paddle_stops_all(self) -> None:
        await self.tell("limiter", "hold", self.chance.choice([5, 20, 100]))

    async def a_mail_is_refused(self) -> None:
        if self.chance.random() < 0.3:
            await self.tell("refusals", "accepted", self.soon())
        else:
            who = self.chance.choice(CUSTOMERS)
            await self.tell("refusals", "note", who, about_recipient=self.chance.random() < 0.5)

    async def an_address_is_suppressed(self) -> None:
        await self.tell("suppressions", "add", self.chance.choice(["a", "b"]), "complaint", self.now)
        await self.tell("suppressions", "has", self.some(["a", "b", "c"]))

    async def a_subscription_is_seen(self) -> None:
        seen = [LiveSubscription(one, customer_of(one), "active", "automatic", None) for one in SUBSCRIPTIONS]
        if self.chance.random() < 0.5:
            await self.tell("seen", "keep", seen[: self.chance.randint(0, 2)])
        else:
            await self.tell("seen", "take", [*self.some(SUBSCRIPTIONS), SUBSCRIPTIONS[0]])

    async def compare(self) -> None:
        """Compare all that can be read of both."""
        for part, method, args in (
            ("cases", "read_versioned", (CASES,)),
            ("cases", "open_of_customers", (CUSTOMERS,)),
            ("due", "next_up", (0, 10)),
            ("due", "when", (CASES,)),
            ("due", "late_since", (CASES,)),
            ("brakes", "paused", ()),
            ("brakes", "opened", (self.now,)),
            ("holds", "all", ()),
            ("exclusions", "all", ()),
            ("refusals", "accepted_at", ()),
            ("refusals", "are_over", ()),
            ("reconciling", "cursor", ()),
            ("reconciling", "unheard_of", (self.events[-8:],)),
            ("reconciling", "of_use", (self.events[-8:],)),
            *(("inbox", "read", (event.id,)) for event in self.events[-8:]),
            *(("cases", "open_or_just_stopped", (customer_of(one), one)) for one in SUBSCRIPTIONS),
            *(("cases", "story", (one,)) for one in CASES),
        ):
            await self.look(part, method, *args)
        for seen in (counts, events, cases_handed_over, open_cases):
            await self.ask(seen, "")


STEPS = [
    name for name in vars(Both) if name.partition("_")[0] in {"a", "an", "calls", "jobs", "paddle", "time", "what"}
]
