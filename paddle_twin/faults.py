"""What goes wrong on demand."""

from dataclasses import dataclass
from typing import Literal

Fault = int | Literal["reset", "stall", "not_json"]


@dataclass(slots=True)
class PlannedFault:
    """How the next calls of a route fail: by a status, a reset connection, no answer at all, or an answer in HTML."""

    route: str
    what: Fault
    times: int = 1
    code: str | None = None
    retry_after: str | None = None


class Faults:
    """Faults, used up in the order they were planned."""

    def __init__(self) -> None:
        """Begin with none."""
        self._planned: list[PlannedFault] = []

    def plan(self, fault: PlannedFault) -> None:
        """Let the next calls of `fault.route` fail; `*` is any route."""
        self._planned.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._planned.clear()

    def next_for(self, route: str) -> PlannedFault | None:
        """Use up a fault for a call of this route."""
        for fault in self._planned:
            if fault.route in {route, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._planned.remove(fault)
                return fault
        return None
