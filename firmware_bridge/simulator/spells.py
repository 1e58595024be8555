"""Things that come and go by chance, the same by the same seed. Pure."""

from __future__ import annotations

import math

import numpy as np


class Spells:
    """Spells of something, apart and long by chance (exponentially).

    Args:
        every_s: Mean seconds from the end of one to the begin of the next; infinity: never.
        last_s: Mean seconds that one lasts.
        seed: Of the chance.

    Attributes:
        on: Whether one is under way.
        change_s: When that changes next.
        count: How many have begun.
    """

    def __init__(self, every_s: float, last_s: float, seed: int | list[int]) -> None:
        self.on = False
        self.count = 0
        self._means_s = every_s, last_s
        self._rng = np.random.default_rng(seed)
        self.change_s = self._drawn()

    def at(self, now_s: float) -> bool:
        """Whether one is under way at `now_s`, which never goes back."""
        while self.change_s <= now_s:
            self.turn()
        return self.on

    def turn(self) -> None:
        """Begin or end one, at `change_s`."""
        self.on = not self.on
        self.count += self.on
        self.change_s += self._drawn()

    def _drawn(self) -> float:
        mean_s = self._means_s[self.on]
        return mean_s if math.isinf(mean_s) else float(self._rng.exponential(mean_s))
