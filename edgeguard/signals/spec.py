"""What a model's input is: the facts that lab and device must share about a signal."""

from __future__ import annotations

from typing import Annotated

import msgspec

Positive = Annotated[int, msgspec.Meta(gt=0)]


class SignalSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model input (a window) and how it is cut from a stream.

    Attributes:
        channels: Channel names, in the order of the tensor's second axis.
        units: Physical unit of the samples, or ``z-score`` where the data set has none.
        window: Samples per window.
        hop: Samples from one window's start to the next.
        rate_hz: Samples per second; None where the data set has no true rate.
        preprocessing: Names of the per-window steps of `edgeguard.signals.preprocessing`, applied in order.
    """

    channels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    units: str
    window: Positive
    hop: Positive
    rate_hz: Annotated[float, msgspec.Meta(gt=0)] | None = None
    preprocessing: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples) of one window."""
        return len(self.channels), self.window

    @property
    def input_units(self) -> str:
        """Unit of the tensor that the network sees, and so of an attack's ε: `units` until a step removes the scale."""
        return "z-score" if "zscore" in self.preprocessing else self.units
