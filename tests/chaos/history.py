"""The checker: from all that was seen of the outside and all that is at rest, what was lost and what was doubled."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dunning.rules.delivery import Delivery, DeliveryState


@dataclass(frozen=True, slots=True)
class History:
    """What happened in one round."""

    acknowledged: Mapping[str, str]
    """Every event that Paddle got a 200 for and that is to be handled, and its case."""
    handled: Collection[str]
    """The events that the store says are handled."""
    deliveries: Mapping[str, Delivery]
    """The first delivery of each case."""
    mails: Sequence[Mapping[str, Any]]
    """Every mail that came, oldest first."""
    recipients: Mapping[str, str]
    """Each case's address; nobody has two."""
    caught: Collection[str]
    """The cases whose mail was being handed over when its worker was killed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a history."""

    lost: list[str]
    """Acknowledged events that are not handled, and cases of such events without a mail."""
    doubled: list[str]
    """Cases mailed more than once."""
    wrong: list[str] = field(default_factory=list)
    """What must not be, a sentence each."""


def judge(history: History) -> Verdict:
    """Look through the whole history."""
    by_address: dict[str, list[Mapping[str, Any]]] = {}
    for mail in history.mails:
        by_address.setdefault(",".join(mail["recipients"]), []).append(mail)
    cases = set(history.acknowledged.values())
    lost = [event for event in history.acknowledged if event not in history.handled]
    lost += [case for case in sorted(cases) if history.recipients[case] not in by_address]
    mailed = {case: by_address.get(address, []) for case, address in history.recipients.items()}
    doubled = sorted(case for case, mails in mailed.items() if len(mails) > 1)
    return Verdict(lost, doubled, list(_wrong(history, mailed, doubled)))


def _wrong(
    history: History, mailed: Mapping[str, Sequence[Mapping[str, Any]]], doubled: Collection[str]
) -> Iterable[str]:
    for case, delivery in history.deliveries.items():
        if delivery.state is not DeliveryState.SENT:
            yield f"{case} is {delivery.state}"
    if strangers := {mail["recipients"][0] for mail in history.mails} - set(history.recipients.values()):
        yield f"{len(strangers)} who have no case were mailed"
    for case in doubled:
        mails = mailed[case]
        if len(mails) > 2:
            yield f"{case} was mailed {len(mails)} times"
        if any(mail != mails[0] for mail in mails):
            yield f"{case} was mailed twice, and not the same mail"
        if not ((repeated := history.deliveries.get(case)) and repeated.unknowns):
            yield f"{case} was mailed twice, and it does not show"
        if case not in history.caught:
            yield f"{case} was mailed twice, and nothing was killed in its gap"
    shared = Counter(mail["headers"]["message-id"] for mails in mailed.values() for mail in mails[:1])
    yield from (f"several cases share {message_id}" for message_id, times in shared.items() if times > 1)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of killing, in figures."""

    victims: str
    kills: int
    declined: int
    acknowledged: int
    caught: int
    verdict: Verdict


def rounds_told(rounds: Sequence[Round]) -> str:
    """Tell what came of all rounds, in one paragraph."""
    return (
        f"{sum(one.kills for one in rounds)} kills in {len(rounds)} rounds, {sum(one.declined for one in rounds)} "
        f"declined renewals, {sum(one.acknowledged for one in rounds)} acknowledged events: "
        f"lost {sum(len(one.verdict.lost) for one in rounds)}, "
        f"caught in the gap {sum(one.caught for one in rounds)}, "
        f"of these mailed twice {sum(len(one.verdict.doubled) for one in rounds)}, "
        f"otherwise wrong {sum(len(one.verdict.wrong) for one in rounds)}."
    )


def rounds_table(rounds: Sequence[Round]) -> str:
    """Draw the table of all rounds."""
    lines = [
        "| killed | kills | declined renewals | acknowledged events | lost | caught in the gap | mailed twice |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for one in rounds:
        cells = (one.victims, one.kills, one.declined, one.acknowledged, len(one.verdict.lost), one.caught)
        lines.append(f"| {' | '.join(map(str, cells))} | {len(one.verdict.doubled)} |")
    return "\n".join(lines)
