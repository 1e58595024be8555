"""A universal perturbation as a file: one signal that fools a network when it is added to every window.

An ``.npz`` of two arrays, without pickle: ``values`` and, as JSON text, ``facts``.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError
from edgeguard.files import replacing
from edgeguard.signals.spec import SignalSpec

LARGEST_BYTES: Final = 1 << 24  # 128 channels of 30 000 samples
_MEMBERS: Final = ["facts.npy", "values.npy"]

Positive = Annotated[float, msgspec.Meta(gt=0)]


class UniversalFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a universal perturbation was made for, and how.

    Attributes:
        channels: Channel names, in order.
        units: Unit of the values: that of the model's input, after the preprocessing.
        rate_hz: Samples per second; None where the data set has no true rate.
        norm: Of the ball it lies in.
        epsilon: Radius of that ball, in `units`: one number or one per channel.
        fool_rate: Share of the windows it was made on whose verdict it changes.
        source: How it was made.
    """

    channels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    units: str
    norm: Literal["linf", "l2"]
    epsilon: Positive | Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)]
    fool_rate: Annotated[float, msgspec.Meta(ge=0, le=1)]
    source: str
    rate_hz: Positive | None = None


@dataclass(frozen=True, eq=False)
class UniversalPerturbation:
    """A signal (channels, samples), float32, with its facts; ValueError where they contradict each other."""

    values: NDArray[np.float32]
    facts: UniversalFacts

    def __post_init__(self) -> None:
        channels, epsilon = len(self.facts.channels), np.atleast_1d(self.facts.epsilon)
        if self.values.dtype != np.float32 or self.values.ndim != 2 or len(self.values) != channels:
            raise ValueError(f"values are {self.values.dtype} {self.values.shape}, not float32 ({channels}, samples)")
        if not np.isfinite(self.values).all():
            raise ValueError("values are not all finite")
        if len(epsilon) not in {1, channels if self.facts.norm == "linf" else 1}:
            raise ValueError(f"{len(epsilon)} radii do not make an {self.facts.norm} ball of {channels} channels")
        if (self._reach() > epsilon * (1 + 1e-5)).any():
            raise ValueError(f"values leave the {self.facts.norm} ball of radius {self.facts.epsilon}")

    def _reach(self) -> NDArray[np.float32]:
        """Largest value of each channel for l∞, the Euclidean norm of all for l2."""
        if self.facts.norm == "linf":
            return np.asarray(np.abs(self.values).max(axis=1, initial=0))
        return np.atleast_1d(np.linalg.norm(self.values))

    def save(self, path: Path) -> None:
        """Write it to `path`, whole or not at all."""
        with replacing(path) as beside, beside.open("wb") as stream:
            np.savez(stream, values=self.values, facts=np.array(msgspec.json.encode(self.facts).decode()))

    @classmethod
    def load(cls, path: Path) -> UniversalPerturbation:
        """Read it from `path`; DataError where nothing or something else lies there."""
        try:
            return cls(*_members(path))
        except FileNotFoundError as error:
            raise DataError(f"there is no universal perturbation at {path}: check the path") from error
        except (OSError, EOFError, MemoryError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{path} is no universal perturbation ({error}): craft it again") from error

    def require_fits(self, signal: SignalSpec) -> None:
        """ConfigError names a fact in which `signal` differs from the one that it was made for."""
        facts = (
            ("channels", ", ".join(self.facts.channels), ", ".join(signal.channels)),
            ("samples", self.values.shape[1], signal.window),
            ("rate_hz", self.facts.rate_hz, signal.rate_hz),
            ("units", self.facts.units, signal.input_units),
        )
        for name, own, given in facts:
            if own != given:
                raise ConfigError(
                    f"the universal perturbation was made for {name} {own}, the signal has {given}: "
                    "craft one on this signal"
                )


def _members(path: Path) -> tuple[NDArray[np.float32], UniversalFacts]:
    """What a file holds, as far as it is of the right kind; ValueError otherwise."""
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"it is larger than {LARGEST_BYTES} bytes")
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    if sorted(member.filename for member in members) != _MEMBERS:
        raise ValueError("it does not hold facts and values alone")
    if sum(member.file_size for member in members) > LARGEST_BYTES:
        raise ValueError(f"it unpacks to more than {LARGEST_BYTES} bytes")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        values, facts = arrays["values"], arrays["facts"]
    if facts.dtype.kind != "U" or facts.shape:
        raise ValueError(f"facts are {facts.dtype} {facts.shape}, not one text")
    return values, msgspec.json.decode(facts.item(), type=UniversalFacts)
