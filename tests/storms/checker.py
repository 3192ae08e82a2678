"""The checker: from all that was seen of a storm from outside, what was lost, wrong, doubled, stuck or told.

It asks none of the service's rules: what must be true is written here once more, by what Paddle has and what came.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tests.storms.history import Case, Debt, Delivery, History, Mail, Span
from tests.storms.schedule import STEPS

# Nothing that Paddle was asked is older than this when a mail goes, or a click leads on.
FRESH_SECONDS = 61.0
CLICK_FRESH_SECONDS = 20.0
WINDOW_SECONDS = 60.0
# A claim outlives a send; a clock that is wrong by more takes another's claim for one that has lapsed.
CLAIM_SECONDS = 50.0
# How far apart two clocks are that look at the same thing.
A_MOMENT = 1.0
# A mail may be repeated once, whatever happens.
COPIES = 2

FINAL = {"sent", "refused", "skipped", "dead"}
ANSWERS_TO_PADDLE = {0, 200, 503}
ANSWERS_TO_CUSTOMERS = {0, 200, 303, 429, 503}
REFUSED_SIGNATURE, UNKNOWN_LINK = 401, 404
ENDS = {"paid": "recovered", "canceled": "stopped"}


def judge(history: History) -> list[str]:
    """Tell all that must not be, a sentence each; nothing for a storm that was survived."""
    return list(
        chain(
            _lost(history),
            _wrong_cases(history),
            _wrong_mails(history),
            _doubled(history),
            _wrong_clicks(history),
            _wrong_answers(history),
            _over_budget(history),
            _stuck(history),
            history.leaks,
            (f"a fault of our own was logged: {what}" for what in history.faults),
            (f"{name} ended with {code}" for name, code in history.ends.items() if code != 0),
        )
    )


def _lost(history: History) -> Iterator[str]:
    named = {debt for mail in history.mails for debt in mail.debts}
    for debt in history.debts.values():
        if debt.ended_at is not None:
            continue
        case = history.cases.get(debt.id)
        if case is None:
            yield f"lost: {debt.id} is owed and has no case"
        elif debt.id not in named and debt.spared_from is None and not _covered(case):
            yield f"lost: {debt.id} is owed and was never mailed about"

    if history.missed and not history.unheard and not history.losses:
        yield f"lost: {history.missed} events had to be read from Paddle, though every webhook came"


def _wrong_cases(history: History) -> Iterator[str]:
    of = _mails_of(history)
    for debt in history.debts.values():
        case = history.cases.get(debt.id)
        if case is None:
            continue
        expected = "open" if debt.ended_at is None else ENDS[debt.ended_as]
        if case.state != expected:
            yield f"wrong: {debt.id} is {expected} by what Paddle has, and its case is {case.state}"
        for step, delivery in case.deliveries.items():
            mailed = of.get((debt.id, step), [])
            if delivery.state == "sent" and not mailed:
                yield f"wrong: {debt.id} has {step} sent, and nobody got it"
            unknown = delivery.state in {"sent", "unknown"} or delivery.unknowns
            if mailed and not unknown and not _forgotten(history, mailed[0].at):
                yield f"wrong: {step} of {debt.id} went out, and is {delivery.state}"
            if delivery.state in {"dead", "refused"}:
                yield f"wrong: {step} of {debt.id} is {delivery.state} ({delivery.reason})"


def _wrong_mails(history: History) -> Iterator[str]:
    for mail in history.mails:
        for debt_id in {mail.of, *mail.debts}:
            debt = history.debts.get(debt_id)
            why = "no debt of anybody's" if debt is None else _why_not(history, mail, debt)
            if why:
                yield f"wrong: {mail.step} of {mail.of} at {mail.at:.1f} is about {debt_id}: {why}"


def _why_not(history: History, mail: Mail, debt: Debt) -> str:
    if mail.to != debt.address:
        return "somebody else's"
    if debt.ended_at is not None and mail.at > debt.ended_at + FRESH_SECONDS:
        return f"{debt.ended_as} at {debt.ended_at:.1f}"
    if debt.spared_from is not None and mail.at > debt.spared_from + FRESH_SECONDS:
        return f"not to be mailed about since {debt.spared_from:.1f}"
    due_at = debt.failed_at + (STEPS[mail.step] if debt.id == mail.of else 0)
    if mail.at + history.off + A_MOMENT < due_at:
        return f"due at {due_at:.1f} only"
    return ""


def _doubled(history: History) -> Iterator[str]:
    for (debt_id, step), mails in _mails_of(history).items():
        if len(mails) > 1:
            yield from (f"doubled: {step} of {debt_id} {why}" for why in _why_doubled(history, mails))


def _why_doubled(history: History, mails: Sequence[Mail]) -> Iterator[str]:
    first, *others = mails
    forgotten = sum(_begin_forgotten(history, mail.at) for mail in mails[:-1])
    if len(mails) > COPIES + forgotten:
        yield f"came {len(mails)} times"
    if _begin_forgotten(history, first.at):
        return
    if any(mail.content != first.content for mail in others) and not _has_news(history, mails):
        yield "came twice, and not as the same mail"
    case = history.cases.get(first.of)
    if case is None or not case.deliveries.get(first.step, Delivery("")).unknowns:
        yield "came twice, and it does not show"
    silenced = any(abs(moment - first.at) < A_MOMENT for moment in history.silenced)
    in_a_gap = any(gap.holds(first.at) for gap in history.gaps)
    if not silenced and not in_a_gap and history.off < CLAIM_SECONDS:
        yield f"came twice, and nothing was in its gap at {first.at:.1f}"


def _has_news(history: History, mails: Sequence[Mail]) -> bool:
    """Tell whether the last of the copies may know of something that the first did not."""
    debt = history.debts.get(mails[0].of)
    moments = history.news.get(debt.customer, []) if debt is not None else []
    return any(Span(mails[0].at - FRESH_SECONDS, mails[-1].at).holds(moment) for moment in moments)


def _wrong_clicks(history: History) -> Iterator[str]:
    allowed = ANSWERS_TO_CUSTOMERS | ({UNKNOWN_LINK} if history.losses else set())
    for click in history.clicks:
        debt = history.debts[click.debt]
        where = f"a click for {click.debt} at {click.at:.1f}"
        if click.status not in allowed:
            yield f"wrong: {where} was answered {click.status}"
        if click.leads not in {"", "login", "portal"}:
            yield f"wrong: {where} leads to {click.leads}"
        if click.leads == "portal" and click.signs_in != debt.customer:
            yield f"wrong: {where} signs in {click.signs_in or 'nobody'}, not {debt.customer}"
        if click.leads == "portal" and debt.ended_at is not None and click.at > debt.ended_at + CLICK_FRESH_SECONDS:
            yield f"wrong: {where} leads to the portal, and the debt was {debt.ended_as} at {debt.ended_at:.1f}"
        if click.last and debt.ended_at is None and click.leads != "portal":
            yield f"lost: {where} was answered {click.status}, though the debt stands and all is well"


def _wrong_answers(history: History) -> Iterator[str]:
    allowed = ANSWERS_TO_PADDLE | ({REFUSED_SIGNATURE} if history.off > 0 else set())
    for one in history.notifications:
        if strange := set(one.answers) - allowed:
            yield f"wrong: {one.event} was answered {', '.join(map(str, sorted(strange)))}"
        if one.answers and 200 not in one.answers:
            yield f"stuck: {one.event} was sent {len(one.answers)} times, and never acknowledged"


def _over_budget(history: History) -> Iterator[str]:
    forgotten = sum(_forgotten(history, call) for call in history.calls)
    calls, first = sorted(history.calls), 0
    worst = 0
    for last, call in enumerate(calls):
        while calls[first] <= call - WINDOW_SECONDS:
            first += 1
        worst = max(worst, last - first + 1)
    if worst > history.rate_limit + forgotten:
        yield f"wrong: {worst} calls within a minute, and {history.rate_limit} are allowed"


def _stuck(history: History) -> Iterator[str]:
    yield from (f"stuck: {count} in {what}" for what, count in history.waiting.items() if count)
    for debt in history.debts.values():
        case = history.cases.get(debt.id)
        if case is None:
            continue
        until = history.ended if debt.ended_at is None else debt.ended_at
        for step, after in STEPS.items():
            delivery = case.deliveries.get(step)
            due = debt.failed_at + after < until - FRESH_SECONDS
            if delivery is None and due and case.state == "open":
                yield f"stuck: {step} of {debt.id} was due, and nothing became of it"
            if delivery is not None and not (delivery.state in FINAL or delivery.state == "unknown"):
                yield f"stuck: {step} of {debt.id} is {delivery.state}"
            elif delivery is not None and not delivery.reason:
                yield f"wrong: {step} of {debt.id} is {delivery.state} without a reason"


def _mails_of(history: History) -> dict[tuple[str, str], list[Mail]]:
    of: dict[tuple[str, str], list[Mail]] = {}
    for mail in history.mails:
        of.setdefault((mail.of, mail.step), []).append(mail)
    return of


def _covered(case: Case) -> bool:
    return any(one.reason == "covered" for one in case.deliveries.values())


def _forgotten(history: History, moment: float) -> bool:
    return any(loss.holds(moment) for loss in history.losses)


def _begin_forgotten(history: History, moment: float) -> bool:
    """Tell whether Redis may have forgotten that a mail was begun: also one that was handed over after a standstill."""
    return _forgotten(history, moment) or any(
        _forgotten(history, still.began) and Span(still.began, still.ended + A_MOMENT).holds(moment)
        for still in history.standstills
    )


def kinds_of(problems: Iterable[str]) -> set[str]:
    """Return what kinds of problems there are, in a word each."""
    return {problem.partition(":")[0] for problem in problems}
