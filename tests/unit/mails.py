"""Facts to write mails from, and mails as the customer's program reads them."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

from dunning.addresses.mailbox import Mailbox
from dunning.rules.declines import Advice, Reason
from worker.letters.render import Renderer
from worker.letters.values import DebtFacts, MailFacts, Sum

TEMPLATES = ("payment_failed", "reminder", "reminder_2", "reminder_3", "reminder_4", "final_notice")
LINK = "https://billing.acme.example/pay/txn_01hv8x5b1s2a3b4c5d6e7f8g9h.t8x1k2.3q2-_w~?a=1&b=2"
OTHER_LINK = "https://billing.acme.example/pay/txn_01jq3vcx8a4b7d9e2f5g6h0j1k.t8x1k3.9k2-_w~?a=1&b=2"
STOP_LINK = LINK.replace("/pay/", "/pay/stop/")
OTHER_STOP_LINK = OTHER_LINK.replace("/pay/", "/pay/stop/")
NBSP = "\u00a0"
RENDERER = Renderer(
    None, Mailbox("Acme, Inc.", "billing@acme.example"), Mailbox("Help", "help@acme.example"), redirect=None
)


def facts(template: str = "payment_failed") -> MailFacts:
    return MailFacts(
        template=template,
        step="first",
        case_id="txn_01hv8x5b1s2a3b4c5d6e7f8g9h",
        customer_name="Eve Müller",
        recipient="eve@customer.example",
        locale="en",
        product_names=("Acme Pro",),
        amount=120050,
        currency_code="EUR",
        card_last4="4242",
        reason=Reason.EXPIRED_CARD,
        advice=Advice.USE_NEW_CARD,
        link=LINK,
        stop_link=STOP_LINK,
        ends_on=None,
        method="card",
        card_brand="visa",
        mails_sent=0 if template == "payment_failed" else 1,
        dated_at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    )


def several(template: str = "payment_failed", **changes: Any) -> MailFacts:  # noqa: ANN401 - any field of the facts
    """Two open payments for one subscription, and one for another, by PayPal and in another currency."""
    other = DebtFacts(
        product_names=("Acme Support",),
        amount=500,
        currency_code="USD",
        method="paypal",
        card_last4=None,
        reason=Reason.NOT_ENOUGH_BALANCE,
        advice=Advice.TOP_UP,
        link=OTHER_LINK,
        stop_link=OTHER_STOP_LINK,
        mails_sent=0 if template == "payment_failed" else 1,
        ends_on=None,
    )
    return replace(facts(template), **{"further": (Sum(2400, "EUR"),), "others": (other,), **changes})


def sent(mail: EmailMessage) -> EmailMessage:
    """The mail as the customer's program reads it."""
    if not str(mail["To"]).isascii():
        return message_from_string(mail.as_bytes().decode(), EmailMessage, policy=default)
    return message_from_bytes(mail.as_bytes(), EmailMessage, policy=default)


def text_of(mail: EmailMessage) -> str:
    return part(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    return part(mail, "html")


def part(mail: EmailMessage, kind: str) -> str:
    body = sent(mail).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
