"""The worker's random values. A rehearsal gives its own generator, and so gets the same values each time."""

import random


class Chance:
    """Draws from `rng`; by default from the system's."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.SystemRandom()

    def jitter(self) -> float:
        """Return a number from 0 to 1 that spreads retries: what failed together is not to be retried together."""
        return self._rng.random()

    def owner(self) -> str:
        """Return an id for one run of one job, by which it knows what it claimed."""
        return f"{self._rng.getrandbits(48):012x}"
