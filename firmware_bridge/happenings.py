"""What a session tells, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frames import Frame, Hello


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive samples in physical units.

    Attributes:
        start: Index of the first since the session began; never goes back, goes on after a restart. A jump is a gap.
        values: (channels, n) float32 in each channel's unit; NaN where a sample is missing or its lead is off.
        host_s: When the first was taken, in the host's monotonic seconds; never goes back.
        hello: What the samples are.
    """

    start: int
    values: NDArray[np.float32]
    host_s: float
    hello: Hello


@dataclass(frozen=True)
class Described:
    """The wearable said for the first time since its start, or anew and otherwise, what its samples are."""

    hello: Hello


@dataclass(frozen=True)
class Restarted:
    """The wearable was started anew; `known_boot` where it is one that was heard before: two speak on one wire.

    The session then keeps to `boot` until that has been silent for 3 s, and counts the other's frames as `foreign`.
    """

    boot: int
    known_boot: bool


@dataclass
class SessionCounts:
    """What was wrong so far.

    Attributes:
        samples: Of each channel that were delivered.
        gaps: Jumps of the index.
        missing: Samples of each channel that the gaps left out, those of a restart (from the clocks) included.
        lost_on_wearable: As its heartbeats say; they are among the missing.
        duplicates: Frames that came twice.
        reordered: Frames that came after later ones and were put in their place.
        late: Frames that came too late to be put there, and were dropped.
        lost_frames: Numbers that the sequence left out, modulo 65536 in each outage.
        restarts: Of the wearable.
        unscaled: Samples that came before a hello, or do not fit it, and were dropped.
        foreign: Frames of a second wearable on the wire, dropped.
    """

    samples: int = 0
    gaps: int = 0
    missing: int = 0
    lost_on_wearable: int = 0
    duplicates: int = 0
    reordered: int = 0
    late: int = 0
    lost_frames: int = 0
    restarts: int = 0
    unscaled: int = 0
    foreign: int = 0


Happening: TypeAlias = Block | Described | Restarted | Frame  # frames: leads, buttons, batteries, acks, heartbeats
