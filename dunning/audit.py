"""What people and programs change by hand, as the audit list names it."""

from enum import StrEnum


class Change(StrEnum):
    """What was changed."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    STOP = "stop"
    SEND_NOW = "send_now"
    RESEND = "resend"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    REPLAY = "replay"
    DROP = "drop"
    PAUSE = "pause"
    RESUME = "resume"
    RECONCILE = "reconcile"
    PAYMENT_LINK = "payment_link"
    PORTAL_LINKS = "portal_links"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"


class Way(StrEnum):
    """How somebody came to change it."""

    SCREEN = "screen"
    API = "api"
