"""Who speaks: the wearable as before, the same one restarted, or a second one on the same wire. Pure."""

from __future__ import annotations

from typing import Final, Literal

from firmware_bridge.frames import Frame
from firmware_bridge.unfolding import nearest

REMEMBERED: Final = 8
LATE_S: Final = 1.0  # so long after a restart, frames from before it are stragglers
SILENT_S: Final = 3.0  # three heartbeats: who is silent for longer has left the wire
TOGETHER_S: Final = 60.0  # who was not heard for longer is forgotten
_AS_BEFORE_S: Final = 5.0


Voice = Literal[
    "same",  # the present boot's
    "first",  # nobody was heard before
    "new",  # of a boot that was never heard, or long ago: the wearable was restarted
    "returned",  # of a boot that was left, and is alive: there are two wearables, and this one is kept to from now on
    "straggler",  # sent before the restart
    "foreign",  # the other one's of two
]


class Boots:
    """Knows the boots that were heard lately, `REMEMBERED` at most.

    Boots are drawn by chance out of 65536, and some firmware draws badly: that one comes again is no proof. It is the
    one from before only if its clock has gone on as the host's has.
    """

    def __init__(self) -> None:
        self._present: int | None = None
        self._clock_us = 0
        self._heard_s = 0.0
        self._left: dict[int, tuple[int, float]] = {}  # clock and host's seconds when last heard
        self._two = False  # speak on the wire, as far as is known

    def voice(self, frame: Frame, host_s: float) -> Voice:
        """Whose `frame` is, come at `host_s`."""
        if frame.boot == self._present:
            self._clock_us, self._heard_s = frame.clock_us, host_s
            return "same"
        voice = self._other(frame, host_s)
        if voice == "foreign":
            self._left[frame.boot] = frame.clock_us, host_s
        elif voice != "straggler":
            self._change(frame, host_s)
            self._two = voice == "returned"
        return voice

    def _other(self, frame: Frame, host_s: float) -> Voice:
        if self._present is None:
            return "first"
        left_us, left_s = self._left.get(frame.boot, (0, -TOGETHER_S))
        if host_s - left_s >= TOGETHER_S:
            return "new"
        gone_on_s = nearest(frame.clock_us - left_us, 0, 32) * 1e-6
        if abs(gone_on_s - (host_s - left_s)) > _AS_BEFORE_S:
            return "new"
        if self._two:
            return "foreign" if host_s - self._heard_s < SILENT_S else "returned"
        return "straggler" if gone_on_s < LATE_S else "returned"

    def _change(self, frame: Frame, host_s: float) -> None:
        if self._present is not None:
            self._left[self._present] = self._clock_us, self._heard_s
        self._left.pop(frame.boot, None)
        while len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]
        self._present, self._clock_us, self._heard_s = frame.boot, frame.clock_us, host_s
