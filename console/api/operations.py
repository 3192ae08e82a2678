"""All that programs may ask. Routes, permissions and the OpenAPI document are made from this one list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from console.api import audit, cases, exclusions, portal_links, report, standing, suppressions
from console.api import models as m
from dunning.access_token import Scope
from dunning.audit import Change

# Given the request and what was asked in its path, its query and its body.
Answers = Callable[[web.Request, Any, Any, Any], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `name` is its id for generated clients."""

    name: str
    method: str
    path: str
    scope: Scope
    summary: str
    handler: Answers
    in_path: type[BaseModel] = m.Nothing
    query: type[BaseModel] = m.Nothing
    body: type[BaseModel] = m.Nothing
    answer: type[BaseModel]
    change: Change | None = None
    """What the audit list calls it, if it changes anything."""


OPERATIONS = (
    Operation(
        name="makePortalLinks",
        method="POST",
        path="/v1/customers/{customer_id}/portal-links",
        scope=Scope.LINKS,
        summary="Make links into Paddle's customer portal, signed in, for a customer who is signed in to your app.",
        handler=portal_links.make,
        in_path=m.CustomerPath,
        body=m.PortalLinksRequest,
        answer=m.PortalLinks,
    ),
    Operation(
        name="readStanding",
        method="GET",
        path="/v1/customers/{customer_id}/standing",
        scope=Scope.READ,
        summary="Tell whether a customer owes anything. Asks nothing of Paddle.",
        handler=standing.read,
        in_path=m.CustomerPath,
        answer=m.Standing,
    ),
    Operation(
        name="listCases",
        method="GET",
        path="/v1/cases",
        scope=Scope.READ,
        summary="List cases: the open ones, or those of a state.",
        handler=cases.list_cases,
        query=m.CasesQuery,
        answer=m.CaseList,
    ),
    Operation(
        name="readCase",
        method="GET",
        path="/v1/cases/{transaction_id}",
        scope=Scope.READ,
        summary="Tell everything about one case.",
        handler=cases.read_case,
        in_path=m.CasePath,
        answer=m.CaseFile,
    ),
    Operation(
        name="stopCase",
        method="POST",
        path="/v1/cases/{transaction_id}/stop",
        scope=Scope.OPERATE,
        summary="End a case: no more mail, and its links are dead.",
        handler=cases.stop,
        in_path=m.CasePath,
        answer=m.Done,
        change=Change.STOP,
    ),
    Operation(
        name="sendNow",
        method="POST",
        path="/v1/cases/{transaction_id}/send-now",
        scope=Scope.OPERATE,
        summary="Make a step due now.",
        handler=cases.send_now,
        in_path=m.CasePath,
        body=m.SendNowRequest,
        answer=m.Done,
        change=Change.SEND_NOW,
    ),
    Operation(
        name="resend",
        method="POST",
        path="/v1/cases/{transaction_id}/resend",
        scope=Scope.OPERATE,
        summary="Send the last mail about a debt once more.",
        handler=cases.resend,
        in_path=m.CasePath,
        answer=m.Done,
        change=Change.RESEND,
    ),
    Operation(
        name="listExclusions",
        method="GET",
        path="/v1/exclusions",
        scope=Scope.READ,
        summary="List the customers and subscriptions that get no mail.",
        handler=exclusions.list_all,
        answer=m.Exclusions,
    ),
    Operation(
        name="exclude",
        method="PUT",
        path="/v1/exclusions/{entity_id}",
        scope=Scope.OPERATE,
        summary="Send no mail to a customer, or about a subscription, any more.",
        handler=exclusions.exclude,
        in_path=m.ExclusionPath,
        answer=m.Changed,
        change=Change.EXCLUDE,
    ),
    Operation(
        name="include",
        method="DELETE",
        path="/v1/exclusions/{entity_id}",
        scope=Scope.OPERATE,
        summary="Send mail again.",
        handler=exclusions.include,
        in_path=m.ExclusionPath,
        answer=m.Changed,
        change=Change.INCLUDE,
    ),
    Operation(
        name="listSuppressions",
        method="GET",
        path="/v1/suppressions",
        scope=Scope.READ,
        summary="Tell how many addresses get no mail, for which reasons.",
        handler=suppressions.list_all,
        answer=m.Suppressions,
    ),
    Operation(
        name="suppress",
        method="PUT",
        path="/v1/suppressions",
        scope=Scope.OPERATE,
        summary="Send no mail to an address any more.",
        handler=suppressions.suppress,
        body=m.MailAddress,
        answer=m.Changed,
        change=Change.SUPPRESS,
    ),
    Operation(
        name="takeOffSuppression",
        method="DELETE",
        path="/v1/suppressions",
        scope=Scope.OPERATE,
        summary="Send mail to an address again.",
        handler=suppressions.take_off,
        body=m.MailAddress,
        answer=m.Changed,
        change=Change.UNSUPPRESS,
    ),
    Operation(
        name="listChanges",
        method="GET",
        path="/v1/audit",
        scope=Scope.READ,
        summary="List who changed what by hand, and when: on the screen, by programs and by commands.",
        handler=audit.list_changes,
        query=m.AuditQuery,
        answer=m.AuditList,
    ),
    Operation(
        name="readReport",
        method="GET",
        path="/v1/report",
        scope=Scope.READ,
        summary="Tell what came of the cases of a month.",
        handler=report.read,
        query=m.ReportQuery,
        answer=m.Report,
    ),
)
