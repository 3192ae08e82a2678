"""What programs ask and are answered. Times are RFC 3339 in UTC."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dunning.audit import Change, Way
from dunning.casebook.case_page import CURSOR
from dunning.reasons import EndReason
from dunning.rules.case import CaseState

# https://developer.paddle.com/api-reference/about/paddle-ids
CustomerId = Annotated[str, Field(pattern=r"^ctm_[a-z0-9]{26}$", examples=["ctm_01hv6y1jedq4p1n0yqn5ba3ky4"])]
SubscriptionId = Annotated[str, Field(pattern=r"^sub_[a-z0-9]{26}$", examples=["sub_01h04vsc0qhwtsbsxh3422wjs4"])]
TransactionId = Annotated[str, Field(pattern=r"^txn_[a-z0-9]{26}$", examples=["txn_01hv8wptq8987qeep44cyrewp9"])]

MOST_CASES = 500
MOST_CHANGES = 500
MOST_SUBSCRIPTIONS = 250


class Model(BaseModel):
    """Refuses what it doesn't know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerPath(Model):
    """A customer."""

    customer_id: CustomerId


class CasePath(Model):
    """A case, which has the id of its transaction."""

    transaction_id: TransactionId


class ExclusionPath(Model):
    """A customer or a subscription."""

    entity_id: Annotated[str, Field(pattern=r"^(ctm|sub)_[a-z0-9]{26}$")]


class Nothing(Model):
    """Nothing is asked beside the path."""


class PortalLinksRequest(Model):
    """For which subscriptions links are wanted beside the overview's."""

    subscription_ids: Annotated[list[SubscriptionId], Field(max_length=MOST_SUBSCRIPTIONS)] = []


class SubscriptionLinks(Model):
    """Deep links for one subscription. Each signs its reader in."""

    subscription_id: SubscriptionId
    update_payment_method: str
    cancel: str
    view: str | None


class PortalLinks(Model):
    """Links into Paddle's customer portal, made just now and kept nowhere. Each signs its reader in."""

    customer_id: CustomerId
    overview: str
    expires_at: datetime
    subscriptions: list[SubscriptionLinks]


class PastDue(Model):
    """A subscription whose renewal is unpaid."""

    subscription_id: SubscriptionId
    transaction_id: TransactionId
    since: datetime
    """When the renewal's first charge failed."""
    until: datetime | None
    """When Paddle gives up, where the campaign states it."""
    payment_link: str
    """Ours: it leads to Paddle's page once its button is pressed, as long as the debt stands."""


class Standing(Model):
    """Whether a customer owes anything, as far as we were told by Paddle."""

    customer_id: CustomerId
    past_due: bool
    since: datetime | None
    """Since when the oldest debt is unpaid."""
    until: datetime | None
    """When Paddle gives up on the first of them, where that is stated."""
    subscriptions: list[PastDue]


class CasesQuery(Model):
    """Which cases are wanted."""

    state: CaseState | None = None
    """Those that are open, if nothing is said; with a reason, those that ended for it."""
    reason: EndReason | None = None
    campaign: Annotated[str, Field(max_length=64)] | None = None
    customer: CustomerId | None = None
    subscription: SubscriptionId | None = None
    since: datetime | None = None
    """Those that ended, or failed, since then."""
    cursor: Annotated[str, Field(pattern=CURSOR)] | None = None
    """Where the page before this one ended, as it said."""
    limit: Annotated[int, Field(ge=1, le=MOST_CASES)] = 100


class CaseList(Model):
    """A page of cases, as `dunning cases list --json` tells them. It may be short, or empty, and not be the last."""

    cases: list[dict[str, Any]]
    more: bool
    """Whether there is another page."""
    cursor: str | None
    """Where the next page begins, if there is one."""


class CaseFile(BaseModel):
    """Everything about one case, as `dunning cases show --json` tells it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: TransactionId
    readable: bool
    steps: list[dict[str, Any]]
    story: list[dict[str, Any]]


class SendNowRequest(Model):
    """Which step to send: the next, if none is named."""

    step: Annotated[str, Field(max_length=64)] | None = None


class Done(Model):
    """What came of it, in sentences."""

    said: list[str]


class Exclusion(Model):
    """A customer or a subscription that gets no mail."""

    id: str
    since: datetime
    by: str | None
    """Who said so: a program by its token's name, or an operator."""


class Exclusions(Model):
    """All exclusions."""

    exclusions: list[Exclusion]


class Changed(Model):
    """Whether that changed anything."""

    changed: bool


class MailAddress(Model):
    """An address. It is kept as a keyed hash, and told nowhere."""

    address: Annotated[str, Field(max_length=320, examples=["customer@example.com"])]


class Suppressed(Model):
    """How many addresses get no mail for a reason, and since when the latest of them is."""

    reason: str
    addresses: int
    latest: datetime


class Suppressions(Model):
    """Which addresses are suppressed can't be told: they are kept as keyed hashes."""

    suppressed: list[Suppressed]


class AuditQuery(Model):
    """Which changes are wanted."""

    cursor: Annotated[str, Field(pattern=r"^-?\d{1,15}$")] | None = None
    """Where the page before this one ended, as it said."""
    limit: Annotated[int, Field(ge=1, le=MOST_CHANGES)] = 100


class AuditChange(Model):
    """Somebody changed something by hand."""

    at: datetime
    who: str
    """A person's or a program's name, as it was given to Dunning."""
    way: Annotated[str, Field(examples=[*Way])]
    """How they came to change it."""
    what: Annotated[str, Field(examples=[*Change])]
    """In a word. A newer version may add some."""
    about: str | None
    """Which id, or what else names it. Never an address."""


class AuditList(Model):
    """A page of changes, the newest first, as `dunning audit --json` tells them. The last 10,000 are kept."""

    changes: list[AuditChange]
    more: bool
    """Whether there is another page."""
    cursor: str | None
    """Where the next page begins, if there is one."""


class ReportQuery(Model):
    """Which month is wanted."""

    month: Annotated[str, Field(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$", examples=["2026-11"])] | None = None
    """This one, if nothing is said. Months are in UTC."""


class Counts(Model):
    """A sum of cases, by all that it is of."""

    what: str
    campaign: str
    step: str | None
    decline_class: str
    cause: str | None
    currency: str | None
    cases: int
    cases_with_amount: int
    amount: int
    """In the currency's minor units."""


class Report(BaseModel):
    """What came of the cases of a month, as `dunning report --json` tells it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    first_day: date
    last_day: date
    opened: int
    recovered: int
    lost: int
    sums: list[Counts]


class Problem(BaseModel):
    """What went wrong: https://www.rfc-editor.org/rfc/rfc9457."""

    type: str
    title: str
    status: int
    detail: str
