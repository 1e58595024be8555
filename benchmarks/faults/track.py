"""A signal as the wearables of the harness send it: lines of index and values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DECIMALS = 4


@dataclass(frozen=True)
class Track:
    """A recording to be sent.

    Attributes:
        rate_hz: Samples per second.
        channels: Names.
        units: Of each channel.
        values: (channels, n) float32, rounded to what a line holds.
    """

    rate_hz: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.round(self.values, _DECIMALS).astype(np.float32))

    def __len__(self) -> int:
        return int(self.values.shape[1])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self) / self.rate_hz

    def header(self) -> bytes:
        """The first line of a connection."""
        facts: dict[str, Any] = {"rate_hz": self.rate_hz, "channels": self.channels, "units": self.units}
        return json.dumps(facts).encode() + b"\n"

    def lines(self, start: int, stop: int) -> bytes:
        """The samples from `start` to before `stop`."""
        line = "%d" + f",%.{_DECIMALS}f" * len(self.channels) + "\n"
        rows = zip(range(start, stop), *self.values[:, start:stop].tolist(), strict=False)
        return "".join([line % row for row in rows]).encode()


def mit_bih_tracks(folder: Path, tracks: int, *, records: Sequence[str] = ()) -> list[Track]:
    """First channels of the MIT-BIH records (all 48, or those named) in a row, dealt out over `tracks`."""
    import wfdb

    names = sorted(records or (path.stem for path in folder.glob("*.hea")))
    dealt: list[list[NDArray[np.float32]]] = [[] for _ in range(tracks)]
    for number, name in enumerate(names):
        record = wfdb.rdrecord(str(folder / name), channels=[0], return_res=32)
        dealt[number % tracks].append(record.p_signal[:, 0].astype(np.float32))
    # every first channel goes by the name that the model knows: in two records the leads are swapped
    return [Track(360.0, ("MLII",), ("mV",), np.concatenate(parts)[None]) for parts in dealt]
