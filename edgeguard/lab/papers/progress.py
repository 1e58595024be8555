"""Where a long reproduction stands: which net of how many, and about how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """What is done at this moment.

    Attributes:
        net: Number of the net, from 1.
        nets: How many there are.
        doing: The net, and what is done with it.
        share: Of all work, in [0, 1].
        seconds_left: At the speed so far, at most; None before anything is known of it.
    """

    net: int
    nets: int
    doing: str
    share: float
    seconds_left: float | None


class Ledger:
    """The work still planned, by item and in any unit, and the work done.

    Args:
        planned: Work by item.
        nets: How many nets there are.
        tell: Is told of every step.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        planned: dict[Hashable, float],
        nets: int,
        tell: Callable[[Standing], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pending, self._nets, self._tell, self._clock = dict(planned), nets, tell, clock
        self._numbers: dict[Hashable, int] = {}
        self._net: tuple[int, str] = (0, "")
        self._began, self._done = clock(), 0.0

    def planned(self, item: Hashable) -> float:
        """Work of an item that is still to be done."""
        return self._pending.get(item, 0.0)

    def begin(self, net: Hashable, name: str) -> None:
        """What is told from here on is about this net; one that comes again keeps its number."""
        self._net = (self._numbers.setdefault(net, len(self._numbers) + 1), name)

    def drop(self, item: Hashable, work: float = float("inf")) -> None:
        """So much of an item, all unless told, need not be done."""
        self._pending[item] = max(self._pending.get(item, 0.0) - work, 0.0)

    def spend(self, item: Hashable, work: float) -> None:
        """So much of an item is done."""
        self._done += work
        self.drop(item, work)

    def say(self, doing: str) -> None:
        """Tell where things stand, and what is done now."""
        left, (number, name) = sum(self._pending.values()), self._net
        seconds = (self._clock() - self._began) / self._done * left if self._done else None
        share = self._done / (self._done + left) if self._done + left else 1.0
        self._tell(Standing(number, self._nets, f"{name}: {doing}", share, seconds))
