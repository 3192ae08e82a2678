"""What has passed through all proxies of a service, in order, and the one cut that is planned in it."""

import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.chaos.faults import Cut, Fault, Moment, Place
from tests.chaos.labels import POLLS, found, is_another_look, is_untimed, poll_before, source


class Passages:
    """Counts requests by phase, connection and name, so that one of them can be found again in another run."""

    def __init__(self, cut: Cut | None = None, beside: Collection[str] = ()) -> None:
        """Prepare to count.

        Args:
            cut: what is to be cut, if anything is.
            beside: names of requests that the service makes by the clock, whether or not there is a case.
        """
        self.asked: set[str] = set()
        """The names of all that passed, whatever it was."""
        self.phase = ""
        """Where in the case's life we are. Nothing is counted before it has begun."""
        self.places: list[Place] = []
        """What passed and was no idle question, oldest first."""
        self.fired_at: float | None = None
        """When the cut was made, on the monotonic clock."""
        self.over_at: float | None = None
        """When it was over: a stalled connection is until the client gives up."""
        self._cut = cut
        self._beside = beside
        self.ended_at = 0.0
        """When the case's life ended well, on the same clock."""
        self._under_way = 0
        self._counts: Counter[Place] = Counter()
        self._last_at = time.monotonic()

    def arrive(self, link: str, label: str) -> Place | None:
        """Say which request this is; None for one that has no place of its own in the case's life."""
        self.asked.add(label)
        if not self.phase or is_untimed(label) or label in self._beside:
            return None
        place = Place(self.phase, link, label)
        if label in POLLS:
            return place
        self._counts[place] += 1
        return replace(place, nth=self._counts[place])

    def note(self, place: Place | None, answer: bytes) -> None:
        """Note that a request and its answer have passed."""
        if place is None:
            return
        names = found(place.label, answer) if place.label in POLLS else [place.label]
        these = [replace(place, label=name) for name in names]
        new = [one for one in these if one not in self.places and not self._is_another_look(one)]
        self.places += new
        if new:
            self.stir()

    def fault(self, place: Place | None, moment: Moment, answer: bytes = b"") -> Fault | None:
        """Return what is to be done here and now, if anything is: once, and never again."""
        cut = self._cut
        if place is None or cut is None or self.fired_at is not None or cut.moment is not moment:
            return None
        if not (self._is_poll(cut.place, place, moment, answer) if place.label in POLLS else place == cut.place):
            return None
        self.fired_at = time.monotonic()
        self.stir()
        return cut.fault

    def _is_another_look(self, place: Place) -> bool:
        """Tell whether arq looks at a job again. On a slow machine its last look may last into the next phase."""
        poll = poll_before(place.label)
        begun_before = poll is not None and replace(place, label=poll, nth=1) not in self.places
        return begun_before or is_another_look(place.label, place.nth)

    def _is_poll(self, planned: Place, place: Place, moment: Moment, answer: bytes) -> bool:
        """Tell whether this poll is the one that finds what was planned: before its answer, whether it would."""
        if not planned.label.startswith(f"{place.label} → ") or replace(place, label=planned.label) != planned:
            return False
        if moment is Moment.AFTER:
            return planned.label in found(place.label, answer)
        _, put_there_by = source(planned.label)
        return any(one.phase == planned.phase and one.label.startswith(put_there_by) for one in self.places)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count something that somebody waits for."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def since_over(self) -> float:
        """Return for how many seconds the cut has been over."""
        return 0.0 if self.over_at is None else time.monotonic() - self.over_at

    def over(self) -> None:
        """Note that the cut is over: from here on, everything may heal."""
        self.over_at = time.monotonic()
        self.stir()

    def quiet_for(self) -> float:
        """Return for how many seconds nothing has happened; 0 while anybody waits for an answer."""
        if self._under_way:
            return 0.0
        return time.monotonic() - self._last_at

    def end(self) -> None:
        """Note that the life has ended, and count nothing more."""
        self.phase = ""
        self.ended_at = time.monotonic()

    def stir(self) -> None:
        """Begin to count the quiet anew."""
        self._last_at = time.monotonic()
