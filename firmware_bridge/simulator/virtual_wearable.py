"""A wearable that is not there: it answers, streams, drifts and fails as PROTOCOL.md says. No clock and no wire."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final

import numpy as np

from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import (
    Ack,
    Action,
    Battery,
    Button,
    Command,
    Frame,
    Heartbeat,
    Hello,
    Leads,
    Result,
)
from firmware_bridge.simulator.sampler import Sampler, Signal, WearableCounts
from firmware_bridge.simulator.spells import Spells
from firmware_bridge.stream import Origin, encode_stream
from firmware_bridge.wire import encode

HEARTBEAT_S: Final = 1.0
HELLO_S: Final = 10.0
BATTERY_S: Final = 600.0
RATES_MHZ: Final = range(1000, 16_000_001)
_PRESS_S: Final = 0.2
_STALE_S: Final = 2.0  # what was to be told so long before anybody asked is left out
_MOST_TOLD: Final = 256  # frames other than samples that wait
_U16, _U32 = 1 << 16, 1 << 32


@dataclass(frozen=True)
class Mishaps:
    """What happens to a wearable by itself; seconds are means, infinity: never.

    Attributes:
        leads_off_every_s: Between stretches in which the lead of some channel is off.
        leads_off_s: How long one lasts.
        overrun_every_s: Between stretches in which samples are taken and find no room.
        overrun_s: How long one lasts.
        button_every_s: Between presses of the button.
        restart_every_s: Between power cuts; see `VirtualWearable.restart`.
        battery_s: In which a full battery runs down; at its end the wearable falls silent.
    """

    leads_off_every_s: float = math.inf
    leads_off_s: float = 3.0
    overrun_every_s: float = math.inf
    overrun_s: float = 0.3
    button_every_s: float = math.inf
    restart_every_s: float = math.inf
    battery_s: float = math.inf


class VirtualWearable:
    """Hears commands, and speaks when it is asked to; of bounded memory, however long nobody asks.

    Seconds are the host's, of any clock that never goes back. The same seed, signal, and questions at the same times
    give the same bytes.

    Args:
        hello: Who it is; boot, sequence and clock are its own.
        signal: What it measures. Once the rate was set anew, the same samples come faster or slower.
        seed: Of its boots and mishaps.
        drift_ppm: How much faster its clock runs than the host's, and with it its sampling, in millionths.
        clock_us: Of its clock at every start.
        delta: Whether it sends differences where they take less room.
        samples_per_frame: At most; by default what comes in a tenth of a second or fits.
        battery: Charge at the start, 0 to 1.
        mishaps: What else happens to it.

    Attributes:
        hello: As given, but for the rate that was set.
        counts: What it did so far.
    """

    def __init__(  # noqa: PLR0913 - a wearable has that many traits
        self,
        hello: Hello,
        signal: Signal,
        *,
        seed: int = 0,
        drift_ppm: float = 0.0,
        clock_us: int = 0,
        delta: bool = True,
        samples_per_frame: int | None = None,
        battery: float = 1.0,
        mishaps: Mishaps = Mishaps(),
    ) -> None:
        if not 0 < battery <= 1:
            raise ValueError(f"battery {battery}: above 0, 1 at most")
        self.counts = WearableCounts()
        self.hello = hello
        self._signal = signal
        self._delta = delta
        self._most = samples_per_frame
        self._clock = 1 + drift_ppm * 1e-6
        self._clock_us = clock_us
        self._battery = battery
        self._battery_s = mishaps.battery_s
        self._rng = np.random.default_rng([seed, 0])
        self._leads = Spells(mishaps.leads_off_every_s, mishaps.leads_off_s, [seed, 1])
        self._overrun = Spells(mishaps.overrun_every_s, mishaps.overrun_s, [seed, 2])
        self._button = Spells(mishaps.button_every_s, _PRESS_S, [seed, 3])
        self._power_cut = Spells(mishaps.restart_every_s, 0.0, [seed, 4])
        self._off = 0  # bit k: the lead of channel k
        self._decoder = Decoder()
        self._said: list[bytes] = []
        self._first_s = math.nan  # nobody has asked yet

    @property
    def streaming(self) -> bool:
        """Whether it takes samples."""
        return not math.isnan(self._first_s) and self._sampler.streaming

    def hear(self, data: bytes, now_s: float) -> None:
        """Take what came over the wire; the answers come with `speak`."""
        self._live(now_s)
        for frame in self._decoder.feed(data):
            if isinstance(frame, Command) and now_s < self._empty_s:
                self._obey(frame, now_s)

    def speak(self, now_s: float) -> bytes:
        """All that is to be sent by `now_s`, whole frames; what waited for too long to be asked for is lost."""
        self._live(now_s)
        said = b"".join(self._said)
        self._said, self._told = [], 0
        self._sampler.sent()
        return said

    def restart(self, now_s: float) -> None:
        """Begin anew, as after a power cut: another boot, every number from its start, not streaming."""
        self._live(now_s)
        self._begin_anew(now_s)

    @property
    def _empty_s(self) -> float:
        return self._first_s + self._battery * self._battery_s

    def _wake(self, now_s: float) -> None:
        self._born_s = now_s
        self._boot = int(self._rng.integers(1, _U16))
        self._sequence = 0
        self._last: tuple[tuple[int, int, int], Result] | None = None
        self._sampler = Sampler(self.hello, self._signal, self._most, self._clock, self.counts)
        self._sampler.off, self._sampler.blocked = self._off, self._overrun.on
        self._said, self._told = [], 0
        self._heartbeat_s = now_s + HEARTBEAT_S
        self._introduce(now_s)

    def _live(self, now_s: float) -> None:
        """All that happens by `now_s`, in the order of time."""
        self._now_s = now_s
        if math.isnan(self._first_s):
            self._first_s = now_s
            for spells in (self._leads, self._overrun, self._button, self._power_cut):
                spells.change_s += now_s
            self._wake(now_s)
        until_s = min(now_s, self._empty_s)
        while (due := min(self._agenda(), key=itemgetter(0)))[0] <= until_s:
            self._sample(due[0])
            due[1](due[0])
        self._sample(until_s)

    def _agenda(self) -> list[tuple[float, Callable[[float], None]]]:
        return [
            (self._heartbeat_s, self._beat),
            (self._hello_s if self.streaming else math.inf, self._introduce),
            (self._leads.change_s, self._turn_leads),
            (self._overrun.change_s, self._turn_overrun),
            (self._button.change_s, self._press),
            (self._power_cut.change_s, self._cut_power),
        ]

    def _sample(self, until_s: float) -> None:
        self._sampler.take(until_s)
        self._send_samples(all_=False)

    def _introduce(self, now_s: float) -> None:
        self._hello_s = now_s + HELLO_S
        hello = self.hello
        self._tell(Hello, now_s, hello.device, hello.firmware, hello.rate_mhz, hello.width, hello.channels)
        self._tell(Leads, now_s, self._off)
        self._tell_battery(now_s)

    def _beat(self, now_s: float) -> None:
        self._heartbeat_s = now_s + HEARTBEAT_S
        if self._percent(now_s) != self._told_percent or now_s >= self._told_s + BATTERY_S:
            self._tell_battery(now_s)
        taken = self._sampler
        self._tell(Heartbeat, now_s, taken.next_index % _U32, taken.lost % _U32, taken.streaming)

    def _tell_battery(self, now_s: float) -> None:
        self._told_percent, self._told_s = self._percent(now_s), now_s
        self._tell(Battery, now_s, self._told_percent, 3000 + 12 * self._told_percent)

    def _percent(self, now_s: float) -> int:
        return round(100 * max(self._battery - (now_s - self._first_s) / self._battery_s, 0.0))

    def _turn_leads(self, now_s: float) -> None:
        self._leads.turn()
        self._off = 1 << int(self._rng.integers(len(self.hello.channels))) if self._leads.on else 0
        self._sampler.off = self._off
        self._tell(Leads, now_s, self._off)

    def _turn_overrun(self, _now_s: float) -> None:
        self._overrun.turn()
        self._sampler.blocked = self._overrun.on

    def _press(self, now_s: float) -> None:
        self._button.turn()
        self._tell(Button, now_s, 0, self._button.on)

    def _cut_power(self, now_s: float) -> None:
        self._power_cut.turn()
        if self._power_cut.on:
            self._begin_anew(now_s)

    def _begin_anew(self, now_s: float) -> None:
        self.counts.restarts += 1
        self._wake(now_s)

    def _obey(self, command: Command, now_s: float) -> None:
        self.counts.commands += 1
        asked = command.id, command.action, command.argument
        if self._last is None or self._last[0] != asked:
            self._last = asked, self._done(command, now_s)
        self._tell(Ack, now_s, command.id, self._last[1])

    def _done(self, command: Command, now_s: float) -> Result:
        if command.action not in set(Action):
            return Result.UNKNOWN_ACTION
        if command.action == Action.SET_RATE and (refused := self._set_rate(command.argument)):
            return refused
        if command.action == Action.START and self._sampler.over:
            return Result.FAILED  # nothing is left to measure
        if command.action == Action.STOP:
            self._sampler.streaming = False
        else:
            self._introduce(now_s)
        if command.action == Action.START:
            self._sampler.start(now_s)
        return Result.DONE

    def _set_rate(self, rate_mhz: int) -> Result | None:
        """Why not, or None."""
        if self.streaming:
            return Result.NOT_NOW
        if rate_mhz not in RATES_MHZ:
            return Result.WRONG_VALUE
        self.hello = replace(self.hello, rate_mhz=rate_mhz)
        self._sampler.set_hello(self.hello)
        return None

    def _send_samples(self, *, all_: bool) -> None:
        sample_us = 1e9 / self.hello.rate_mhz
        for values, index, at_s in self._sampler.ready(all_=all_):
            origin = Origin(self._boot, self._sequence, index, self._clock_at(at_s), sample_us)
            most = self._sampler.most
            frames = encode_stream(values, self.hello.width, origin, delta=self._delta, longest=most)
            self._said += frames
            self._sequence += len(frames)
            self.counts.frames += len(frames)
            self.counts.sent += values.shape[1]

    def _tell(self, kind: Callable[..., Frame], at_s: float, *fields: Any) -> None:
        """Send a frame of another kind than samples, behind those that were taken before it."""
        self._send_samples(all_=True)
        if self._now_s - at_s <= _STALE_S and self._told < _MOST_TOLD:
            head = self._boot, self._sequence % _U16, round(self._clock_at(at_s)) % _U32
            self._said.append(encode(kind(*head, *fields)))
            self._sequence += 1
            self._told += 1
            self.counts.frames += 1

    def _clock_at(self, at_s: float) -> float:
        return (at_s - self._born_s) * self._clock * 1e6 + self._clock_us
