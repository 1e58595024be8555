"""One virtual device: what it says of each interval, and when it can say it. No clock, no socket."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeguard import __version__
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.simulation.alarms import Change, DriftAlarm, WindowAlarm
from edgeguard.fleet.simulation.plan import MINUTE_MS, Fate, Span, motion, windows_per_minute, within
from edgeguard.fleet.simulation.windows import Condition, Windows, draw, tally_of
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.messages import Alert, State, Status, Summary, encode
from edgeguard.telemetry.topics import Kind

SOURCE: Final = "ecg"
SAMPLES_PER_WINDOW: Final = 250
_CHARGE_EVERY_MS: Final = 40 * 60 * MINUTE_MS
_CHARGING: Final = 0.08  # share of that time


@dataclass(frozen=True)
class Judged:
    """A window whose truth is known: what a clinician could label.

    Attributes:
        device: Its id.
        boot: Of the start in which it was judged.
        window_start: Index of its first sample.
        at_ms: When it was judged.
        probabilities: The ensemble's, by class.
        truth: The class that it is of.
        alarmed: Whether an alert bears it; else it was drawn at random.
    """

    device: str
    boot: str
    window_start: int
    at_ms: int
    probabilities: dict[str, float]
    truth: str
    alarmed: bool


class VirtualDevice:
    """Makes the messages of one device, interval by interval.

    Args:
        fate: What happens to it.
        rng: Its own.
        begins_ms: When its first interval begins.

    Attributes:
        time_ms: Up to when it has judged.
        judged: Windows whose truth is known, since the caller last emptied it.
    """

    def __init__(self, fate: Fate, rng: np.random.Generator, begins_ms: int) -> None:
        self.fate = fate
        self.time_ms = begins_ms
        self.judged: list[Judged] = []
        self._rng = rng
        self._seq = 0
        self._spool: deque[Message] = deque()
        self._online = False
        self._stale_state = True  # the fleet does not know it
        self._charge_phase = int(rng.integers(_CHARGE_EVERY_MS))
        self._start()

    def advance(self, interval_ms: int) -> list[Message]:
        """Judge one more interval; the messages that leave the device by its end, in their order."""
        span = self.time_ms, self.time_ms + interval_ms
        self.time_ms = span[1]
        if any(span[0] < at <= span[1] for at in self.fate.restarts):
            self._start()
        elif self.fate.model(span[1]) is not self._model:
            self._load()
        self._judge(span)
        return self._leave(span[1])

    def stop(self) -> Message | None:
        """The farewell of a clean stop; None where the link is down."""
        return self._state("stopped", self.time_ms) if self._online else None

    def _start(self) -> None:
        self._boot = self._rng.bytes(8).hex()
        self._samples = 0
        self._load()

    def _load(self) -> None:
        """Run the model of the hour; a new model begins with no alarm."""
        self._model = self.fate.model(self.time_ms)
        self._alarms: list[WindowAlarm | DriftAlarm] = [WindowAlarm(self._model)]
        if self.fate.drift_per_day:
            self._alarms.append(DriftAlarm(self._model))
        self._stale_state = True

    def _judge(self, span: Span) -> None:
        minutes = (span[1] - span[0]) / MINUTE_MS
        count = int(self._rng.poisson(minutes * windows_per_minute(span[0])))
        windows = draw(self._rng, self._model, self._condition(span), count)
        for alarm in self._alarms:
            for change in alarm.watch(windows):
                self._tell_alert(span, windows, count, change)
        summary = Summary(
            boot=self._boot,
            seq=self._next_seq(),
            source=SOURCE,
            from_ms=span[0],
            to_ms=span[1],
            bundle_sha256=self._model.bundle.sha256,
            dropped={},
            waiting=len(self._spool),
            battery=self._battery(span[1]),
            tally=tally_of(self._rng, self._model, windows),
        )
        self._keep("telemetry", encode(summary))
        if len(windows.places):
            self._remember(span, windows, count, int(self._rng.integers(len(windows.places))), alarmed=False)
        self._samples += count * SAMPLES_PER_WINDOW

    def _condition(self, span: Span) -> Condition:
        length = span[1] - span[0]
        attacks = [(begin, end) for begin, end in self.fate.attacks if begin < span[1] and span[0] < end]
        worn_days = (
            (span[0] + self._charge_phase) % _CHARGE_EVERY_MS
        ) / DAY_MS  # electrodes dry until they are changed
        condition = Condition(
            motion=motion(span[0]),
            unrest=self.fate.drift_per_day * worn_days,
            attacks=tuple(((begin - span[0]) / length, (end - span[0]) / length) for begin, end in attacks),
        )
        return condition.unfair() if self.fate.unfair else condition

    def _tell_alert(self, span: Span, windows: Windows, count: int, change: Change) -> None:
        known = self._remember(span, windows, count, change.index, alarmed=change.raised)
        predicted = max(known.probabilities, key=known.probabilities.__getitem__)
        alert = Alert(
            boot=self._boot,
            seq=self._next_seq(),
            time_ms=known.at_ms,
            bundle_sha256=self._model.bundle.sha256,
            source=SOURCE,
            kind=change.kind,
            raised=change.raised,
            windows=change.windows,
            suppressed=0,
            window_start=known.window_start,
            score=change.score,
            value=change.value,
            threshold=change.threshold,
            predicted=predicted,
            confidence=known.probabilities[predicted],
            probabilities=known.probabilities,
            exit_probabilities=self._votes(known.probabilities[predicted], change.raised),
        )
        self._keep("alert", encode(alert))

    def _keep(self, kind: Kind, payload: bytes) -> None:
        self._spool.append(Message(self.fate.address.topic(kind), payload, for_somebody=True))

    def _votes(self, confidence: float, disagree: bool) -> tuple[float, ...]:
        """Each exit's probability of the predicted class: apart where they disagree; their mean is `confidence`."""
        room = min(confidence, 1 - confidence) * (0.95 if disagree else 0.1)
        steps = np.linspace(-1, 1, self._model.exits)
        return tuple((confidence + room * self._rng.permutation(steps)).clip(0, 1).tolist())

    def _remember(self, span: Span, windows: Windows, count: int, index: int, *, alarmed: bool) -> Judged:
        place, names = int(windows.places[index]), [name for name, _ in self._model.classes]
        row = windows.probabilities[index]
        known = Judged(
            device=self.fate.address.device,
            boot=self._boot,
            window_start=self._samples + place * SAMPLES_PER_WINDOW,
            at_ms=span[0] + (span[1] - span[0]) * (place + 1) // (count + 1),
            probabilities=dict(zip(names, row.clip(0, 1).tolist(), strict=True)),
            truth=names[int(windows.truth[index])],
            alarmed=alarmed,
        )
        self.judged.append(known)
        return known

    def _leave(self, at_ms: int) -> list[Message]:
        if within(self.fate.outages, at_ms):
            lost, self._online = self._online, False
            return [self._state("offline", at_ms)] if lost else []
        leaving: list[Message] = []
        if self._stale_state or not self._online:
            leaving.append(self._state("online", at_ms))
        self._online, self._stale_state = True, False
        leaving.extend(self._spool)
        self._spool.clear()
        return leaving

    def _state(self, status: Status, at_ms: int) -> Message:
        state = State(
            status=status,
            time_ms=at_ms,
            boot=self._boot,
            software=__version__,
            bundle=self._model.bundle,
            sources=(SOURCE,) if status == "online" else (),
        )
        return Message(self.fate.address.topic("state"), encode(state), retain=True)

    def _battery(self, at_ms: int) -> float:
        """Falls to a tenth, then is charged."""
        phase = (at_ms + self._charge_phase) % _CHARGE_EVERY_MS / _CHARGE_EVERY_MS
        used = phase / (1 - _CHARGING) if phase < 1 - _CHARGING else (1 - phase) / _CHARGING
        return round(1 - 0.9 * used, 3)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
