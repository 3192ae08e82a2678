"""What the worker leaves to chance, so that a rehearsal can leave it to the same chance each time."""

import random


class Chance:
    """Draws from `rng`; by default from the system's."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.SystemRandom()

    def jitter(self) -> float:
        """Return from 0 to 1 how far a retry is spread, so that those that failed together don't come back together."""
        return self._rng.random()

    def owner(self) -> str:
        """Return an id for one run of one job, by which it knows what it claimed."""
        return f"{self._rng.getrandbits(48):012x}"
