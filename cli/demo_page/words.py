"""What a line of a case's story means, in a sentence. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

from dunning.campaign import Campaign
from dunning.case import Case
from dunning.declines import DeclineClass
from dunning.durations import format_duration

STEP_LINE = re.compile(
    r"(?P<step>[a-z][a-z0-9_-]*) (?P<state>planned|claimed|sending|sent|refused|skipped|dead|unknown)"
    r"(?:: (?P<reason>\w+))?(?P<repeated>, repeated)?(?:, again at (?P<again>\S+))?"
)
_EVENT = re.compile(r"(?P<what>[\w: ]+?) \((?P<type>[\w.]+) (?P<id>\w+)\)")

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}

_CLASSES = {
    DeclineClass.HARD: "only the customer can cure it",
    DeclineClass.SOFT: "Paddle's next attempt may well succeed",
    DeclineClass.OUTAGE: "a bank was down, and most of these cure themselves",
}

_SKIPS = {
    "overtaken": "A later step was due too, and one mail is enough.",
    "excluded": "An operator said that this customer, or this subscription, gets no mail.",
    "other_customer": "Paddle names another customer for the subscription than for the debt.",
    "covered": "Another mail to this customer named the debt too.",
    "recovered": "It was due, and the debt is paid.",
    "collected_by_invoice": "It is collected by invoice now: the portal takes no payment method for it.",
    "ending_by_itself": "The subscription is about to end by itself.",
    "subscription_not_owing": "The subscription owes nothing in its state.",
    "customer_archived": "The seller put the customer away.",
    "no_address": "There is no address to write to.",
    "suppressed": "The address bounced or complained.",
    "not_at_paddle": "Paddle's answers don't have it.",
}

_ENDS = {
    "debt_canceled": "The debt is canceled: nothing is left to pay.",
    "subscription_canceled": "The subscription is canceled: nobody is to be written to.",
    "subscription_paused": "The subscription is paused.",
    "charged_back": "The customer disputes a payment with their bank.",
    "by_operator": "The seller stopped it by hand.",
    "no_debt": "It is no debt after all.",
    "nothing_left_to_pay": "Its balance is zero.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A thing that happened: what kind of thing, in how many words, and why."""

    kind: str
    title: str
    why: str


def tell(line: str, case: Case, campaign: Campaign) -> Told:
    """Say what a line means. One that isn't known is shown as it is."""
    if moved := STEP_LINE.fullmatch(line):
        return _step(moved, case, campaign)
    if caused := _EVENT.fullmatch(line):
        return _event(caused["what"], caused["type"], case, campaign)
    return _noted(line) or _end(line)


def _noted(line: str) -> Told | None:
    """Say what a line means that is of neither an event nor a mail: a click, or what an operator did."""
    word, _, rest = line.partition(": ")
    who = rest.partition(" ")[0]
    match word:
        case "clicked":
            return Told("clicked", "Link clicked", "The button made a portal session, led there, and forgot it.")
        case "click_found":
            return Told("clicked", "Link clicked", "Paddle, asked before a portal session is made: the debt is over.")
        case "click_fell_back":
            return Told("waits", "Click led to the login page", _sentence(rest))
        case "excluded":
            return Told("waits", "Excluded by an operator", f"No mail goes out until {who} is included again.")
        case "included":
            return Told("waits", "Included again by an operator", f"{who} gets mail again, from the next step on.")
        case _:
            return None


def _step(moved: re.Match[str], case: Case, campaign: Campaign) -> Told:
    mail, reason = f"Mail “{moved['step']}”", moved["reason"] or ""
    match moved["state"]:
        case "sent":
            again = " once more" if moved["repeated"] else ""
            due = _due(moved["step"], case, campaign)
            told = Told("sent", f"{mail} sent{again}", f"{due}Paddle says: still owed.")
        case "skipped":
            told = Told("skipped", f"{mail} not sent", _SKIPS.get(reason) or _ENDS.get(reason) or _sentence(reason))
        case "planned":
            told = Told("waits", f"{mail} put off", f"{_sentence(reason)} It is tried again.")
        case "refused":
            told = Told("skipped", f"{mail} refused", f"The mail server will not take it ({reason}).")
        case "dead":
            told = Told("skipped", f"{mail} could not be sent", _sentence(reason))
        case "unknown":
            told = Told("waits", f"{mail} may have arrived", "The mail server fell silent after it was given it.")
        case _:
            told = Told("waits", f"{mail} is on its way", "A worker has taken it.")
    return told


def in_words(duration: timedelta) -> str:
    """Write a duration of a campaign: 2 hours."""
    short = format_duration(duration)
    count, unit = short[:-1], _UNITS[short[-1]]
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _due(step: str, case: Case, campaign: Campaign) -> str:
    after = next((one.after[case.decline_class] for one in campaign.steps if one.name == step), None)
    return f"Due after {in_words(after)}. " if after is not None else ""


def _event(what: str, event_type: str, case: Case, campaign: Campaign) -> Told:
    word, _, rest = what.partition(": ")
    if word == "opened":
        first = campaign.steps[0]
        wait = in_words(first.after[DeclineClass(rest)])
        return Told("opened", "Case opened", f"{_declined(case, rest)} The first mail waits {wait}.")
    if word == "failed_again":
        return Told("opened", "Declined again", f"{_declined(case, rest)} Steps still to come go by this.")
    ended = _end(what)
    said = f"{event_type} says so. No further mail; the link is spent."
    return Told(ended.kind, ended.title, f"{ended.why} {said}" if rest else said)


def _declined(case: Case, cls: str) -> str:
    article = "an" if cls == DeclineClass.OUTAGE else "a"
    return f"{case.reason_code or 'No code'} is {article} {cls} decline: {_CLASSES[DeclineClass(cls)]}."


def _end(line: str) -> Told:
    state, _, reason = line.partition(": ")
    why = _ENDS.get(reason, _sentence(reason) if reason else "")
    match state:
        case "recovered":
            return Told("recovered", "Recovered", why or "Paddle, asked before the next mail: it is paid.")
        case "stopped":
            return Told("stopped", "Stopped", why)
        case "exhausted":
            return Told("stopped", "Exhausted", "All steps are done, and the debt has lapsed unpaid.")
        case _:
            return Told("note", line, "")


def _sentence(word: str) -> str:
    """Write a reason that has no words of its own here."""
    return f"{word.replace('_', ' ')}.".capitalize()
