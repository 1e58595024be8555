"""What a model's input is: the facts that lab and device must share about a signal."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

BEAT_RATES_HZ: Final = (100.0, 1000.0)  # at which R peaks are found

Positive = Annotated[int, msgspec.Meta(gt=0)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class FilterSpec(_Record, frozen=True, kw_only=True):
    """One causal filter of the stream, with state, before windows are cut.

    Attributes:
        kind: Butterworth ``bandpass``, ``highpass`` or ``lowpass``; or ``notch``.
        hz: Its corner frequencies, or the one that a notch takes out.
        order: Of the Butterworth filter.
        quality: Of the notch: its frequency by its bandwidth.
    """

    kind: Literal["bandpass", "highpass", "lowpass", "notch"]
    hz: Annotated[tuple[PositiveFloat, ...], msgspec.Meta(min_length=1, max_length=2)]
    order: Annotated[int, msgspec.Meta(ge=1, le=8)] = 2
    quality: PositiveFloat = 30.0

    def __post_init__(self) -> None:
        if len(self.hz) != (2 if self.kind == "bandpass" else 1) or list(self.hz) != sorted(set(self.hz)):
            raise ValueError(f"a {self.kind} takes {'two rising' if self.kind == 'bandpass' else 'one'} hz: {self.hz}")


class BeatSpec(_Record, frozen=True, kw_only=True):
    """Windows around R peaks, found in the first channel, instead of windows at a hop.

    Attributes:
        before: Samples of the window before the peak; the peak is number `before` of the window.
    """

    before: Annotated[int, msgspec.Meta(ge=0)]


class QualitySpec(_Record, frozen=True, kw_only=True):
    """When a stretch of raw signal is too bad to be judged; what is None is not looked at.

    Attributes:
        flat: A channel whose peak-to-peak is below this, in its unit, for `flat_s` seconds on end, is flat.
        flat_s: Seconds.
        saturation: A channel that stays at or beyond this absolute value is saturated, or a lead is off.
        motion: A window whose baseline (below 0.7 Hz) wanders by more than this, peak to peak, was moved.
        mains: Largest share of the power above 1 Hz that may lie at 50 or 60 Hz.
    """

    flat: PositiveFloat | None = None
    flat_s: PositiveFloat = 1.0
    saturation: PositiveFloat | None = None
    motion: PositiveFloat | None = None
    mains: Share | None = None


class InputSpec:
    """What every model's input says of itself, be it a window of a signal, a row of a table or an image.

    A record of its own for each kind, told apart in JSON by `kind`; a signal's, which bundles hold too, has none.
    """

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input, without the batch."""
        raise NotImplementedError

    @property
    def input_units(self) -> str:
        """Unit of what the model sees; an epsilon has this unit."""
        raise NotImplementedError

    @property
    def limits(self) -> tuple[float, float] | None:
        """Smallest and largest value there can be, so that an attack stays between them; None where there are none."""
        return None


class SignalSpec(InputSpec, _Record, frozen=True, kw_only=True):
    """One model input (a window) and how it is made of a stream.

    A stream of another rate is resampled to `rate_hz`, then filtered, then cut into windows: at a hop, or around beats.

    Attributes:
        channels: Channel names, in the order of the tensor's second axis.
        units: Physical unit of the samples, or ``z-score`` where the data set has none.
        window: Samples per window.
        hop: Samples from one window's start to the next; without meaning where there are `beats`.
        rate_hz: Samples per second; None where the data set has no true rate.
        filters: Causal filters of the stream, applied in order at `rate_hz`.
        beats: Windows lie around R peaks; None for windows at a hop.
        quality: Which stretches of the raw signal are not judged; None for all are.
        preprocessing: Names of the per-window steps of `edgeguard.signals.preprocessing`, applied in order.
    """

    channels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    units: str
    window: Positive
    hop: Positive
    rate_hz: PositiveFloat | None = None
    filters: tuple[FilterSpec, ...] = ()
    beats: BeatSpec | None = None
    quality: QualitySpec | None = None
    preprocessing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rate_hz is None and (self.filters or self.beats or self.quality):
            raise ValueError("filters, beats and quality need a rate_hz")
        if self.rate_hz is not None and any(max(one.hz) >= self.rate_hz / 2 for one in self.filters):
            raise ValueError(f"a filter lies at or above half of rate_hz {self.rate_hz:g}")
        if self.beats is not None and not BEAT_RATES_HZ[0] <= (self.rate_hz or 0.0) <= BEAT_RATES_HZ[1]:
            raise ValueError(f"beats are found at {BEAT_RATES_HZ[0]:g} to {BEAT_RATES_HZ[1]:g} Hz: {self.rate_hz}")
        if self.beats is not None and self.beats.before >= self.window:
            raise ValueError(f"the peak, {self.beats.before} samples in, is outside the window of {self.window}")

    @property
    def input_units(self) -> str:
        """Unit of what the model sees, after the preprocessing; an epsilon has this unit."""
        return "z-score" if "zscore" in self.preprocessing else self.units

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples) of one window."""
        return len(self.channels), self.window
