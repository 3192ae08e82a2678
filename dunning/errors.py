"""Errors, sorted by what to do next: try again, give up, or call the operator.

Each message is a sentence that may hold ids and codes, and never a secret, an address, a name or a link:
whatever is raised here may reach a log.
"""

from dunning.reasons import HoldWord


class DunningError(Exception):
    """Anything that Dunning itself has to say about what went wrong."""


class TransientError(DunningError):
    """It may work later: try again.

    `retry_after` is how many seconds the other side asked us to wait, where it did.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(DunningError):
    """It will never work: record why, and stop trying."""


class OperatorMustActError(DunningError):
    """Only the operator can mend it: hold the work, tell them, go on when it is mended.

    `hold` is the stable word under which the hold is counted and shown: see `HoldWord`. `about` says what was refused,
    in words between spaces, where only its working again shows it mended: an API call's permissions.
    """

    def __init__(self, message: str, *, hold: HoldWord, about: str = "") -> None:
        super().__init__(message)
        self.hold = hold
        self.about = about


class InvalidSignatureError(PermanentError):
    """The notification was not signed by Paddle with a secret of ours, or not recently enough."""


class NotAnEventError(PermanentError):
    """The body is no Paddle event at all."""


class MalformedEventError(PermanentError):
    """The body is an event, but its data is not shaped as its type says."""


class NotMailableError(PermanentError):
    """It is no email address that mail can be sent to."""


class InvalidLinkError(PermanentError):
    """The payment link was not made by us, or not for this purpose."""


class ExpiredLinkError(InvalidLinkError):
    """The payment link is ours, and too old: `language` and `brand` are those of the page that says so."""

    def __init__(self, message: str, *, language: str = "", brand: str = "") -> None:
        super().__init__(message)
        self.language = language
        self.brand = brand


class UnsafePortalUrlError(PermanentError):
    """Paddle's answer held a link that we must not send anybody to."""


class GrantRefusedError(TransientError):
    """The API budget has no room for this call now. Not a failed try: nothing was asked of Paddle."""


class NotPossibleError(PermanentError):
    """What somebody asked for by hand can't be done. The sentence is for them."""


class CaseNotFoundError(NotPossibleError):
    """There is no such case. What else is known of it is said."""


class CaseUnreadableError(NotPossibleError):
    """The case was written by another version of Dunning."""


class NotSendableError(NotPossibleError):
    """The step can't be sent, or nothing of its case."""


class CaseConflictError(DunningError):
    """Somebody else wrote the case since it was read: read again and decide again."""


class ConfigurationError(DunningError):
    """A setting or file is wrong. `problems` are sentences, one line each: what is wrong and what it should be."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
