"""One wearable's frames made whole: gaps, repeats, order, restarts, and numbers that do not come round. Pure.

Three questions are asked of each frame. Every state that the session can be in, and all that changes it, is here:

    whose is it? (boots)        present boot, or the first            -> next question
                                a new boot                            -> begin anew, Restarted, next question
                                a boot that was left, alive           -> begin anew, Restarted(known_boot), next question
                                a straggler from before the restart   -> `late`
                                the other one of two                  -> `foreign`
    where does it belong?       next                                  -> it has its turn, and those held behind it
      (ordering)                ahead of one that is missing          -> held, until that comes or is given up
                                came already, its place was given up  -> `duplicates`, `late`
                                cannot be: the sequence began anew    -> begin anew, Restarted, it has its turn
    at its turn, what is it?    hello                                 -> samples can be scaled; Described if it is other
                                samples without a hello that fits     -> `unscaled`, `needs_identify`
                                samples at an index that cannot be    -> begin anew, Restarted, `unscaled`
                                samples                               -> Block, NaN where a lead is off
                                anything else                         -> kept in mind, and told
"""

from __future__ import annotations

import math

from firmware_bridge.boots import Boots, Voice
from firmware_bridge.clock import ClockModel
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Battery, Command, Frame, Heartbeat, Hello, Leads, Samples
from firmware_bridge.happenings import Block, Described, Happening, Restarted, SessionCounts
from firmware_bridge.missing import Missing
from firmware_bridge.ordering import Arrival, Order, Place
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
        self.battery: float | None = None
        self._boots = Boots()
        self._missing = Missing(self.counts)
        self._told_s = -math.inf  # host's seconds of the last block
        self._forget()

    def take(self, frame: Frame, host_s: float) -> list[Happening]:
        """What `frame`, come at `host_s` of a monotonic clock, brings: blocks in order, and what else there is."""
        if isinstance(frame, Command):
            return []  # our own, sent back
        voice = self._boots.voice(frame, host_s)
        if voice is Voice.SAME:
            return self._place(frame, host_s)
        if voice is Voice.STRAGGLER:
            self.counts.late += 1
            return []
        if voice is Voice.FOREIGN:
            self.counts.foreign += 1
            return []
        held = self.flush()
        restarted = [] if voice is Voice.FIRST else [self._restart(frame, known=voice is Voice.RETURNED)]
        return [*held, *restarted, *self._place(frame, host_s)]

    def flush(self) -> list[Happening]:
        """What was held back in the hope of a frame that is late; call it when the link breaks off or ends."""
        return [one for arrival in self._order.flush() for one in self._turn(arrival)]

    def _forget(self) -> None:
        """Know nothing of the wearable; indices go on."""
        self.hello: Hello | None = None
        self.leads_off: frozenset[int] = frozenset()
        self.needs_identify = True
        self._scaling: Scaling | None = None
        self._order = Order(self.counts)
        self._clock = UnfoldedClock()
        self._model = ClockModel()
        self._missing.begin()

    def _restart(self, frame: Frame, *, known: bool = False) -> Restarted:
        self.counts.restarts += 1
        self._forget()
        return Restarted(frame.boot, known)

    def _place(self, frame: Frame, host_s: float) -> list[Happening]:
        arrival = Arrival(frame, self._clock.unfold(frame.clock_us, host_s), host_s)
        place = self._order.place(arrival)
        if place is Place.IMPOSSIBLE:
            return [*self.flush(), self._restart(frame), *self._place(frame, host_s)]
        if place is Place.DUPLICATE:
            self.counts.duplicates += 1
        elif place is Place.LATE:
            self.counts.late += 1
        else:
            self._model.observe(arrival.clock_us, host_s)
        return [one for due in self._order.due(host_s) for one in self._turn(due)]

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
            return [self._restart(frame), *self._place(frame, arrival.host_s)]
        self.counts.samples += frame.count
        return [Block(start, values, taken_s, hello)]

    def _unscaled(self, frame: Samples) -> list[Happening]:
        self.counts.unscaled += frame.count
        self.needs_identify = True
        return []


def _description(hello: Hello) -> object:
    return hello.device, hello.firmware, hello.rate_mhz, hello.width, hello.channels
