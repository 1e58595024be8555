"""What a wire does to bytes, the same by the same seed: damages, loses, invents, repeat and swap them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FRAME: Final = re.compile(rb"\0?[^\0]*\0?", re.DOTALL)


@dataclass(frozen=True)
class Noise:
    """How bad a wire is.

    Attributes:
        damage: Share of the bytes that arrive as others.
        burst: Mean length of a run of damaged bytes; 1: each byte for itself.
        loss: Share of the bytes that do not arrive.
        insert: Bytes that nobody sent, as a share of those that arrive.
        repeat: Share of the frames that arrive twice.
        swap: Share of the frames that arrive after the next one.
    """

    damage: float = 0.0
    burst: float = 1.0
    loss: float = 0.0
    insert: float = 0.0
    repeat: float = 0.0
    swap: float = 0.0

    def __post_init__(self) -> None:
        for name in ("damage", "loss", "insert", "repeat", "swap"):
            if not 0 <= (share := getattr(self, name)) < 1:
                raise ValueError(f"{name} {share}: it is a share, from 0 to below 1")
        if self.burst < 1:
            raise ValueError(f"burst {self.burst}: it is a mean length in bytes, 1 or more")


@dataclass
class WireCounts:
    """What became of the bytes so far; frames where they were repeated or swapped."""

    bytes: int = 0
    damaged: int = 0
    lost: int = 0
    inserted: int = 0
    repeated: int = 0
    swapped: int = 0


class NoisyWire:
    """Carries bytes as a bad wire does; one direction of it.

    Attributes:
        counts: What it did so far.
    """

    def __init__(self, seed: int | list[int] = 0, noise: Noise = Noise()) -> None:
        self.counts = WireCounts()
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self._held = b""
        self._bad, self._left = True, 0  # of the run of good or damaged bytes under way

    def carry(self, data: bytes) -> bytes:
        """What arrives when `data`, whole frames, is sent; a swapped frame waits for the next one."""
        if self._noise.repeat or self._noise.swap:
            data = b"".join(self._shuffled(_FRAME.findall(data)))
        self.counts.bytes += len(data)
        values = np.frombuffer(data, dtype=np.uint8)
        for change in (self._damaged, self._thinned, self._thickened):
            values = change(values)
        return values.tobytes()

    def _shuffled(self, frames: Iterable[bytes]) -> Iterable[bytes]:
        for frame in filter(None, frames):
            if not self._held and self._rng.random() < self._noise.swap:
                self._held = frame
                self.counts.swapped += 1
                continue
            again = self._rng.random() < self._noise.repeat
            self.counts.repeated += again
            yield frame * (1 + again) + self._held
            self._held = b""

    def _damaged(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if not self._noise.damage:
            return values
        where = self._runs(len(values)) if self._noise.burst > 1 else self._rng.random(len(values)) < self._noise.damage
        self.counts.damaged += int(where.sum())
        other = self._rng.integers(1, 256, len(values), dtype=np.uint8)  # never the byte itself
        return np.where(where, values ^ other, values)

    def _runs(self, n: int) -> NDArray[np.bool_]:
        """Which of `n` bytes lie in a burst: two states, each left by chance (Gilbert 1960)."""
        where, at = np.zeros(n, dtype=np.bool_), 0
        share, mean = self._noise.damage, self._noise.burst
        while at < n:
            if self._left == 0:
                self._bad = not self._bad
                self._left = int(self._rng.geometric(1 / mean if self._bad else share / (1 - share) / mean))
            run = min(self._left, n - at)
            where[at : at + run] = self._bad
            self._left -= run
            at += run
        return where

    def _thinned(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if not self._noise.loss:
            return values
        arrives = self._rng.random(len(values)) >= self._noise.loss
        self.counts.lost += int(len(values) - arrives.sum())
        return values[arrives]

    def _thickened(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if not self._noise.insert:
            return values
        at = np.flatnonzero(self._rng.random(len(values)) < self._noise.insert)
        self.counts.inserted += len(at)
        return np.insert(values, at, self._rng.integers(0, 256, len(at), dtype=np.uint8))
