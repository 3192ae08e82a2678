"""What the seller's own programs are told: the events of out-webhooks, and the JSON that each is sent as. Pure.

An event holds ids, states and times: no person, no address, no amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import DeliveryState


class OutType(StrEnum):
    """What happened."""

    CASE_OPENED = "case.opened"
    MAIL_SENT = "mail.sent"
    LINK_CLICKED = "link.clicked"
    CASE_RECOVERED = "case.recovered"
    CASE_STOPPED = "case.stopped"
    CASE_EXHAUSTED = "case.exhausted"
    SENDING_HELD = "sending.held"
    SENDING_RESUMED = "sending.resumed"


class Brake(StrEnum):
    """What holds mail."""

    HOLD = "hold"
    """Something that an operator has to mend; `hold` says what."""
    PAUSE = "pause"
    """An operator paused it."""
    BREAKER = "breaker"
    """Far more renewals failed than usual."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class CaseData(_Told):
    """A case as it was when this happened. Its id is its transaction's."""

    transaction_id: str
    subscription_id: str
    customer_id: str
    campaign: str
    decline_class: DeclineClass
    decline_code: str | None = Field(default=None, description="Paddle's code of the newest failed attempt.")
    state: CaseState
    failed_at: datetime = Field(description="When the first collection attempt failed.")


class WrittenCaseData(CaseData):
    """A case that was written."""

    revision: int = Field(
        description="Grows with each write of the case: of two events of a case, the higher is newer."
    )


class MailData(WrittenCaseData):
    """A case, and the step whose mail the mail server took."""

    step: str
    repeated: bool = Field(description="Whether the same mail may have arrived before.")


class EndedCaseData(WrittenCaseData):
    """A case that is over."""

    ended_at: datetime | None = None
    end_reason: str | None = Field(default=None, description="Why, where the state does not say it all.")


class SendingData(_Told):
    """What holds mail, or held it until now. Several may at once: mail goes out when each has been taken off."""

    by: Brake
    hold: str | None = Field(default=None, description="Which hold, where one does.")
    campaign: str | None = Field(default=None, description="Whose mail is held; absent where all mail is.")


class _Payload(_Told):
    type: OutType
    timestamp: datetime = Field(description="When it happened.")


class CaseOpened(_Payload):
    """A renewal was declined, and a case was opened."""

    type: Literal[OutType.CASE_OPENED] = OutType.CASE_OPENED
    data: WrittenCaseData


class MailSent(_Payload):
    """The mail server took a mail of the case."""

    type: Literal[OutType.MAIL_SENT] = OutType.MAIL_SENT
    data: MailData


class LinkClicked(_Payload):
    """The case's payment link was followed, and led to Paddle's page."""

    type: Literal[OutType.LINK_CLICKED] = OutType.LINK_CLICKED
    data: CaseData


class CaseRecovered(_Payload):
    """The debt is paid, or nothing is left to pay. This can follow another end."""

    type: Literal[OutType.CASE_RECOVERED] = OutType.CASE_RECOVERED
    data: EndedCaseData


class CaseStopped(_Payload):
    """Something else ended the case: canceled, paused, opted out, stopped by hand."""

    type: Literal[OutType.CASE_STOPPED] = OutType.CASE_STOPPED
    data: EndedCaseData


class CaseExhausted(_Payload):
    """The debt stands, 35 days after its failure: no more is done about it."""

    type: Literal[OutType.CASE_EXHAUSTED] = OutType.CASE_EXHAUSTED
    data: EndedCaseData


class SendingHeld(_Payload):
    """Something holds mail. Steps stay due."""

    type: Literal[OutType.SENDING_HELD] = OutType.SENDING_HELD
    data: SendingData


class SendingResumed(_Payload):
    """What held mail was taken off."""

    type: Literal[OutType.SENDING_RESUMED] = OutType.SENDING_RESUMED
    data: SendingData


Payload = Annotated[
    CaseOpened | MailSent | LinkClicked | CaseRecovered | CaseStopped | CaseExhausted | SendingHeld | SendingResumed,
    Field(discriminator="type"),
]
PAYLOADS: Final = (
    CaseOpened,
    MailSent,
    LinkClicked,
    CaseRecovered,
    CaseStopped,
    CaseExhausted,
    SendingHeld,
    SendingResumed,
)
_ENDS: Final[Mapping[CaseState, type[CaseRecovered | CaseStopped | CaseExhausted]]] = MappingProxyType(
    {
        CaseState.RECOVERED: CaseRecovered,
        CaseState.STOPPED: CaseStopped,
        CaseState.EXHAUSTED: CaseExhausted,
    }
)


@dataclass(frozen=True, slots=True)
class OutEvent:
    """Something to tell. It becomes JSON only where somebody is told."""

    type: OutType
    at: datetime
    case: Case | None = None
    revision: int = 0
    step: str = ""
    by: Brake | None = None
    hold: str | None = None
    campaign: str | None = None

    def payload(self) -> Payload:
        """Return what is sent."""
        at = self.at
        if self.case is None:
            data = SendingData(by=self.by or Brake.HOLD, hold=self.hold, campaign=self.campaign)
            held = self.type is OutType.SENDING_HELD
            return SendingHeld(timestamp=at, data=data) if held else SendingResumed(timestamp=at, data=data)
        case = self.case
        facts = {
            "transaction_id": case.id,
            "subscription_id": case.subscription_id,
            "customer_id": case.customer_id,
            "campaign": case.campaign,
            "decline_class": case.decline_class,
            "decline_code": case.reason_code,
            "state": case.state,
            "failed_at": case.failed_at,
            "revision": self.revision,
        }
        if self.type is OutType.CASE_OPENED:
            return CaseOpened(timestamp=at, data=WrittenCaseData.model_validate(facts))
        if self.type is OutType.LINK_CLICKED:
            return LinkClicked(timestamp=at, data=CaseData.model_validate(facts))
        if self.type is OutType.MAIL_SENT:
            repeated = case.delivery(self.step).unknowns > 0
            return MailSent(
                timestamp=at, data=MailData.model_validate({**facts, "step": self.step, "repeated": repeated})
            )
        ended = {**facts, "ended_at": case.ended_at, "end_reason": case.reason}
        return _ENDS[case.state](timestamp=at, data=EndedCaseData.model_validate(ended))

    def body(self) -> str:
        """Return the JSON that is sent, and signed."""
        return self.payload().model_dump_json(exclude_none=True)


def of_write(before: Case | None, after: Case, revision: int, now: datetime) -> list[OutEvent]:
    """Return what a write of a case tells. `revision` is the one that it gives the case."""
    told = [OutEvent(OutType.CASE_OPENED, now, after, revision)] if before is None else []
    for step, delivery in after.deliveries.items():
        was = before.delivery(step).state if before else DeliveryState.PLANNED
        if delivery.state is DeliveryState.SENT and was is not DeliveryState.SENT:
            told.append(OutEvent(OutType.MAIL_SENT, now, after, revision, step))
    if not after.is_open and (before is None or before.state is not after.state):
        told.append(OutEvent(OutType(f"case.{after.state}"), now, after, revision))
    return told


def of_click(case: Case, now: datetime) -> OutEvent:
    """Return what a click that led to Paddle tells."""
    return OutEvent(OutType.LINK_CLICKED, now, case)


def of_brake(now: datetime, by: Brake, *, on: bool, hold: str | None = None, campaign: str | None = None) -> OutEvent:
    """Return what putting a brake on, or taking it off, tells. `campaign` is None for all mail."""
    kind = OutType.SENDING_HELD if on else OutType.SENDING_RESUMED
    return OutEvent(kind, now, by=by, hold=hold, campaign=campaign)
