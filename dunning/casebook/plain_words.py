"""What happened to a case, in sentences that can be read to a customer. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from dunning.reasons import ClickOutcome, DeadReason, EndReason, HoldWord, NoChange, SkipReason, WaitReason
from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.story import UNDER_WAY, Entry, Kind, Moved
from dunning.store import StoryLine

_DECLINED: Mapping[DeclineClass | None, str] = {
    DeclineClass.HARD: "It needs another payment method.",
    DeclineClass.SOFT: "It may work at another try.",
    DeclineClass.OUTAGE: "A bank or a payment provider was down.",
}

_ENDS: Mapping[str, str] = {
    EndReason.NO_DEBT: "Paddle says that nothing is owed.",
    EndReason.NOTHING_LEFT_TO_PAY: "Nothing is left to pay.",
    EndReason.DEBT_CANCELED: "The payment was canceled, and is no longer asked for.",
    EndReason.SUBSCRIPTION_PAUSED: "The subscription is paused, so there are no more reminders.",
    EndReason.SUBSCRIPTION_CANCELED: "The subscription is canceled, so there are no more reminders.",
    EndReason.CHARGED_BACK: "A payment was disputed with the bank, so there are no more reminders.",
    EndReason.BY_OPERATOR: "The reminders were stopped by hand.",
    EndReason.OPTED_OUT: "The customer asked for no more reminders of this payment. It can still be paid by the link.",
}

NOT_SENT: Mapping[str, str] = {
    SkipReason.OVERTAKEN: "a later email was due too, and one is enough",
    SkipReason.COVERED: "another email named this payment too",
    SkipReason.COLLECTED_BY_INVOICE: "the subscription is paid by invoice now",
    SkipReason.ENDING_BY_ITSELF: "the subscription is about to end by itself",
    SkipReason.SUBSCRIPTION_NOT_OWING: "the subscription owes nothing",
    SkipReason.OTHER_CUSTOMER: "Paddle names another customer for the subscription than for the payment",
    SkipReason.CUSTOMER_ARCHIVED: "the customer is archived at Paddle",
    SkipReason.NO_ADDRESS: "Paddle has no address that can be mailed",
    SkipReason.NEEDS_SMTPUTF8: "the mail server takes no address with such letters",
    SkipReason.EXCLUDED: "this customer, or this subscription, gets no email",
    SkipReason.HELD_OUT: "this customer is one of a few who get no reminders, so that their effect can be measured",
    SkipReason.SUPPRESSED: "the address did not take an earlier email, or complained about one",
    SkipReason.NOT_AT_PADDLE: "Paddle does not know the payment or the subscription",
    CaseState.RECOVERED: "the payment had arrived",
    CaseState.EXHAUSTED: "the payment had lapsed",
    DeadReason.DEBT_LAPSED: "the payment lapsed before it could be sent",
    DeadReason.NOT_POSSIBLE: "it could not be made from what Paddle says",
    EndReason.NO_DEBT: "nothing was owed",
    EndReason.NOTHING_LEFT_TO_PAY: "nothing was left to pay",
    EndReason.DEBT_CANCELED: "the payment was canceled",
    EndReason.SUBSCRIPTION_PAUSED: "the subscription was paused",
    EndReason.SUBSCRIPTION_CANCELED: "the subscription was canceled",
    EndReason.CHARGED_BACK: "a payment was disputed with the bank",
    EndReason.BY_OPERATOR: "the reminders were stopped by hand",
    EndReason.OPTED_OUT: "the customer asked for no more reminders",
}

WAITS: Mapping[str, str] = {
    WaitReason.TRANSACTION_BILLED: "Paddle was still busy with the payment",
    WaitReason.PAYMENT_ON_ITS_WAY: "a payment may be on its way",
    WaitReason.OUTSIDE_HOURS: "it is sent at another time of day",
    WaitReason.NOT_IN_ANSWER: "Paddle did not tell what is owed",
    WaitReason.PADDLE_FAILED: "Paddle could not be asked what is owed",
    WaitReason.NOT_READY: "Paddle could not be asked for the link",
    WaitReason.NO_GRANT: "Paddle could not be asked any more within the minute",
    WaitReason.NOT_POSSIBLE: "it could not be made yet",
    WaitReason.PAUSED: "all emails were paused",
    WaitReason.EXCLUDED: "this customer, or this subscription, gets no email",
    WaitReason.DEBTS_CHANGED: "what is owed had just changed",
    WaitReason.REDIS_AWAY: "our records could not be reached",
    WaitReason.HOLDER_GONE: "our program was restarted",
}
_ON_HOLD = "emails were stopped until something on our side was put right"
_NOT_TAKEN = "the mail server did not take it"

CLICKS: Mapping[str, str] = {
    ClickOutcome.TOO_MANY: "it was clicked too often within the hour",
    ClickOutcome.CASE_ENDED: "the payment is no longer asked for",
    ClickOutcome.OTHER_CUSTOMER: "Paddle says that the payment is another customer's",
    ClickOutcome.REDIS_AWAY: "our records could not be reached",
    ClickOutcome.NO_GRANT: "Paddle could not be asked any more within the minute",
    ClickOutcome.PADDLE_UNREACHABLE: "Paddle did not answer",
    ClickOutcome.PADDLE_REFUSED: "Paddle made no page for this customer",
    ClickOutcome.UNSAFE_LINK: "Paddle's link led somewhere unexpected",
}

# What an event without a case came to, by the word that the rules have for it.
NO_CASE: Mapping[str, str] = {
    "no_renewal": "it was no renewal of a subscription, such as a first payment or a one-time charge",
    "collected_by_invoice": "it is paid by invoice, and not collected automatically",
    "too_old": "it failed too long ago",
    "no_campaign": "no campaign is for its product, price or currency",
    "no_case": "it was about the end of a payment that had no case",
    "ended_before_opening": "it was already paid, canceled or over when the failure was told",
}
_TRANSACTION_STATE = "transaction_"


def without_case(word: str) -> str:
    """Say why an event opened no case."""
    if word.startswith(_TRANSACTION_STATE):
        return f"the transaction was {word.removeprefix(_TRANSACTION_STATE).replace('_', ' ')}"
    return NO_CASE.get(word) or word.replace("_", " ")


def readable(story: Iterable[StoryLine]) -> Iterator[StoryLine]:
    """Leave out what one send goes through, unless it is the last that was heard."""
    lines = [*story]
    last = len(lines) - 1
    return (line for number, line in enumerate(lines) if not _is_passing(line.entry) or number == last)


def in_plain_words(entry: Entry) -> str:
    """Say what happened in a sentence or two."""
    return _WORDS[entry.kind](entry)


def _is_passing(entry: Entry) -> bool:
    return entry.moved in UNDER_WAY or _is_begun_anew(entry)


def _is_begun_anew(entry: Entry) -> bool:
    return entry.moved is Moved.PLANNED and entry.reason is None


def _failed(entry: Entry) -> str:
    again = entry.kind is Kind.FAILED_AGAIN
    what = "Paddle tried again to collect the payment, and it failed." if again else "A payment failed."
    return f"{what} {_DECLINED.get(entry.decline_class, '')}".rstrip()


def _step(entry: Entry) -> str:
    mail = f"The email “{entry.step}”"
    match entry.moved:
        case Moved.SENT:
            told = f"was sent{' once more, since the first may not have arrived' if entry.repeated else ''}."
        case Moved.SKIPPED:
            told = f"was not sent: {_why(entry, NOT_SENT)}."
        case Moved.DEAD:
            told = f"could not be sent: {_why(entry, NOT_SENT)}."
        case Moved.REFUSED:
            told = "was refused: the mail server will not take it."
        case Moved.UNKNOWN:
            told = "may have arrived: the mail server had it, and did not answer."
        case Moved.PLANNED if _is_begun_anew(entry):
            told = "is about to be sent."
        case Moved.PLANNED:
            again = f" Next try at {entry.again_at:%Y-%m-%d %H:%M} UTC." if entry.again_at else ""
            told = f"waits: {_why(entry, WAITS, otherwise=_NOT_TAKEN)}.{again}"
        case _:
            told = "is being sent."
    return f"{mail} {told}"


def _end(entry: Entry) -> str:
    match entry.state:
        case CaseState.RECOVERED:
            told = _ENDS.get(entry.reason or "", "The payment arrived.")
        case CaseState.EXHAUSTED:
            told = "The payment has lapsed: nobody paid it in time, and there are no more reminders."
        case _:
            told = _ENDS.get(entry.reason or "", "The reminders ended.")
    return f"{told} {entry.operator} did it." if entry.operator else told


def _changed_nothing(entry: Entry) -> str:
    old = entry.reason == NoChange.OLDER_THAN_THE_FAILURE
    why = "it was about something before the payment failed" if old else entry.reason
    return f"A message of Paddle's changed nothing: {why}."


def _why(entry: Entry, words: Mapping[str, str], otherwise: str = "this version can't tell why") -> str:
    if entry.reason in set(HoldWord):
        return _ON_HOLD
    return words.get(entry.reason or "", otherwise)


def _by(entry: Entry) -> str:
    return f" by {entry.operator}" if entry.operator else " by hand"


_WORDS: Mapping[Kind, Callable[[Entry], str]] = {
    Kind.OPENED: _failed,
    Kind.FAILED_AGAIN: _failed,
    Kind.CHANGED_NOTHING: _changed_nothing,
    Kind.STEP: _step,
    Kind.COVERED: lambda entry: f"An email about another payment of the same customer named this one too ({entry.by}).",
    Kind.MADE_DUE: lambda entry: f"The email “{entry.step}” was asked for{_by(entry)}.",
    Kind.RESENT: lambda entry: f"The email “{entry.step}” was asked for once more{_by(entry)}.",
    Kind.ENDED: _end,
    Kind.CLICKED: lambda _: "The link was clicked, and led to Paddle's payment page.",
    Kind.CLICK_FOUND: lambda _: "The link was clicked. Paddle said that the payment is no longer open.",
    Kind.CLICK_FELL_BACK: lambda entry: (
        f"The link was clicked, but Paddle's page could not be opened: {_why(entry, CLICKS)}."
    ),
    Kind.CLICK_REFUSED: lambda entry: f"The link was clicked, and led nowhere: {_why(entry, CLICKS)}.",
    Kind.EVENT_DROPPED: lambda entry: f"A message of Paddle's that could not be handled was put away{_by(entry)}.",
    Kind.EXCLUDED: lambda entry: f"It was decided{_by(entry)} that {entry.who} gets no more email.",
    Kind.INCLUDED: lambda entry: f"It was decided{_by(entry)} that {entry.who} gets email again.",
    Kind.HELD_OUT: lambda _: "No reminders are sent: it is one of a few without, so that their effect can be measured.",
    Kind.PROSE: lambda entry: str(entry.text),
}
