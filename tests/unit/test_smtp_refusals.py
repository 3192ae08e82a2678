"""What providers really say, and whom it is about."""

import pytest

from worker.mail.holds import LOGIN, POLICY, QUOTA, RELAY, SENDER
from worker.mail.smtp_answers import Stage, explain_answer
from worker.mail.smtp_refusals import RECIPIENT, read_refusal
from worker.mail.transport import Outcome

BEFORE_AND_AFTER_DATA = (Stage.RCPT, Stage.DATA, Stage.MESSAGE)

ABOUT_US = [
    # Postfix, Exim, sendmail, qmail, hMailServer
    (554, "5.7.1 <eve@customer.example>: Relay access denied", RELAY),
    (550, "relay not permitted", RELAY),
    (550, "5.7.1 eve@customer.example... Relaying denied. Proper authentication required.", RELAY),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", RELAY),
    (550, "Delivery is not allowed to this address.", RELAY),
    (550, "We do not relay for customer.example", RELAY),
    (550, "This server is not permitted to relay", RELAY),
    (553, "5.7.1 <billing@acme.example>: Sender address rejected: not owned by user acme", SENDER),
    (550, "5.1.0 <billing@acme.example>: Sender address rejected: User unknown in virtual mailbox table", SENDER),
    (550, "5.1.8 <billing@acme.example>: Sender address rejected: Domain not found", SENDER),
    (553, "Domain of sender address billing@acme.example does not exist", SENDER),
    (550, "Sender verify failed", SENDER),
    (554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", POLICY),
    (504, "5.5.2 <acme>: Helo command rejected: need fully-qualified hostname", POLICY),
    (550, "5.7.23 <eve@customer.example>: Recipient address rejected: Message rejected due to: SPF fail", POLICY),
    (552, "5.3.4 Message size exceeds fixed limit", QUOTA),
    (554, "5.7.1 <eve@customer.example>: Recipient address rejected: Policy rejection", POLICY),
    # Exchange
    (550, "5.7.1 Unable to relay", RELAY),
    (550, "5.4.1 Relay Access Denied [x.prod.protection.outlook.com]", RELAY),
    (550, "5.7.64 TenantAttribution; Relay Access Denied [x.prod.outlook.com]", RELAY),
    (550, "5.7.367 Remote server returned not permitted to relay", RELAY),
    (550, "5.7.1 Client was not authenticated", LOGIN),
    (530, "5.7.57 Client not authenticated to send mail. [x.prod.outlook.com]", LOGIN),
    (550, "5.7.57 Client was not authenticated to send anonymous mail during MAIL FROM", LOGIN),
    (550, "5.7.60 SMTP; Client does not have permissions to send as this sender", SENDER),
    (554, "5.2.252 SendAsDenied; acme@acme.example not allowed to send as billing@acme.example", SENDER),
    (550, "5.1.8 Access denied, bad outbound sender", SENDER),
    (550, "5.1.0 Sender denied", SENDER),
    (550, "5.7.750 Service unavailable. Client blocked from sending from unregistered domains", SENDER),
    (550, "5.1.90 Your message can't be sent because you've reached your daily limit for recipients", QUOTA),
    (550, "5.2.2 Submission quota exceeded", QUOTA),
    (554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process", QUOTA),
    (554, "5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message", POLICY),
    (550, "5.7.705 Access denied, tenant has exceeded threshold", QUOTA),
    (550, "5.7.708 Access denied, traffic not accepted from this IP", POLICY),
    (550, "5.7.509 Access denied, sending domain acme.example does not pass DMARC verification", POLICY),
    (550, "5.7.511 Access denied, banned sender[192.0.2.1]", POLICY),
    (550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", POLICY),
    (550, "5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", POLICY),
    (550, "SC-001 Mail rejected by Outlook.com for policy reasons.", POLICY),
    # Gmail
    (550, "5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials for relay.", RELAY),
    (550, "5.7.1 Invalid credentials for relay [192.0.2.1].", RELAY),
    (550, "5.4.5 Daily user sending limit exceeded. https://support.google.com/a/answer/166852", QUOTA),
    (550, "5.4.5 Daily user sending quota exceeded.", QUOTA),
    (550, "5.4.5 Daily SMTP relay sending limit exceeded for customer.", QUOTA),
    (550, "5.7.1 Daily SMTP relay limit exceeded for user.", QUOTA),
    (550, "5.7.1 Email quota exceeded.", QUOTA),
    (550, "5.7.0 Mail Sending denied.", POLICY),
    (550, "5.7.26 This mail is unauthenticated.\n5.7.26 The sender must authenticate with SPF or DKIM.", POLICY),
    (550, "5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record.", POLICY),
    (550, "5.7.28 Our system has detected an unusual rate of mail from your IP address.", POLICY),
    (550, "5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail.", POLICY),
    (552, "5.7.0 This message was blocked because its content presents a potential security issue.", POLICY),
    # Amazon SES, which sends no enhanced codes
    (554, "Message rejected: Email address is not verified. The following identities failed the check", SENDER),
    (554, "Message rejected: Sending paused for this account. For more information, please check the inbox", POLICY),
    (554, "Throttling failure: Maximum sending rate exceeded.", QUOTA),
    (554, "Throttling failure: Daily message quota exceeded.", QUOTA),
    (554, "Access denied: User arn:aws:iam::1:user/x is not authorized to perform ses:SendRawEmail", LOGIN),
    (550, "Message is too long.", QUOTA),
    (554, "Invalid MAIL FROM address provided", SENDER),
    # Others
    (
        550,
        "Please turn on SMTP Authentication in your mail client.\nacme.example is not permitted to relay through this",
        RELAY,
    ),
    (550, "The from address does not match a verified Sender Identity.", SENDER),
    (550, "Unauthenticated senders not allowed", SENDER),
    (550, "From address not allowed", SENDER),
    (550, "Message not authenticated: SPF and DKIM fail", POLICY),
    (550, "Maximum credits exceeded", QUOTA),
    (554, "You have exceeded your hourly limit", QUOTA),
    (550, "5.4.6 Unusual sending activity detected. Please try after sometime.", POLICY),
    (550, "Requested action not taken: mailbox unavailable\nReject due to policy restrictions.", POLICY),
    (554, "Your account has been suspended", POLICY),
    (550, "SMTP authentication is required.", LOGIN),
    # No words that help, and a code that does
    (554, "5.7.1 No.", POLICY),
    (550, "5.7.0", POLICY),
    (550, "5.7.999 No.", POLICY),
    (550, "5.3.0 No.", POLICY),
    (550, "5.3.1 No.", QUOTA),
    (550, "5.3.5 No.", POLICY),
    (550, "5.4.5 No.", QUOTA),
    (550, "5.1.7 No.", SENDER),
    (525, "5.7.13 User account disabled", LOGIN),
]

ABOUT_THE_RECIPIENT = [
    # Postfix, Exim, sendmail, qmail
    (550, "5.1.1 <eve@customer.example>: Recipient address rejected: User unknown in local recipient table"),
    (550, "<eve@customer.example>: Recipient address rejected: User unknown in virtual mailbox table"),
    (554, "5.7.1 <eve@customer.example>: Recipient address rejected: Access denied"),
    (550, "<eve@customer.example>: Recipient address rejected: undeliverable address: unknown"),
    (550, "Unrouteable address: no such user here"),
    (550, "Unknown user"),
    (551, "User not local: unknown recipient"),
    (553, "5.3.0 <eve@customer.example>... No such user here"),
    (553, "sorry, no mailbox here by that name (#5.1.1)"),
    (552, "5.2.2 Mailbox full"),
    (552, "mailbox is full: retry timeout exceeded"),
    (552, "Quota exceeded (mailbox for user is full)"),
    # Exchange
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    (550, "5.1.1 RESOLVER.ADR.RecipNotFound; not found"),
    (550, "5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]"),
    (550, "5.5.0 Requested action not taken: mailbox unavailable"),
    (550, "5.7.1 RESOLVER.RST.AuthRequired; authentication required"),
    (550, "5.7.1 RESOLVER.RST.NotAuthorized; not authorized"),
    (550, "5.7.1 Delivery restriction check failed because the sender was not authenticated when sending"),
    (550, "5.7.12 Sender was not authenticated by organization"),
    (550, "5.7.124 Sender not in allowed-senders list"),
    (550, "5.7.129 Sender not in allow list"),
    (550, "5.7.129 Sender not allowed"),
    (550, "5.7.133 Sender not authenticated for group"),
    (550, "5.7.134 Sender was not authenticated for mailbox"),
    (550, "5.7.13 Sender was not authenticated for public folder"),
    (550, "5.7.136 Sender was not authenticated"),
    (550, "5.7.504 [eve@customer.example]: Recipient address rejected: Access denied"),
    (550, "5.7.505 Access denied, banned recipient"),
    (550, "5.7.507 Access denied, rejected by recipient"),
    (550, "5.7.1 You are not permitted to send messages to this recipient"),
    (550, "5.7.513 Service unavailable, Client host [192.0.2.1] blocked by customer.example using Customer Block list"),
    (550, "5.7.703 Your message can't be delivered because messages to eve are blocked by your organization"),
    (550, "Message blocked by recipient"),
    # Gmail, Yahoo
    (
        550,
        "5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Learn more at https://x.example/spam",
    ),
    (550, "The email account that you tried to reach does not exist. Please try double-checking the address."),
    (550, "5.2.1 The email account that you tried to reach is disabled."),
    (550, "The email account that you tried to reach is disabled."),
    (552, "5.2.2 The email account that you tried to reach is over quota."),
    (552, "1 Requested mail action aborted, mailbox not found"),
    # Amazon SES
    (554, "Transaction failed: Address blacklisted."),
    (553, "<eve> Invalid email address"),
    (554, "Message rejected: Address is on the account suppression list"),
    # No words that help, and a code that does
    (550, "5.1.1 No."),
    (550, "5.1.2"),
    (550, "5.1.0 No."),
    (550, "5.2.0 No."),
    (552, "5.2.3 Message too large"),
    (550, "5.4.4 No."),
    (556, "customer.example does not accept mail"),
]


@pytest.mark.parametrize("stage", BEFORE_AND_AFTER_DATA)
@pytest.mark.parametrize(("code", "text", "hold"), ABOUT_US)
def test_a_refusal_that_is_about_us_is_held_at_every_stage(stage: Stage, code: int, text: str, hold: str) -> None:
    result = explain_answer(stage, code, text)

    assert (result.outcome, result.hold) == (Outcome.HELD, hold)
    assert not result.about_recipient


@pytest.mark.parametrize("stage", BEFORE_AND_AFTER_DATA)
@pytest.mark.parametrize(("code", "text"), ABOUT_THE_RECIPIENT)
def test_a_recipient_who_is_refused_stays_refused_at_every_stage(stage: Stage, code: int, text: str) -> None:
    result = explain_answer(stage, code, text)

    assert (result.outcome, result.hold) == (Outcome.REFUSED, None)
    assert result.about_recipient


@pytest.mark.parametrize("stage", BEFORE_AND_AFTER_DATA)
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, ""),
        (554, "Transaction failed"),
        (550, "Requested action not taken"),
        (554, "5.6.0 Mail message is malformed"),
        (555, "5.5.2 Syntax error, goodbye"),
        (550, "5.0.0 No."),
        (550, "192.5.7.1 said no"),
        (550, "5.7.1.22 said no"),
        (550, "4.7.1 No."),
    ],
)
def test_a_refusal_that_does_not_tell_is_refused_and_may_be_about_us(stage: Stage, code: int, text: str) -> None:
    result = explain_answer(stage, code, text)

    assert (result.outcome, result.hold, result.about_recipient) == (Outcome.REFUSED, None, False)


@pytest.mark.parametrize("text", [text for code, text, _ in ABOUT_US if code != 530])
@pytest.mark.parametrize("code", [421, 450, 454])
def test_what_passes_by_itself_is_tried_again_whatever_it_is_about(code: int, text: str) -> None:
    assert explain_answer(Stage.RCPT, code, text).outcome is Outcome.TRY_AGAIN


def test_an_address_or_a_link_in_the_text_means_nothing() -> None:
    text = "5.1.0 <relay.access.denied@quota.example> spam-policy@sender.example: no. https://x.example/policy/spam"

    assert read_refusal(550, text, recipient_accepted=False) == RECIPIENT


def test_the_mailbox_is_full_before_the_recipient_was_taken_and_our_share_after() -> None:
    full = "Requested mail action aborted: exceeded storage allocation"

    assert read_refusal(552, full, recipient_accepted=False) == RECIPIENT
    assert read_refusal(552, full, recipient_accepted=True) == QUOTA


@pytest.mark.parametrize(
    ("text", "hold"),
    [
        ("5.7.1 Relay access denied", RELAY),
        ("5.4.5 Daily user sending limit exceeded", QUOTA),
        ("5.7.1 blocked using zen.spamhaus.org", POLICY),
        ("5.1.1 User unknown", SENDER),
        ("No.", SENDER),
    ],
)
def test_a_refusal_of_the_sender_is_about_the_sender_unless_it_says_what_else(text: str, hold: str) -> None:
    result = explain_answer(Stage.MAIL, 550, text)

    assert (result.outcome, result.hold) == (Outcome.HELD, hold)


@pytest.mark.parametrize(
    ("stage", "text", "hold"),
    [
        (Stage.CONNECT, "5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", POLICY),
        (Stage.CONNECT, "No.", LOGIN),
        (Stage.CONNECT, "5.1.1 mailbox.example is closed", LOGIN),
        (Stage.TLS, "5.7.1 policy", LOGIN),
        (Stage.LOGIN, "5.7.1 policy", LOGIN),
    ],
)
def test_a_refusal_before_any_mail_is_about_the_login_unless_it_says_what_else(
    stage: Stage, text: str, hold: str
) -> None:
    result = explain_answer(stage, 554, text)

    assert (result.outcome, result.hold) == (Outcome.HELD, hold)


def test_a_text_without_end_is_read_in_a_moment() -> None:
    for word in ("relay ", "sender ", "<", "a@", "user", "exceed ", "not ", " ", "5.7.1 "):
        read_refusal(550, word * 200_000, recipient_accepted=False)
