"""All pages for people who are signed in. Routes, permissions and navigation are made from this one list."""

from console.screen import (
    alerts,
    audit,
    brakes,
    campaigns,
    case,
    case_changes,
    cases,
    dead,
    healing,
    overview,
    signing_in,
)
from console.screen.page import Page
from dunning.people import PersonRole

OPERATOR = PersonRole.OPERATOR
CASE = "/cases/{case_id:txn_[a-z0-9]{26}}"

PAGES = (
    Page(path="/", handler=overview.show, in_header="Overview"),
    Page(path="/cases", handler=cases.show, in_header="Cases"),
    Page(method="POST", path="/cases/find", handler=cases.find),
    Page(path=CASE, handler=case.show),
    Page(method="POST", path=f"{CASE}/next-mail", handler=case.show_next_mail),
    Page(method="POST", path=f"{CASE}/stop", role=OPERATOR, handler=case_changes.stop),
    Page(method="POST", path=f"{CASE}/send-now", role=OPERATOR, handler=case_changes.send_now),
    Page(method="POST", path=f"{CASE}/resend", role=OPERATOR, handler=case_changes.resend),
    Page(method="POST", path=f"{CASE}/exclude", role=OPERATOR, handler=case_changes.exclude),
    Page(method="POST", path=f"{CASE}/include", role=OPERATOR, handler=case_changes.include),
    Page(method="POST", path=f"{CASE}/payment-link", role=OPERATOR, handler=case_changes.make_payment_link),
    Page(method="POST", path=f"{CASE}/portal-links", role=OPERATOR, handler=case_changes.make_portal_links),
    Page(path="/campaigns", handler=campaigns.show, in_header="Campaigns"),
    Page(path="/campaigns/mails/{template}", handler=campaigns.show_mail),
    Page(path="/healing", handler=healing.show, in_header="Healing"),
    Page(method="POST", path="/healing/look", role=OPERATOR, handler=healing.look),
    Page(method="POST", path="/healing/apply", role=OPERATOR, handler=healing.apply),
    Page(path="/dead", handler=dead.show, in_header="Dead events"),
    Page(method="POST", path="/dead/replay", role=OPERATOR, handler=dead.replay),
    Page(method="POST", path="/dead/drop", role=OPERATOR, handler=dead.drop),
    Page(path="/brakes", handler=brakes.show, in_header="Brakes"),
    Page(method="POST", path="/brakes/pause", role=OPERATOR, handler=brakes.pause),
    Page(method="POST", path="/brakes/resume", role=OPERATOR, handler=brakes.resume),
    Page(path="/alerts", handler=alerts.show, in_header="Alerts"),
    Page(path="/audit", handler=audit.show, in_header="Audit"),
    Page(method="POST", path="/sign-out", handler=signing_in.sign_out),
)
