"""What was observed of a wearable while it was examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.frames import Ack, Battery, Button, Heartbeat, Hello, Leads, Result, Samples

Seen = Hello | Samples | Leads | Button | Battery | Ack | Heartbeat
_Kind = TypeVar("_Kind", bound=Seen)


class Trial(Enum):
    """Commands that are tried on a wearable, in this order."""

    IDENTIFY = "identify"
    QUIET = "stop, to begin with"
    UNKNOWN = "an action that is none"
    IMPOSSIBLE = "set_rate to 0 Hz"
    DAMAGED = "a damaged start"
    START = "start"
    REPEATED = "the same start again"
    BUSY = "set_rate while it streams"
    STOP = "stop"


@dataclass(frozen=True)
class Asked:
    """One command, and what came of it.

    Attributes:
        sent_s: When it was sent, first and again, in host seconds.
        answered_s: When its first answer came; None where none did.
        result: As answered.
    """

    sent_s: tuple[float, ...]
    answered_s: float | None = None
    result: Result | None = None


@dataclass
class Observations:
    """All that was seen.

    Attributes:
        asked: Commands that were tried.
        came: Frames in the order in which they came, each with its host time; the data of samples may be left out.
        counts: Of the decoder, from the first whole frame on; from the first byte where none was whole.
        echoed: Commands that came back.
        broke_off: Why the link ended too early; empty where it did not.
    """

    asked: dict[Trial, Asked] = field(default_factory=dict)
    came: list[tuple[float, Seen]] = field(default_factory=list)
    counts: DecoderCounts = field(default_factory=DecoderCounts)
    echoed: int = 0
    broke_off: str = ""

    def of(self, kind: type[_Kind], since_s: float = -np.inf, until_s: float = np.inf) -> list[tuple[float, _Kind]]:
        """Frames of `kind` that came from `since_s` on and before `until_s`."""
        return [(at, frame) for at, frame in self.came if isinstance(frame, kind) and since_s <= at < until_s]

    @property
    def hello(self) -> Hello | None:
        """The last one that came."""
        hellos = self.of(Hello)
        return hellos[-1][1] if hellos else None

    def done_s(self, trial: Trial) -> float | None:
        """When `trial` was answered with done; None where it never was."""
        asked = self.asked.get(trial)
        return asked.answered_s if asked and asked.result == Result.DONE else None


@dataclass(frozen=True)
class Stream:
    """Samples frames between start and stop, each once, in the order of their index; numbers do not come round.

    Attributes:
        host_s: When each came.
        index: Of its first sample.
        count: Samples of each channel.
        clock_s: Of its first sample, in seconds of the wearable's clock.
        missing: Samples that are missing before it.
        lost_frames: Frames of whatever type that are missing between it and the one before.
    """

    host_s: NDArray[np.float64]
    index: NDArray[np.int64]
    count: NDArray[np.int64]
    clock_s: NDArray[np.float64]
    missing: NDArray[np.int64]
    lost_frames: NDArray[np.int64]


def stream_of(seen: Observations) -> Stream:
    """What was streamed between the start that was done and the stop, by the boot that was heard last."""
    start, stop = seen.asked.get(Trial.START, Asked(())), seen.asked.get(Trial.STOP)
    since_s = np.inf if start.answered_s is None else start.sent_s[0]
    until_s = stop.sent_s[0] if stop else np.inf
    came = [(at, frame) for at, frame in seen.came if since_s <= at < until_s and frame.boot == seen.came[-1][1].boot]
    sequence = unfolded([frame.sequence for _, frame in came], 16)
    chosen = [number for number, (_, frame) in enumerate(came) if isinstance(frame, Samples)]
    frames = [frame for _, frame in came if isinstance(frame, Samples)]
    index, first = np.unique(unfolded([frame.index for frame in frames], 32), return_index=True)
    count = np.array([frame.count for frame in frames], dtype=np.int64)[first]
    own = sequence[chosen][first]
    heard = np.searchsorted(np.unique(sequence), own)
    return Stream(
        np.array([came[number][0] for number in chosen])[first],
        index,
        count,
        unfolded([frame.clock_us for frame in frames], 32)[first] / 1e6,
        np.maximum(np.diff(index, prepend=index[:1]) - np.insert(count[:-1], 0, 0), 0)[: len(index)],
        np.maximum(np.diff(own, prepend=own[:1]) - np.diff(heard, prepend=heard[:1]), 0),
    )


def unfolded(numbers: Sequence[int], bits: int) -> NDArray[np.int64]:
    """Numbers modulo 2**bits as ones that do not come round; a jump by half the range or more is one back."""
    values = np.array(numbers, dtype=np.int64)
    half = 1 << (bits - 1)
    steps = (values[1:] - values[:-1] + half) % (1 << bits) - half
    return np.concatenate([values[:1], values[:1] + steps.cumsum()])
