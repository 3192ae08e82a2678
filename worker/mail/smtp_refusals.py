"""Whom a permanent refusal (5xx) of an SMTP server is about: its recipient, or us. Pure: no I/O.

A refusal that is about us (a relay denied, a quota, a policy) concerns every customer, so it becomes a hold until the
operator has mended it. A refusal that is about one recipient is final.

The server's text is read here and goes nowhere: it quotes addresses.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from dunning.reasons import HoldWord
from worker.mail.holds import LOGIN, POLICY, QUOTA, RELAY, SENDER

RECIPIENT: Final = "recipient"

RefusalMeaning = HoldWord | Literal["recipient"]
"""Whom a refusal is about: us, in the word of a hold, or its recipient."""

# More than any server says. The patterns below match within a line.
_LONGEST_TEXT = 2000

# The codes that say more than their first number (see `_SUBJECTS`), and what they mean. The sources:
# RFC  https://www.rfc-editor.org/rfc/rfc3463 and https://www.iana.org/assignments/smtp-enhanced-status-codes
# EXO  https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
# GML  https://support.google.com/a/answer/3726730
_CODES: Final[dict[str, RefusalMeaning]] = {
    "1.1": RECIPIENT,  # RFC: bad destination mailbox
    "1.2": RECIPIENT,  # RFC: bad destination system
    "1.3": RECIPIENT,  # RFC: bad syntax of the destination
    "1.4": RECIPIENT,  # RFC: ambiguous
    "1.6": RECIPIENT,  # RFC: has moved
    "1.7": SENDER,  # RFC: bad syntax of the sender
    "1.8": SENDER,  # RFC: bad system of the sender. EXO: bad outbound sender
    "1.10": RECIPIENT,  # RFC: its domain takes no mail. EXO: not found
    "1.90": QUOTA,  # EXO: the day's limit of recipients
    "2.1": RECIPIENT,  # RFC: disabled
    "2.2": RECIPIENT,  # RFC: full
    "2.3": RECIPIENT,  # RFC: too long for this mailbox
    "3.1": QUOTA,  # RFC: the mail system is full
    "3.4": QUOTA,  # RFC: too big for the system
    "4.1": RECIPIENT,  # EXO: its domain isn't served here, or it doesn't exist
    "4.4": RECIPIENT,  # RFC: no way to its domain
    "4.5": QUOTA,  # GML: the day's limit of the user, or of the relay
    "7.2": RECIPIENT,  # RFC: a mailing list that we may not write to
    "7.3": LOGIN,  # EXO: STARTTLS or another way of logging in is wanted
    "7.8": LOGIN,  # RFC: wrong name or password
    "7.9": LOGIN,  # RFC: the way of logging in is too weak. GML: wants a password of its own for applications
    "7.10": LOGIN,  # RFC: needs encryption
    "7.11": LOGIN,  # RFC: needs encryption for this way of logging in
    "7.12": RECIPIENT,  # EXO: takes no mail from outside its organization
    "7.13": RECIPIENT,  # EXO: a public folder that we may not write to. RFC has it for a login, whose reply is 525
    "7.14": LOGIN,  # GML: log in with a browser first
    "7.17": RECIPIENT,  # RFC: the mailbox has another owner now
    "7.18": RECIPIENT,  # RFC: so has its domain
    **dict.fromkeys((f"7.{detail}" for detail in range(20, 41)), POLICY),  # RFC, GML: SPF, DKIM, DMARC, PTR, floods
    "7.57": LOGIN,  # EXO: not logged in
    "7.60": SENDER,  # EXO: may not send as this sender
    "7.64": RELAY,  # EXO: the connector doesn't know us
    "7.124": RECIPIENT,  # EXO: a group that we may not write to
    "7.129": RECIPIENT,  # EXO: a mailbox that takes mail from a list of senders only
    **dict.fromkeys((f"7.{detail}" for detail in range(133, 137)), RECIPIENT),  # EXO: only from inside its organization
    "7.139": LOGIN,  # EXO: logging in over SMTP is switched off
    **dict.fromkeys((f"7.{detail}" for detail in range(321, 326)), RECIPIENT),  # EXO: its server's TLS is broken
    "7.367": RELAY,  # EXO: the next server permits no relay
    "7.504": RECIPIENT,  # EXO: access denied, and EXO says that it doesn't exist
    "7.505": RECIPIENT,  # EXO: banned recipient
    "7.507": RECIPIENT,  # EXO: blocked by the recipient's organization
    "7.508": QUOTA,  # EXO: too much from our address
    "7.510": RECIPIENT,  # EXO: its domain takes no IPv6
    "7.513": RECIPIENT,  # EXO: blocked by the recipient's domain
    "7.703": RECIPIENT,  # EXO: on our organization's own list of those not to be mailed
    "7.705": QUOTA,  # EXO: our tenant has sent too much
    "7.750": SENDER,  # EXO: the sender's domain isn't registered
}

# What the first number alone means, if neither the whole code nor the text says more.
_SUBJECTS: Final[dict[str, RefusalMeaning]] = {
    "1": RECIPIENT,  # an address. The sender's have codes of their own
    "2": RECIPIENT,  # a mailbox
    "3": POLICY,  # the mail system, which is ours to choose or to set up
    "7": POLICY,  # security or policy
}

_NOT = r"(?:\b(?:can)?not|n't|\bnever)"
_ALLOWED = r"(?:allowed|permitted|authori[sz]ed)"
_NOT_ALLOWED = rf"(?:\b(?:denied|disallowed|prohibited|forbidden|refused|rejected)|{_NOT} {_ALLOWED})"
_THE_SENDER = r"\bsender(?: address| domain)?"
_WHAT_WE_MAY_SEND = r"\b(?:sending|submission|outbound|outgoing|daily|hourly|monthly|rate limit|credits?)\b"

# Texts that mean the same under any code: providers use general codes for them, and sometimes none. The sources:
# SES  https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html and .../troubleshoot-error-messages.html
# and what Postfix, Exim, sendmail and qmail answer.
_CLEAR_TEXTS: Final[tuple[tuple[RefusalMeaning, str], ...]] = (
    # EXO `RESOLVER.RST.NotAuthorized`, `RESOLVER.ADR.RecipNotFound`: the recipient's restrictions, or no recipient
    (RECIPIENT, r"resolver\.(?:rst|adr)\.|delivery restriction check"),
    (RECIPIENT, rf"{_NOT} {_ALLOWED} to send (?:\w+ )?to (?:the|this) (?:recipient|group|list|mailbox|user)"),
    # Postfix `Relay access denied`, Exim `relay not permitted`, sendmail `Relaying denied`, GML `Mail relay denied`
    (RELAY, rf"\brelay(?:ing)?\b.{{0,40}}{_NOT_ALLOWED}"),
    # EXO `Unable to relay`
    (RELAY, rf"(?:\bunable|\brefused?|{_NOT}(?: {_ALLOWED})?)(?: to)? relay\b"),
    # GML, qmail, hMailServer
    (RELAY, r"credentials for relay|allowed rcpthosts|delivery is not allowed to this address"),
    # Postfix `Sender address rejected: not owned by user`
    (SENDER, rf"{_THE_SENDER}(?: is| was)? ?(?:{_NOT_ALLOWED}|\binvalid|\bunknown|{_NOT} (?:valid|owned))"),
    (SENDER, rf"{_THE_SENDER}\s+do(?:es)?(?: not|n't) (?:exist|resolve)"),
    # Exim `Sender verify failed`, EXO `SendAsDenied`
    (SENDER, r"sender verif|send ?as ?denied|permissions? to send as|unregistered domain|bad outbound sender"),
    # SES `Email address is not verified. The following identities failed the check`, also in its sandbox
    (SENDER, rf"(?:e-?mail address|domain|identit|sender|\bfrom\b).{{0,60}}{_NOT} (?:\w+ )?verified"),
    # SendGrid `does not match a verified Sender Identity`, Postmark `Sender signature not found`
    (SENDER, r"unverified (?:domain|sender)|verified sender|unauthenticated senders?|sender (?:identity|signature)"),
    (SENDER, rf"\b(?:mail from|from address)\b.{{0,60}}(?:{_NOT_ALLOWED}|\binvalid|{_NOT} valid)"),
    (SENDER, r"\binvalid mail from\b"),
    # GML `Daily user sending limit exceeded`, SES `Maximum sending rate exceeded`, EXO `submission quota exceeded`
    (QUOTA, rf"{_WHAT_WE_MAY_SEND}.{{0,40}}\b(?:exceed|reached|used up)"),
    (QUOTA, rf"\bexceed\w*.{{0,40}}{_WHAT_WE_MAY_SEND}"),
    (QUOTA, r"submissionquotaexceeded|too many (?:messages|e-?mails)"),
    # Postfix `User unknown in virtual mailbox table`, GML `The email account that you tried to reach does not exist`
    (RECIPIENT, r"\b(?:user|recipient|mailbox|address)(?: is)? (?:unknown|not found)|undeliverable address"),
    (RECIPIENT, r"\b(?:unknown|no such|invalid|nonexistent) (?:local )?(?:user|recipient|mailbox|person|account)\b"),
    (RECIPIENT, rf"\b(?:user|recipient|mailbox|account|address)\b.{{0,40}}{_NOT} exist"),
    (RECIPIENT, r"\b(?:mailbox|inbox|maildir|user|recipient)\b.{0,60}\b(?:full|over ?quota|quota|out of storage)\b"),
    # SES: on its list, or on the account's, of those who bounced
    (RECIPIENT, r"address blacklisted|suppression list|banned recipient"),
    (RECIPIENT, r"\b(?:blocked|rejected|refused) by (?:the )?recipient"),
)

# Texts that mean this only if the code says no more than "policy", or if there is no code.
_VAGUE_TEXTS: Final[tuple[tuple[RefusalMeaning, str], ...]] = (
    (POLICY, r"\b(?:spf|dkim|dmarc)\b"),
    # EXO `Client was not authenticated`; SES `is not authorized to perform ses:SendRawEmail`
    (LOGIN, r"authentication (?:is )?(?:required|needed)|must (?:first )?(?:authenticate|log ?in)"),
    (LOGIN, rf"{_NOT} authenticated|requires? authentication|{_NOT} authori[sz]ed to perform"),
    # GML `Email quota exceeded`
    (QUOTA, r"\b(?:mail|message|e-?mail|rate|account)s?\b.{0,20}\b(?:quota|limit|rate)\b.{0,20}\b(?:exceed|reached)"),
    # SES `Message is too long`, Postfix `message size exceeds fixed limit`
    (QUOTA, r"\bmessage\b.{0,20}\btoo (?:long|large|big)|\bmessage size exceed"),
    # SES `Sending paused for this account`
    (POLICY, r"\b(?:sending|your account)\b.{0,40}\b(?:paused|suspended|disabled|blocked|locked|banned|deactivated)"),
    # What the mail is suspected of, lists of senders of spam, and what else a server wants to see of us
    (POLICY, r"\b(?:anti-?)?spam|outboundspam|\bunsolicited|\bbulk mail|\bphish|\bvirus|\bmalware|\bsuspicious"),
    (POLICY, r"\b(?:black|block|deny) ?list|blocked using|\b(?:dnsbl|rbl|banned)\b"),
    (POLICY, r"\bpolic(?:y|ies)\b|\breputation\b|\bunusual\b"),
    (POLICY, r"\b(?:helo|ehlo|ptr)\b|client host|reverse (?:dns|hostname)"),
    # Postfix `Recipient address rejected: Access denied`; RFC 5321 `mailbox unavailable`
    (RECIPIENT, r"\brecipient(?: address)?(?: is| was)? (?:rejected|refused|disabled|invalid)|\bmailbox\b"),
    (RECIPIENT, r"\b(?:invalid|illegal) (?:e-?mail )?address"),
    (RECIPIENT, r"\b(?:user|recipient|account|address)\b.{0,40}\b(?:disabled|inactive|unavailable|closed|not found)"),
)

# Addresses, which may contain any word, and links, which contain the provider's words. No pattern may match in them.
_QUOTED = re.compile(r"<[^<>\n]{0,320}>|[^\s@]{1,256}@[^\s@]{1,256}|https?://\S+")
# At the start of a line, or as qmail writes it: (#5.7.1)
_CODE = re.compile(r"(?:^|#)5\.(\d{1,3}\.\d{1,3})(?!\d|\.\d)", re.MULTILINE)

_SECURITY = "7."
_EXCEEDED_STORAGE = 552
# The server, or the recipient's domain, takes no mail: https://www.rfc-editor.org/rfc/rfc7504
_TAKES_NO_MAIL = frozenset({521, 556})

_Texts = tuple[tuple[RefusalMeaning, re.Pattern[str]], ...]
_CLEAR: Final[_Texts] = tuple((meaning, re.compile(pattern, re.IGNORECASE)) for meaning, pattern in _CLEAR_TEXTS)
_VAGUE: Final[_Texts] = tuple((meaning, re.compile(pattern, re.IGNORECASE)) for meaning, pattern in _VAGUE_TEXTS)


def read_refusal(code: int, text: str, *, recipient_accepted: bool) -> RefusalMeaning | None:
    """Say what a 5xx is about: a hold's word, `RECIPIENT`, or None if it doesn't tell.

    Args:
        code: the reply's code.
        text: what the server wrote beside it, in one or several lines.
        recipient_accepted: whether this comes after the server has taken the recipient.
    """
    text = text[:_LONGEST_TEXT]
    enhanced = match[1] if (match := _CODE.search(text)) else ""
    words = _QUOTED.sub(" ", text)
    return next(_meanings(code, enhanced, words, recipient_accepted=recipient_accepted), None)


def _meanings(code: int, enhanced: str, words: str, *, recipient_accepted: bool) -> Iterator[RefusalMeaning]:
    """Give what the refusal may mean, the most certain meaning first.

    Security codes (7.x) say exactly what is meant. Other codes are used loosely: Exchange uses 5.2.2, a full mailbox,
    also for a limit of what we may send, and 5.4.1 both for an unknown recipient and for a refused relay.
    """
    if enhanced in _CODES and enhanced.startswith(_SECURITY):
        yield _CODES[enhanced]
    yield from (meaning for meaning, pattern in _CLEAR if pattern.search(words))
    if enhanced in _CODES:
        yield _CODES[enhanced]
    yield from (meaning for meaning, pattern in _VAGUE if pattern.search(words))
    subject = enhanced.partition(".")[0]
    if subject in _SUBJECTS:
        yield _SUBJECTS[subject]
    if code == _EXCEEDED_STORAGE:  # RFC 5321: at RCPT the mailbox is full, later our own limit is exceeded
        yield QUOTA if recipient_accepted else RECIPIENT
    if code in _TAKES_NO_MAIL:
        yield RECIPIENT
