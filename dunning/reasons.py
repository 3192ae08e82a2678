"""The words for why, one meaning each. Redis, logs, metrics and the documentation have them: none is ever renamed."""

from enum import StrEnum


class EndReason(StrEnum):
    """Why a case ended, where its state doesn't say it all."""

    NO_DEBT = "no_debt"
    """It is no debt after all, by what Paddle says of the transaction."""
    NOTHING_LEFT_TO_PAY = "nothing_left_to_pay"
    """Its balance is zero."""
    DEBT_CANCELED = "debt_canceled"
    """The transaction is canceled."""
    SUBSCRIPTION_PAUSED = "subscription_paused"
    """The subscription is paused."""
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    """The subscription is canceled."""
    CHARGED_BACK = "charged_back"
    """The customer disputes a payment for the subscription with their bank."""
    BY_OPERATOR = "by_operator"
    """The seller stopped it by hand."""
    OPTED_OUT = "opted_out"
    """The customer wants no more reminders of it. The debt stands, and its payment link works."""


class SkipReason(StrEnum):
    """Why a step that was due was not sent."""

    OVERTAKEN = "overtaken"
    """A later step of the same case was due too, or the last mail too near."""
    COVERED = "covered"
    """The mail of another case of the same customer, which has gone out, named this debt too."""
    COLLECTED_BY_INVOICE = "collected_by_invoice"
    """Collection turned manual: the portal can't take a payment method for it."""
    ENDING_BY_ITSELF = "ending_by_itself"
    """The subscription is scheduled to be canceled."""
    SUBSCRIPTION_NOT_OWING = "subscription_not_owing"
    """The subscription is in a state that owes nothing, such as trialing."""
    OTHER_CUSTOMER = "other_customer"
    """Paddle names another customer for the subscription than for the debt: there is no knowing whom to write to."""
    CUSTOMER_ARCHIVED = "customer_archived"
    """The seller put the customer away."""
    NO_ADDRESS = "no_address"
    """The customer has no address, or none that mail can be sent to."""
    EXCLUDED = "excluded"
    """An operator said that the customer, or the subscription, is to get no mail."""
    SUPPRESSED = "suppressed"
    """The address bounced or complained."""
    NOT_AT_PADDLE = "not_at_paddle"
    """Paddle's answers hold no such transaction or subscription that can be read."""


class WaitReason(StrEnum):
    """Why a step that was due waits, and is looked at again. A hold's word and a mail server's code are reasons too."""

    TRANSACTION_BILLED = "transaction_billed"
    """Paddle has not made the transaction past due yet."""
    PAYMENT_ON_ITS_WAY = "payment_on_its_way"
    """The newest attempt to pay may still become money."""
    OUTSIDE_HOURS = "outside_hours"
    """It is not the campaign's time of day at the customer's."""
    NOT_IN_ANSWER = "not_in_answer"
    """Paddle's answer lacks the transaction or the subscription, or it can't be read."""
    PADDLE_FAILED = "paddle_failed"
    """Paddle could not be asked what is owed."""
    NOT_READY = "not_ready"
    """Paddle could not be asked for the portal session that goes into the mail."""
    NO_GRANT = "no_grant"
    """The budget of API calls has no room."""
    NOT_POSSIBLE = "not_possible"
    """The mail can't be made, or handed over, from these data: a few more tries, and the step is dead."""
    PAUSED = "paused"
    """An operator, or the breaker, paused sending."""
    EXCLUDED = "excluded"
    """An operator has just excluded the customer: looked at again, and skipped."""
    DEBTS_CHANGED = "debts_changed"
    """What the mail says is owed was no longer so, just before it was handed over."""
    REDIS_AWAY = "redis_away"
    """Redis was away before anything was sent."""
    HOLDER_GONE = "holder_gone"
    """The worker that had it is gone."""


class DeadReason(StrEnum):
    """Why a step that was due can't be sent any more."""

    DEBT_LAPSED = "debt_lapsed"
    """The case's time was over before it could be sent."""
    NOT_POSSIBLE = "not_possible"
    """The mail could not be made, or handed over, from these data, however often it was tried."""


class MailCode(StrEnum):
    """What became of handing a mail over, in our words.

    Codes that hold the other side's number are no fixed words: `smtp_250`, `smtp_rcpt_451` and `rcpt_timeout` (how far
    the conversation had come), `resend_422`, `postmark_422_406`, `file_OSError`.
    """

    ABANDONED_BEFORE_DATA = "abandoned_before_data"
    """We took it back before anything was handed over."""
    ADDRESS_MALFORMED = "address_malformed"
    """The address is none that mail can be sent to."""
    TLS_REFUSED = "tls_refused"
    """The server's certificate is not to be trusted, or that port speaks no TLS."""
    TLS_NOT_OFFERED = "tls_not_offered"
    """The server offers no STARTTLS."""
    LOGIN_NOT_OFFERED = "login_not_offered"
    """The server offers no way to log in that we know."""
    TIMEOUT_AFTER_DATA = "timeout_after_data"
    """The server had the mail, and did not answer in time."""
    EOF_AFTER_DATA = "eof_after_data"
    """The server had the mail, and the connection ended."""
    FILE_WRITTEN = "file_written"
    """It is in its folder."""
    FILE_NO_ROOM = "file_no_room"
    """The folder's disk is full."""
    CONSOLE_PRINTED = "console_printed"
    """It is on the terminal."""
    CONSOLE_NO_ROOM = "console_no_room"
    """The disk that the output leads to is full."""
    CONSOLE_CLOSED = "console_closed"
    """The terminal is closed."""


class ClickOutcome(StrEnum):
    """Where a click on a payment link led, and why. A hold's word is an outcome too."""

    LED_TO_PADDLE = "led_to_paddle"
    """To Paddle's page, signed in."""
    ALREADY_PAID = "already_paid"
    """Nowhere: Paddle, asked first, says that it is paid."""
    ALREADY_OVER = "already_over"
    """Nowhere: Paddle, asked first, says that the debt is over."""
    TOO_MANY = "too_many"
    """Nowhere: the link was followed too often within the hour."""
    CASE_ENDED = "case_ended"
    """To the login page: the case is over."""
    OTHER_CUSTOMER = "other_customer"
    """To the login page: Paddle says that the debt is another customer's."""
    REDIS_AWAY = "redis_away"
    """To the login page: Redis is away."""
    NO_GRANT = "no_grant"
    """To the login page: the budget of API calls has no room."""
    PADDLE_UNREACHABLE = "paddle_unreachable"
    """To the login page: Paddle did not answer in time, or asks to wait."""
    PADDLE_REFUSED = "paddle_refused"
    """To the login page: Paddle makes no portal session for this customer."""
    UNSAFE_LINK = "unsafe_link"
    """To the login page: the link in Paddle's answer leads to somewhere else than its portal."""


class NoChange(StrEnum):
    """Why an event changed nothing, where one would wonder."""

    OLDER_THAN_THE_FAILURE = "older_than_the_failure"
    """It tells of something before the renewal failed."""


class HoldWord(StrEnum):
    """What only the operator can mend. What to do about each stands in docs/operations.md."""

    PADDLE_KEY = "paddle_key"
    """Paddle refuses the API key."""
    PADDLE_PERMISSION = "paddle_permission"
    """The API key lacks a permission."""
    PADDLE_PORTAL_PERMISSION = "paddle_portal_permission"
    """The API key may not make the portal sessions that mails need, or those that it makes are of no use."""
    MAIL_LOGIN = "mail_login"
    """No TLS, or our login or key is refused or wanted."""
    MAIL_SENDER = "mail_sender"
    """Our sender or its domain isn't verified or allowed there, or the account isn't yet."""
    MAIL_RELAY = "mail_relay"
    """The server takes no mail from us for other people's domains."""
    MAIL_QUOTA = "mail_quota"
    """So much mail, or mail so large, isn't taken from us: a quota, a limit, or no room left at theirs."""
    MAIL_POLICY = "mail_policy"
    """Their rules refuse our mail: reputation, a blocked account, SPF, DKIM, DMARC, a wrong setup."""
    MAIL_FOLDER = "mail_folder"
    """The folder of `file:` isn't there, or isn't ours to write."""
    MAIL_DISK = "mail_disk"
    """The disk has no room for mails, or we have none left on it."""
    MAIL_CONSOLE = "mail_console"
    """The terminal of `console:` is closed."""
    MAIL_REFUSALS = "mail_refusals"
    """One recipient after the other was refused, and none accepted: rather us than them."""
    TEMPLATE_MISSING = "template_missing"
    """An open case needs a template that isn't there."""
    REDIS_REFUSES_WRITES = "redis_refuses_writes"
    """Redis answers, and takes no writes. Told by `/readyz`; no hold is kept of it, as there is nowhere to."""
