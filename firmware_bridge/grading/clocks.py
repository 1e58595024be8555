"""Whether the wearable's rate and clock are what it says: straight lines through what came first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frames import Hello
from firmware_bridge.grading.findings import Finding, by_size
from firmware_bridge.grading.observations import Observations, Stream, stream_of

SEGMENTS: Final = 10
_T_95: Final = 2.306  # Student's t for the 8 degrees of freedom of a line through 10 points, two-sided 95 %
_LEAST_S: Final = 5.0  # shorter streams show nothing
_CRYSTAL_PPM: Final = 200.0  # a crystal has some tens of them; an RC oscillator thousands
_WRONG_PPM: Final = 5000.0
_NEARLY: Final = 0.2
_LATE_S: Final = 0.25
_TOO_LATE_S: Final = 2.0


@dataclass(frozen=True)
class Speed:
    """How much faster something runs than the host's clock, in millionths, and the half width of its 95 % interval."""

    ppm: float
    within_ppm: float

    def __str__(self) -> str:
        return f"{self.ppm:+.0f} ± {self.within_ppm:.0f} ppm"

    @property
    def least_ppm(self) -> float:
        """The smallest size that the interval allows."""
        return max(0.0, abs(self.ppm) - self.within_ppm)


def speed_of(own_s: NDArray[np.float64], host_s: NDArray[np.float64]) -> Speed | None:
    """How fast `own_s` runs against `host_s`, both of the same frames; None where they span too little.

    Frames come late and never early, so that the least delay of each tenth of the time is taken; a line through these
    ten by least squares gives the speed, what is left over its uncertainty.
    """
    span_s = np.ptp(own_s) if len(own_s) else 0.0
    if span_s < _LEAST_S:
        return None
    segment = np.minimum((own_s - own_s.min()) / span_s * SEGMENTS, SEGMENTS - 1).astype(int)
    if len(np.unique(segment)) < SEGMENTS:
        return None
    delay_s = host_s - own_s
    first = [np.flatnonzero(segment == one)[delay_s[segment == one].argmin()] for one in range(SEGMENTS)]
    x, y = own_s[first] - own_s[first].mean(), delay_s[first] - delay_s[first].mean()
    slope = x @ y / (x @ x)
    left = y - slope * x
    error = np.sqrt(left @ left / (SEGMENTS - 2) / (x @ x))
    return Speed(float(1e6 * (1 / (1 + slope) - 1)), float(1e6 * _T_95 * error / (1 + slope) ** 2))


def of_clocks(seen: Observations, figures: dict[str, float]) -> Iterator[Finding]:
    """Rate, clock, the clock of samples, and jitter."""
    stream, hello = stream_of(seen), seen.hello
    if hello is None or len(stream.index) == 0:
        return
    length_s = (stream.index[-1] + stream.count[-1] - stream.index[0]) / hello.rate_hz
    if length_s < _LEAST_S:
        yield Finding("note", "rate", f"{length_s:.1f} s of samples show no rate and no drift: listen for longer")
        return
    yield _of_rate(stream, hello, figures)
    drift = speed_of(_made_s(stream, hello), stream.host_s)
    yield _of_clock(stream, drift, figures)
    yield _of_sample_clock(stream, hello, figures)
    if drift is not None:
        yield _of_jitter(_made_s(stream, hello), stream.host_s, drift, figures)


def _made_s(stream: Stream, hello: Hello) -> NDArray[np.float64]:
    """When the last sample of each frame was taken and it could be sent, in seconds of the wearable's clock."""
    return stream.clock_s + stream.count / hello.rate_hz


def _of_rate(stream: Stream, hello: Hello, figures: dict[str, float]) -> Finding:
    speed = speed_of((stream.index + stream.count) / hello.rate_hz, stream.host_s)
    if speed is None:
        return Finding("note", "rate", "too few samples came, or in too few pieces, to measure it: mend the gaps first")
    measured_hz = hello.rate_hz * (1 + speed.ppm / 1e6)
    figures |= {"rate_hz": measured_hz, "rate_ppm": speed.ppm, "rate_within_ppm": speed.within_ppm}
    seen = f"{measured_hz:.6g} Hz measured, {hello.rate_hz:g} promised ({speed})"
    advice = "say in hello what the converter's clock and divider truly give"
    return by_size("rate", speed.least_ppm, _CRYSTAL_PPM, _WRONG_PPM, seen, advice)


def _of_clock(stream: Stream, drift: Speed | None, figures: dict[str, float]) -> Finding:
    if drift is None:
        ratio = np.ptp(stream.clock_s) / max(np.ptp(stream.host_s), 1e-9)
        if abs(ratio - 1) < _NEARLY:
            return Finding("note", "clock", "too few samples came, or in too few pieces, to measure it")
        text = f"runs {ratio:.3g} times as fast as the host's: it must count microseconds and come round at 2^32"
        return Finding("wrong", "clock", text)
    figures |= {"drift_ppm": drift.ppm, "drift_within_ppm": drift.within_ppm}
    advice = "take it from the crystal, in microseconds"
    return by_size("clock", drift.least_ppm, _CRYSTAL_PPM, _WRONG_PPM, f"drifts by {drift} against the host's", advice)


def _of_sample_clock(stream: Stream, hello: Hello, figures: dict[str, float]) -> Finding:
    """The clock of samples against their index: a line by least squares."""
    own_s = stream.index / hello.rate_hz
    x, y = own_s - own_s.mean(), stream.clock_s - stream.clock_s.mean()
    slope = x @ y / (x @ x) if len(own_s) > 1 else 1.0
    apart_ms = 1000 * float(np.abs(y - slope * x).max())
    ppm = 1e6 * float(slope - 1)
    figures |= {"sample_clock_ppm": ppm, "sample_clock_apart_ms": apart_ms}
    seen = f"a sample every {1e6 * slope / hello.rate_hz:.6g} µs of the wearable's clock, up to {apart_ms:.3g} ms apart"
    if abs(ppm) > _WRONG_PPM:
        advice = f"{1e6 / hello.rate_hz:.6g} are promised; stamp the frame when its first sample is taken"
        return Finding("wrong", "clock of samples", f"{seen}: {advice}")
    advice = "stamp a frame when its first sample is taken, in the converter's interrupt, not when it is sent"
    return by_size("clock of samples", apart_ms, max(1.0, 1000 / hello.rate_hz), np.inf, seen, advice)


def _of_jitter(
    made_s: NDArray[np.float64], host_s: NDArray[np.float64], drift: Speed, figures: dict[str, float]
) -> Finding:
    """How much later than the earliest frames come, what the drift explains taken off."""
    late_s = host_s - made_s / (1 + drift.ppm / 1e6)
    half, most = np.quantile(late_s - late_s.min(), (0.5, 0.99))
    figures |= {"late_half_ms": 1000 * float(half), "late_99_ms": 1000 * float(most)}
    seen = f"half of the frames come within {1000 * half:.3g} ms of the earliest, 99 % within {1000 * most:.3g} ms"
    advice = "send frames as soon as they are full; with Bluetooth ask for a shorter connection interval"
    return by_size("jitter", float(most), _LATE_S, _TOO_LATE_S, seen, advice)
