"""What the API key may do, against what we need."""

from collections.abc import Iterator

from dunning.paddle.answers import Caller
from dunning.paddle_api.permissions import CONNECTING_NEEDS, OPTIONAL, RUNNING_NEEDS


def missing_permissions(caller: Caller) -> list[str]:
    """Return what the services need and the key has not; none where there is no telling."""
    return sorted({permission for permission in RUNNING_NEEDS if caller.may(permission) is False})


def optional_permissions(caller: Caller) -> list[str]:
    """Return what the key has not, and all works without: only the cause of a payment is known less well."""
    return sorted(permission for permission in OPTIONAL if caller.may(permission) is False)


def needless_permissions(caller: Caller) -> list[str]:
    """Return what the key may do and nothing of ours needs, so that a lost key would harm less.

    Of what may be written and has only to be read, it says so: who takes it away has to give the other.
    """
    needless = sorted((caller.permissions or frozenset()).difference(RUNNING_NEEDS, CONNECTING_NEEDS, OPTIONAL))
    reading = {one: one.replace(".write", ".read") for one in needless}
    return [f"{one} ({reading[one]} is enough)" if reading[one] in RUNNING_NEEDS else one for one in needless]


def told_permissions(caller: Caller) -> Iterator[str]:
    """Say what is wrong with the key's permissions, a line each."""
    if caller.permissions is None:
        yield "Paddle does not say which permissions the API key has: an old key may do everything."
    if missing := missing_permissions(caller):
        yield f"The API key lacks permissions that Dunning needs: {', '.join(missing)}."
    if optional := optional_permissions(caller):
        yield f"With {', '.join(optional)}, which is optional, reports tell better what came before a payment."
    if needless := needless_permissions(caller):
        yield f"The API key has permissions that Dunning does not need: {', '.join(needless)}."
