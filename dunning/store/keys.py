"""Every Redis key of Dunning's own, in one table; arq's are in `dunning.queue`.

| key | type | holds | lives |
|---|---|---|---|
| dunning:event:{evt} | string | `p` + event: to do; `h`: handled; `d` + why + event: dead | handled 4 d, dead 90 d |
| dunning:inbox | zset | unhandled events by when they are to be driven again (ms) | |
| dunning:dead | zset | dead events by when they died (ms) | 90 d |
| dunning:case:{txn} | string | revision, state and the case; below, its story's first line | 90 d past its end |
| dunning:story:{txn} | list | what happened to the case after that, a line each: ms and what | as its case |
| dunning:due | zset | cases by when to look at them next (ms) | |
| dunning:late | zset | cases with a step that is being tried, by since when it is late (ms) | |
| dunning:in_vain:{way} | hash | since when the mail server, or Paddle, is tried without one success | 25 min |
| dunning:customer:{ctm} | set | the customer's open cases | |
| dunning:ended | zset | ended cases by when they were last written (ms) | 90 d |
| dunning:history:{ctm or sub} | zset | those of the customer or subscription, likewise | 90 d |
| dunning:listed:{list} | zset | a list of cases, by their next look or, ended ones, when last written (ms) | 90 d |
| dunning:lists | set | the names of all lists: state, reason and campaign of what is in them | |
| dunning:lists:made | string | present while nobody needs to list what versions before us wrote | 1 d |
| dunning:stopped:{sub} | set | the subscription's cases that were stopped lately | 35 d |
| dunning:campaigns | hash | campaigns that cases began with, by version | |
| dunning:paused | hash | paused campaigns, or `*` for all mail: since (ms) and why | |
| dunning:parked:{campaign} | set | cases of a paused campaign that are out of the sweep's way | until it is resumed |
| dunning:breaker:released | string | present while the breaker, released by an operator, stays off | 1 d |
| dunning:breaker:alarms | hash | pauses of the breaker's: since when, and when they were taken off (ms) | 35 d |
| dunning:opened | hash | cases opened, by the hour (hours since 1970) | 35 d |
| dunning:sums:{day} | hash | a day's cases and money: `dunning.rules.tally` and `dunning.rules.cohort` | 800 d |
| dunning:lost | zset | losses whose amount is still to be asked of Paddle, by when they were counted (ms) | 35 d |
| dunning:recovered | zset | recoveries whose cause is still to be asked of Paddle, likewise | 7 d |
| dunning:reconcile:cursor | string | the event of Paddle's after which to read on | |
| dunning:reconcile:turn:{what} | string | whose turn it is to reconcile events, or past-due debts | 15 min |
| dunning:reconcile:done:{what} | string | when that was last done (ms) | |
| dunning:reconcile:waiting | string | how many past-due debts wait for `dunning reconcile --apply` | |
| dunning:mark:{txn or sub} | string | ended before a case was opened: its state and since when (ms) | 35 d |
| dunning:trace:{txn} | list | the last events of a transaction without a case, and what each came to | 14 d |
| dunning:clicks:{txn} | zset | clicks that minted a portal session, by time (ms) | 1 d |
| dunning:click_refused:{txn} | string | present after a refused click was told in the story | 1 h |
| dunning:suppressed | hash | keyed hashes of addresses not to be mailed, and why | |
| dunning:excluded | hash | customers and subscriptions that get no mail, and since when (ms) | |
| dunning:excluded:by | hash | which operator excluded them | |
| dunning:forgotten | zset | keyed hashes of customers who were forgotten, by when (ms) | 90 d |
| dunning:holds | hash | what stops sending until the operator mends it: word, since (ms) and a sentence | |
| dunning:holds:look | string | present while it is too early to look at the holds again without a mail | 30 s |
| dunning:holds:doubted:{word} | string | present after a look took this hold off: another look is not believed | 1 h |
| dunning:refused | hash | customers whose mails were refused in a row, and whether plainly for what they are | 1 h |
| dunning:accepted | string | when a mail was last accepted (ms) | |
| dunning:probe | string | present while a hold is on and it is too early to look whether it was mended | 30 s |
| dunning:api:log | zset | grants by when each stops counting (ms, Redis' clock) | 5 min |
| dunning:api:hold | string | present while Paddle's 429 stops everyone | as Paddle says |
| dunning:seen:{sub} | string | a subscription's live state, where the budget is too small to read all at once | 5 min |
| dunning:account | string | the id of the Paddle account that all of this is of | |
| dunning:hold_out | string | the key of the draw for hold-outs, made once | |
| dunning:counts | hash | counters of all workers together | |
| dunning:beats | hash | when each kind of process last showed that it lives, by Redis' clock (ms) | |
| dunning:clocks | zset | processes whose clock is off, by when they said so (ms) | 2 min |
| dunning:certificate | string | when the certificate of the public address ends (ms) | 1 d |
| dunning:certificate:look | string | present while nobody needs to look at that certificate again | 1 h |
| dunning:alerts:turn | string | present while a process looks what to tell, and a moment longer | 1 min |
| dunning:alerts:listeners | string | present while some process has somebody to tell | 2 min |
| dunning:alerts:told | hash | what somebody was told: since, when (ms), whether about this time | |
| dunning:alerts:sent | list | the messages that were sent: when (ms), what, and by which services | the last 200 |
| dunning:alerts:grown | hash | counters whose growth is told: their value, before, and when it grew (ms) | |
| dunning:alerts:digest | hash | the counters at the last digest, and `at`, when that was (ms) | |
| dunning:tokens | hash | hashes of the tokens of the seller's programs, with names and scopes | until revoked |
| dunning:tokens:used | hash | when each was last used, to the minute (ms) | as its token |
| dunning:sign_in:{id} | string | keyed hash of a sign-in link that was not used yet, with name and role | 15 min |
| dunning:sign_ins:{who} | string | sign-ins in vain lately, from an address (a keyed hash) or in all | 15 min |
| dunning:sessions | hash | keyed hashes of people's sessions, with names and roles | 7 d |
| dunning:sessions:used | hash | when each was last used, to the minute (ms) | as its session |
| dunning:audit | list | who changed what by hand, and when | the last 10,000 |
| dunning:audit:noted | string | how many changes were ever noted there | |
| dunning:metrics | hash | what each `webhooks` process counted for itself, and when it showed it (ms) | 2 min |
| dunning:out:destinations | set | to whom out-webhooks are sent; none: nothing of this is written | |
| dunning:out:new | list | what is to be told, each with its id, before it is shared out among destinations | |
| dunning:out:events | hash | what a destination has not got yet, or never got: tries, since, why not, and the body | |
| dunning:out:unsent | zset | those that a destination has not got yet, by since when (ms) | |
| dunning:out:due:{destination} | zset | the destination's own, by when they are tried next (ms) | |
| dunning:out:dead | zset | those that are given up, by when (ms) | 30 d |
| dunning:out:rest:{destination} | string | present while a destination is left alone; `gone`: it wants no more | |
| dunning:pulse | string | the last write of the readiness check (ms) | |
"""

from datetime import timedelta
from typing import Final

from dunning import time_limits
from dunning.rules.case import OPEN_FOR

INBOX: Final = "dunning:inbox"
DEAD: Final = "dunning:dead"
DUE: Final = "dunning:due"
LATE: Final = "dunning:late"
ENDED: Final = "dunning:ended"
LOST: Final = "dunning:lost"
RECOVERED: Final = "dunning:recovered"
LISTS: Final = "dunning:lists"
LISTS_MADE: Final = "dunning:lists:made"
SUPPRESSED: Final = "dunning:suppressed"
EXCLUDED: Final = "dunning:excluded"
EXCLUDED_BY: Final = "dunning:excluded:by"
FORGOTTEN: Final = "dunning:forgotten"
HOLDS: Final = "dunning:holds"
HOLDS_LOOK: Final = "dunning:holds:look"
REFUSED: Final = "dunning:refused"
ACCEPTED: Final = "dunning:accepted"
PROBE: Final = "dunning:probe"
CAMPAIGNS: Final = "dunning:campaigns"
OPENED: Final = "dunning:opened"
PAUSED: Final = "dunning:paused"
BREAKER_RELEASED: Final = "dunning:breaker:released"
BREAKER_ALARMS: Final = "dunning:breaker:alarms"
API_LOG: Final = "dunning:api:log"
API_HOLD: Final = "dunning:api:hold"
RECONCILE_CURSOR: Final = "dunning:reconcile:cursor"
RECONCILE_WAITING: Final = "dunning:reconcile:waiting"
ACCOUNT: Final = "dunning:account"
HOLD_OUT: Final = "dunning:hold_out"
COUNTS: Final = "dunning:counts"
BEATS: Final = "dunning:beats"
CLOCKS_OFF: Final = "dunning:clocks"
CERTIFICATE: Final = "dunning:certificate"
CERTIFICATE_LOOK: Final = "dunning:certificate:look"
ALERTS_TURN: Final = "dunning:alerts:turn"
ALERTS_LISTENERS: Final = "dunning:alerts:listeners"
ALERTS_TOLD: Final = "dunning:alerts:told"
ALERTS_SENT: Final = "dunning:alerts:sent"
ALERTS_GROWN: Final = "dunning:alerts:grown"
ALERTS_DIGEST: Final = "dunning:alerts:digest"
TOKENS: Final = "dunning:tokens"
TOKENS_USED: Final = "dunning:tokens:used"
SESSIONS: Final = "dunning:sessions"
SESSIONS_USED: Final = "dunning:sessions:used"
AUDIT: Final = "dunning:audit"
AUDIT_NOTED: Final = "dunning:audit:noted"
METRICS: Final = "dunning:metrics"
OUT_DESTINATIONS: Final = "dunning:out:destinations"
OUT_NEW: Final = "dunning:out:new"
OUT_EVENTS: Final = "dunning:out:events"
OUT_UNSENT: Final = "dunning:out:unsent"
OUT_DEAD: Final = "dunning:out:dead"
PULSE: Final = "dunning:pulse"

# Paddle forgets an event after 90 days, so none can come again after that.
# https://developer.paddle.com/changelog/2024/event-notification-retention-changes
KEEP_EVENT = timedelta(days=90)
# Handling one anew later changes nothing, it only costs a look.
KEEP_HANDLED = time_limits.KEEP_HANDLED
# As long as a case may be opened or open: whatever is found late meets the end that was heard of.
KEEP_MARK = OPEN_FOR
KEEP_ENDED_CASE = timedelta(days=90)
KEEP_LISTS_MADE = timedelta(days=1)
KEEP_CLICKS = timedelta(days=1)
KEEP_CLICK_REFUSED = timedelta(hours=1)
# Support is asked within days why somebody got no mail.
KEEP_TRACE = timedelta(days=14)
# Of one transaction: a failure, its retries and its end.
TRACED = 10
# Two years can be compared, and a little more.
KEEP_SUMS = timedelta(days=800)
# While Paddle can't be asked; past it the amount stays unknown.
KEEP_LOST = timedelta(days=35)
# Likewise; a month's report is read soon after its end, and should not change long after that.
KEEP_RECOVERED = timedelta(days=7)
KEEP_SEEN = timedelta(minutes=5)
# Enough to mend a receiver, and to hear of it.
KEEP_OUT_DEAD = timedelta(days=30)
KEEP_DOUBT = timedelta(hours=1)
KEEP_CERTIFICATE = timedelta(days=1)
KEEP_SIGN_INS = timedelta(minutes=15)
KEEP_LISTENERS = timedelta(minutes=2)
# As long as refusals count as being in a row.
KEEP_REFUSED = timedelta(hours=1)


def event(event_id: str) -> str:
    """Return the key of an inbox entry."""
    return f"dunning:event:{event_id}"


def case(case_id: str) -> str:
    """Return the key of a case."""
    return f"dunning:case:{case_id}"


def story(case_id: str) -> str:
    """Return the key of a case's story."""
    return f"dunning:story:{case_id}"


def customer(customer_id: str) -> str:
    """Return the key of a customer's open cases."""
    return f"dunning:customer:{customer_id}"


def history(entity_id: str) -> str:
    """Return the key of a customer's or a subscription's ended cases."""
    return f"dunning:history:{entity_id}"


def listed(list_name: str) -> str:
    """Return the key of a list of cases."""
    return f"dunning:listed:{list_name}"


def stopped(subscription_id: str) -> str:
    """Return the key of a subscription's cases that were stopped lately."""
    return f"dunning:stopped:{subscription_id}"


def mark(entity_id: str) -> str:
    """Return the key of the mark that a transaction or subscription ended before a case of it was opened."""
    return f"dunning:mark:{entity_id}"


def clicks(case_id: str) -> str:
    """Return the key of a payment link's clicks."""
    return f"dunning:clicks:{case_id}"


def sums(day: str) -> str:
    """Return the key of a day's sums."""
    return f"dunning:sums:{day}"


def click_refused(case_id: str) -> str:
    """Return the key that says that a refused click was told lately."""
    return f"dunning:click_refused:{case_id}"


def trace(transaction_id: str) -> str:
    """Return the key of a transaction's last events."""
    return f"dunning:trace:{transaction_id}"


def seen(subscription_id: str) -> str:
    """Return the key of a subscription's live state, kept for a moment."""
    return f"dunning:seen:{subscription_id}"


def reconcile_turn(what: str) -> str:
    """Return the key of whose turn it is to reconcile this."""
    return f"dunning:reconcile:turn:{what}"


def reconcile_done(what: str) -> str:
    """Return the key of when this was last reconciled."""
    return f"dunning:reconcile:done:{what}"


def doubted(word: str) -> str:
    """Return the key of the doubt whether a look can tell that this hold is mended."""
    return f"dunning:holds:doubted:{word}"


def in_vain(way: str) -> str:
    """Return the key of since when this way is tried without one success."""
    return f"dunning:in_vain:{way}"


def out_due(destination: str) -> str:
    """Return the key of when a destination is told what next."""
    return f"dunning:out:due:{destination}"


def out_rest(destination: str) -> str:
    """Return the key that says that a destination is left alone."""
    return f"dunning:out:rest:{destination}"


def parked(campaign: str) -> str:
    """Return the key of a paused campaign's cases that are out of the sweep's way."""
    return f"dunning:parked:{campaign}"


def sign_ins(who: str) -> str:
    """Return the key of how often it was tried in vain to sign in."""
    return f"dunning:sign_ins:{who}"


def sign_in(link_id: str) -> str:
    """Return the key of a link that signs in once."""
    return f"dunning:sign_in:{link_id}"
