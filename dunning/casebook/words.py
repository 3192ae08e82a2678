"""What an entry of a case's story means: in a line for a terminal, and in a sentence for a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dunning.durations import format_duration
from dunning.reasons import EndReason, NoChange, SkipReason
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.story import Entry, Kind, Moved

# What an operator did is marked so in a line.
_BY_OPERATOR = "by_operator"

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}

_CLASSES = {
    DeclineClass.HARD: "only the customer can cure it",
    DeclineClass.SOFT: "Paddle's next attempt may well succeed",
    DeclineClass.OUTAGE: "a bank was down, and most of these cure themselves",
}

_SKIPS: Mapping[str, str] = {
    SkipReason.OVERTAKEN: "A later step was due too, and one mail is enough.",
    SkipReason.EXCLUDED: "An operator said that this customer, or this subscription, gets no mail.",
    SkipReason.HELD_OUT: "The customer is in the share that is left unmailed, to measure what mails bring.",
    SkipReason.OTHER_CUSTOMER: "Paddle names another customer for the subscription than for the debt.",
    SkipReason.COVERED: "Another mail to this customer named the debt too.",
    CaseState.RECOVERED: "It was due, and the debt is paid.",
    SkipReason.COLLECTED_BY_INVOICE: "It is collected by invoice now: the portal takes no payment method for it.",
    SkipReason.ENDING_BY_ITSELF: "The subscription is about to end by itself.",
    SkipReason.SUBSCRIPTION_NOT_OWING: "The subscription owes nothing in its state.",
    SkipReason.CUSTOMER_ARCHIVED: "The seller put the customer away.",
    SkipReason.NO_ADDRESS: "There is no address to write to.",
    SkipReason.NEEDS_SMTPUTF8: "Its address has letters that the mail server doesn't take: it offers no SMTPUTF8.",
    SkipReason.SUPPRESSED: "The address bounced or complained.",
    SkipReason.NOT_AT_PADDLE: "Paddle's answers don't have it.",
}

_ENDS: Mapping[str, str] = {
    EndReason.DEBT_CANCELED: "The debt is canceled: nothing is left to pay.",
    EndReason.SUBSCRIPTION_CANCELED: "The subscription is canceled: nobody is to be written to.",
    EndReason.SUBSCRIPTION_PAUSED: "The subscription is paused.",
    EndReason.CHARGED_BACK: "The customer disputes a payment with their bank.",
    EndReason.BY_OPERATOR: "The seller stopped it by hand.",
    EndReason.OPTED_OUT: "The customer asked for no more reminders of it. Its payment link still works.",
    EndReason.NO_DEBT: "It is no debt after all.",
    EndReason.NOTHING_LEFT_TO_PAY: "Its balance is zero.",
}

_NOTHING_CHANGED: Mapping[str, str] = {
    NoChange.OLDER_THAN_THE_FAILURE: "It tells of something before the renewal failed."
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something that happened: of what kind, under which title, and why."""

    kind: str
    title: str
    why: str


def in_a_line(entry: Entry) -> str:
    """Write what happened for a terminal, in the words that settings, logs and metrics have for it."""
    match entry.kind:
        case Kind.OPENED | Kind.FAILED_AGAIN:
            line = f"{entry.kind}: {entry.decline_class}"
        case Kind.CHANGED_NOTHING:
            line = str(entry.reason)
        case Kind.ENDED:
            line = f"{entry.state}{_because(entry)}{f' {entry.operator}' if entry.operator else ''}"
        case Kind.STEP:
            repeat = ", repeated" if entry.repeated else ""
            retry = f", again at {entry.again_at:%Y-%m-%dT%H:%M:%SZ}" if entry.again_at else ""
            line = f"{entry.step} {entry.moved}{_because(entry)}{repeat}{retry}"
        case Kind.COVERED:
            line = f"{entry.step} is covered by the mail of {entry.by}"
        case Kind.MADE_DUE | Kind.RESENT:
            asked = "made due" if entry.kind is Kind.MADE_DUE else "to be sent again"
            line = f"{entry.step} {asked}: {_by_operator(entry)}"
        case Kind.EVENT_DROPPED | Kind.EXCLUDED | Kind.INCLUDED:
            line = f"{entry.kind}: {f'{entry.who} ' if entry.who else ''}{_by_operator(entry)}"
        case Kind.PROSE:
            line = str(entry.text)
        case Kind.HELD_OUT | Kind.CLICKED | Kind.CLICK_FOUND | Kind.CLICK_FELL_BACK | Kind.CLICK_REFUSED:
            line = f"{entry.kind}{_because(entry)}"
    return f"{line} ({entry.event_type} {entry.event_id})" if entry.event_id else line


def in_a_sentence(entry: Entry, case: Case, campaign: Campaign) -> Sentence:
    """Say what happened, for a reader who doesn't know our words."""
    match entry.kind:
        case Kind.OPENED | Kind.FAILED_AGAIN:
            told = _failure(entry, case, campaign)
        case Kind.STEP:
            told = _step(entry, case, campaign)
        case Kind.ENDED:
            told = _end(entry)
        case Kind.CLICKED | Kind.CLICK_FOUND | Kind.CLICK_FELL_BACK | Kind.CLICK_REFUSED:
            told = _click(entry)
        case Kind.EXCLUDED:
            told = Sentence(
                "waits", "Excluded by an operator", f"No mail goes out until {entry.who} is included again."
            )
        case Kind.INCLUDED:
            why = f"{entry.who} gets mail again, from the next step on."
            told = Sentence("waits", "Included again by an operator", why)
        case Kind.HELD_OUT:
            told = Sentence("waits", "Held out", _SKIPS[SkipReason.HELD_OUT])
        case Kind.CHANGED_NOTHING:
            why = _NOTHING_CHANGED.get(entry.reason or "") or _sentence(entry.reason)
            told = Sentence("note", f"{entry.event_type} changes nothing", why)
        case Kind.COVERED | Kind.MADE_DUE | Kind.RESENT | Kind.EVENT_DROPPED | Kind.PROSE:
            told = Sentence("note", in_a_line(entry), "")
    return told


def in_words(duration: timedelta) -> str:
    """Write a duration of a campaign: 2 hours."""
    short = format_duration(duration)
    count, unit = short[:-1], _UNITS[short[-1]]
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _by_operator(entry: Entry) -> str:
    return f"{_BY_OPERATOR} {entry.operator}" if entry.operator else _BY_OPERATOR


def _because(entry: Entry) -> str:
    return f": {entry.reason}" if entry.reason else ""


def _step(entry: Entry, case: Case, campaign: Campaign) -> Sentence:
    mail, reason = f"Mail “{entry.step}”", entry.reason or ""
    match entry.moved:
        case Moved.SENT:
            again = " once more" if entry.repeated else ""
            told = Sentence(
                "sent", f"{mail} sent{again}", f"{_due(entry.step, case, campaign)}Paddle says: still owed."
            )
        case Moved.SKIPPED:
            told = Sentence("skipped", f"{mail} not sent", _SKIPS.get(reason) or _ENDS.get(reason) or _sentence(reason))
        case Moved.PLANNED:
            told = Sentence("waits", f"{mail} put off", f"{_sentence(reason)} It is tried again.".lstrip())
        case Moved.REFUSED:
            told = Sentence("skipped", f"{mail} refused", f"The mail server will not take it ({reason}).")
        case Moved.DEAD:
            told = Sentence("skipped", f"{mail} could not be sent", _sentence(reason))
        case Moved.UNKNOWN:
            told = Sentence("waits", f"{mail} may have arrived", "The mail server fell silent after it was given it.")
        case _:
            told = Sentence("waits", f"{mail} is on its way", "A worker has taken it.")
    return told


def _failure(entry: Entry, case: Case, campaign: Campaign) -> Sentence:
    cls = entry.decline_class or case.decline_class
    article = "an" if cls is DeclineClass.OUTAGE else "a"
    declined = f"{case.reason_code or 'No code'} is {article} {cls} decline: {_CLASSES[cls]}."
    if entry.kind is Kind.FAILED_AGAIN:
        return Sentence("opened", "Declined again", f"{declined} Steps still to come go by this.")
    return Sentence(
        "opened", "Case opened", f"{declined} The first mail waits {in_words(campaign.steps[0].after[cls])}."
    )


def _click(entry: Entry) -> Sentence:
    match entry.kind:
        case Kind.CLICK_FELL_BACK:
            return Sentence("waits", "Click led to the login page", _sentence(entry.reason))
        case Kind.CLICK_REFUSED:
            return Sentence("waits", "Click led nowhere", _sentence(entry.reason))
        case Kind.CLICK_FOUND:
            return Sentence(
                "clicked", "Link clicked", "Paddle, asked before a portal session is made: the debt is over."
            )
        case _:
            return Sentence("clicked", "Link clicked", "The button made a portal session, led there, and forgot it.")


def _due(step: str | None, case: Case, campaign: Campaign) -> str:
    after = next((one.after[case.decline_class] for one in campaign.steps if one.name == step), None)
    return f"Due after {in_words(after)}. " if after is not None else ""


def _end(entry: Entry) -> Sentence:
    why = _ENDS.get(entry.reason or "") or _sentence(entry.reason)
    if entry.event_type:
        said = f"{entry.event_type} says so. No further mail; the link is spent."
        why = f"{why} {said}".lstrip()
    match entry.state:
        case CaseState.RECOVERED:
            return Sentence("recovered", "Recovered", why or "Paddle, asked before the next mail: it is paid.")
        case CaseState.EXHAUSTED:
            return Sentence("stopped", "Exhausted", "All steps are done, and the debt has lapsed unpaid.")
        case _:
            return Sentence("stopped", "Stopped", why)


def _sentence(word: str | None) -> str:
    """Make a sentence of a reason for which there is none here."""
    return f"{word.replace('_', ' ')}.".capitalize() if word else ""
