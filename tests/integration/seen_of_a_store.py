"""What is seen of a store of either kind, so that the two can be compared."""

from collections.abc import Awaitable
from typing import Any

from dunning.errors import CaseConflictError
from tests.integration.stores import Hands


async def counts(hands: Hands) -> dict[str, int]:
    return await hands.counts()


async def events(hands: Hands) -> set[str]:
    return await hands.events()


async def open_cases(hands: Hands) -> set[str]:
    return {case_id async for some in hands.store.reconciling.open_cases() for case_id in some}


async def cases_handed_over(hands: Hands) -> list[tuple[list[str], int]]:
    return [(cases, len(grants)) for cases, grants in await hands.batches()]


async def answer(what: Awaitable[Any]) -> Any:  # noqa: ANN401 - of any method
    """Give what it answers, or the conflict it ends in."""
    try:
        return await what
    except CaseConflictError as conflict:
        return type(conflict), str(conflict)
