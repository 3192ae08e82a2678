"""Shrinking: from faults that make a storm fail, the fewest that still do, by delta debugging.

https://www.st.cs.uni-saarland.de/papers/tse2002/tse2002.pdf, section 3.2
"""

from collections.abc import Awaitable, Callable, Sequence

Fails = Callable[[Sequence[int]], Awaitable[bool]]


async def shrink(places: Sequence[int], fails: Fails) -> list[int]:
    """Return some of `places` with which it still fails, and of which none can be left out.

    `fails` plays the storm with these faults alone. If it fails by chance, what is returned is only probably enough.
    """
    if await fails([]):
        return []
    kept, parts = list(places), 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        pieces = [kept[start : start + size] for start in range(0, len(kept), size)]
        rests = [[one for one in kept if one not in piece] for piece in pieces]
        for smaller in [*pieces, *(rests if len(pieces) > 2 else [])]:
            if await fails(smaller):
                kept, parts = smaller, 2 if smaller in pieces else max(parts - 1, 2)
                break
        else:
            if parts >= len(kept):
                break
            parts = min(2 * parts, len(kept))
    return kept
