"""What people and programs change by hand, as the audit list names it."""

from collections.abc import Sequence
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
    REPLAY_OUT_WEBHOOK = "replay_out_webhook"
    DROP_OUT_WEBHOOK = "drop_out_webhook"
    READ_AGAIN = "read_again"
    PAUSE = "pause"
    RESUME = "resume"
    RELEASE_HOLD = "release_hold"
    RECONCILE = "reconcile"
    PAYMENT_LINK = "payment_link"
    PORTAL_LINKS = "portal_links"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    FORGET = "forget"
    MAKE_TOKEN = "make_token"  # noqa: S105 - a word
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 - a word
    MAKE_SIGN_IN_LINK = "make_sign_in_link"
    END_SESSION = "end_session"


class Way(StrEnum):
    """How somebody came to change it."""

    SCREEN = "screen"
    API = "api"
    COMMAND = "command"


def about(ids: Sequence[str], several: str) -> str:
    """Name what a change is about: the one id, or how many of `several` there are."""
    return ids[0] if len(ids) == 1 else f"{len(ids)} {several}"
