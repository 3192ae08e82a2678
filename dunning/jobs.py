"""The jobs there are. Their arguments are ids only: arq logs and stores what it is given."""

from enum import StrEnum

from dunning import time_limits


class Job(StrEnum):
    """A job's name, as arq knows it."""

    HANDLE_EVENTS = "handle_events"
    """Events that came together."""
    HANDLE_EVENT = "handle_event"
    """One event by itself: after it gave trouble, or lost its job. Older versions queue every event so."""
    SEND_STEPS = "send_steps"
    TELL_DESTINATION = "tell_destination"


# A killed worker's job comes back after the longest of these and ten seconds, so they are kept short.
TIMEOUTS = {
    Job.HANDLE_EVENTS: time_limits.HANDLE_EVENT,
    Job.HANDLE_EVENT: time_limits.HANDLE_EVENT,
    # Paddle 10 s, where it is made now a portal session 5 s, SMTP up to RCPT 10 s, DATA 20 s, and some for the rest.
    Job.SEND_STEPS: time_limits.SEND_STEPS,
    Job.TELL_DESTINATION: time_limits.TELL_DESTINATION,
}

# The most cases of a batch, which one call asks about: GET /transactions gives at most 30 a page.
# https://developer.paddle.com/api-reference/about/pagination
BATCH = 30
# The most cases one send_steps job carries: three batches, whose subscriptions one call reads. It gives 200 a page, but
# a slow mail server takes no more mails before they time out.
MOST_STEPS = 3 * BATCH
