"""One wearable's frames made whole: gaps, repeats, order, restarts, and numbers that do not come round. Pure.

Three questions are asked of each frame; all states of a session, and what changes them, are these:

    whose is it?           the present boot's, or the first that is heard   -> next question
    (boots)                a new boot's                                     -> begin anew, Restarted, next question
                           one's that was left and is alive: there are two  -> the same, known_boot
                           a straggler from before the restart              -> `late`
                           the other one's of two                           -> `foreign`
    where does it belong?  next                                             -> next question, and those held behind it
    (ordering)             behind one that is missing                       -> held, until that comes or is given up
                           it came already                                  -> `duplicates`
                           its place was given up                           -> `late`
                           it cannot be: the sequence began anew            -> begin anew, Restarted, next question
    what is it?            a hello                                          -> samples can be scaled; Described if other
    (at its turn)          samples without a hello that they fit            -> `unscaled`, `needs_identify`
                           samples of an index that cannot be               -> Restarted, `unscaled`
                           samples                                          -> Block, NaN where a lead is off
                           anything else                                    -> kept in mind, and told
"""

from __future__ import annotations

import math

from firmware_bridge.boots import Boots
from firmware_bridge.clock import ClockModel
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Battery, Command, Frame, Heartbeat, Hello, Leads, Samples
from firmware_bridge.happenings import Block, Described, Happening, Restarted, SessionCounts
from firmware_bridge.missing import Missing
from firmware_bridge.ordering import Arrival, Order
from firmware_bridge.scaling import Scaling
from firmware_bridge.unfolding import UnfoldedClock

__all__ = ["Block", "Described", "Happening", "Restarted", "Session", "SessionCounts"]


class Session:
    """Takes the frames of one wearable, in the order in which they came.

    Attributes:
        counts: What was wrong so far.
        hello: The last one of the present boot; None before.
        battery: Charge, 0 to 1, as last told; None before.
        leads_off: Channels whose leads are off.
        needs_identify: Whether the wearable must be asked who it is, for its samples mean nothing.
    """

    def __init__(self) -> None:
        self.counts = SessionCounts()
        self.hello: Hello | None = None
        self.battery: float | None = None
        self.leads_off: frozenset[int] = frozenset()
        self.needs_identify = True
        self._boots = Boots()
        self._order = Order(self.counts)
        self._clock = UnfoldedClock()
        self._model = ClockModel()
        self._missing = Missing(self.counts)
        self._scaling: Scaling | None = None
        self._told_s = -math.inf  # host's seconds of the last block

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the wearable's clock runs than the host's, in millionths; None before it is known."""
        return self._model.drift_ppm

    def take(self, frame: Frame, host_s: float) -> list[Happening]:
        """What `frame`, come at `host_s` of a monotonic clock, brings: blocks in order, and what else there is."""
        if isinstance(frame, Command):
            return []  # our own, sent back
        voice = self._boots.voice(frame, host_s)
        if voice == "same":
            return self._place(frame, host_s)
        if voice == "straggler":
            self.counts.late += 1
            return []
        if voice == "foreign":
            self.counts.foreign += 1
            return []
        held = self.flush()
        restarted = [] if voice == "first" else [self._restart(frame, known=voice == "returned")]
        return [*held, *restarted, *self._place(frame, host_s)]

    def flush(self) -> list[Happening]:
        """What was held back in the hope of a frame that is late; call it when the link breaks off or ends."""
        return [one for arrival in self._order.flush() for one in self._turn(arrival)]

    def _restart(self, frame: Frame, *, known: bool = False) -> Restarted:
        """All begins anew; indices go on."""
        self._order = Order(self.counts)
        self._clock = UnfoldedClock()
        return self._forget(frame, known=known)

    def _forget(self, frame: Frame, *, known: bool = False) -> Restarted:
        """What the samples mean, and what their numbers were, is not known any more."""
        self.hello = self._scaling = None
        self.leads_off = frozenset()
        self.needs_identify = True
        self._model = ClockModel()
        self._missing.begin()
        self.counts.restarts += 1
        return Restarted(frame.boot, known)

    def _place(self, frame: Frame, host_s: float) -> list[Happening]:
        arrival = Arrival(frame, self._clock.unfold(frame.clock_us, host_s), host_s)
        place = self._order.place(arrival)
        if place == "impossible":
            return [*self.flush(), self._restart(frame), *self._place(frame, host_s)]
        happened: list[Happening] = []
        if place == "duplicate":
            self.counts.duplicates += 1
        elif place == "late":
            self.counts.late += 1
        else:
            self._model.observe(arrival.clock_us, host_s)
            if place == "next":
                happened = self._turn(arrival)
        if self._order.held:
            happened += [one for due in self._order.due(host_s) for one in self._turn(due)]
        return happened

    def _turn(self, arrival: Arrival) -> list[Happening]:
        frame = arrival.frame
        if isinstance(frame, Samples):
            return self._samples(frame, arrival)
        if isinstance(frame, Hello):
            return self._hello(frame)
        if isinstance(frame, Heartbeat):
            self._missing.heartbeat(frame.next_index, frame.lost, frame.streaming, arrival.clock_us, arrival.host_s)
        elif isinstance(frame, Leads):
            self.leads_off = frozenset(channel for channel in range(32) if frame.off >> channel & 1)
        elif isinstance(frame, Battery):
            self.battery = frame.percent / 100
        return [frame]

    def _hello(self, hello: Hello) -> list[Happening]:
        known, self.hello = self.hello, hello
        self.needs_identify = False
        if known is not None and _description(known) == _description(hello):
            return []
        self._scaling = Scaling(hello)
        return [Described(hello)]

    def _samples(self, frame: Samples, arrival: Arrival) -> list[Happening]:
        if self._scaling is None:
            return self._unscaled(frame)
        try:
            values = self._scaling.values(frame, self.leads_off)
        except FrameError:
            return self._unscaled(frame)
        hello = self._scaling.hello
        taken_s = self._told_s = max(self._told_s, self._model.host_s(arrival.clock_us))
        start = self._missing.run(frame.index, frame.count, arrival.clock_us, arrival.host_s, taken_s, hello.rate_hz)
        if start is None:
            restarted = self._forget(frame)
            self._model.observe(arrival.clock_us, arrival.host_s)
            return [restarted, *self._unscaled(frame)]
        self.counts.samples += frame.count
        return [Block(start, values, taken_s, hello)]

    def _unscaled(self, frame: Samples) -> list[Happening]:
        self.counts.unscaled += frame.count
        self.needs_identify = True
        return []


def _description(hello: Hello) -> object:
    return hello.device, hello.firmware, hello.rate_mhz, hello.width, hello.channels
