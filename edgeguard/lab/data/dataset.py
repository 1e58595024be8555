"""A labelled set of windows (table rows and images are called so too), and how it is split."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError
from edgeguard.registry import near_match
from edgeguard.signals.spec import InputSpec

Labels = NDArray[np.int64]

_DRAWS: Final = 200


@dataclass(frozen=True)
class Split:
    """Indices into a `Dataset`; the validation part also serves as clean calibration data."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """Windows with labels, and what is known of them.

    Attributes:
        name: Registered name.
        x: (n, channels, samples) float32, finite, in the unit of `signal`; of tables (n, features), of images
            (n, channels, height, width).
        y: (n,) class indices.
        classes: Class names in the order of the indices.
        signal: What a window is.
        groups: Group attributes by name, each (n,) of strings; empty where nothing is known.
        wearers: (n,) wearer of each window, or None where all are from one.
        published: The split that the literature compares on, where there is one.
        origin_sha256: Hash of the published files, where windows are computed from them: the last bits of these
            differ between processors.
        left_out: Windows and recordings that were not taken, by reason.
    """

    name: str
    x: NDArray[np.float32]
    y: Labels
    classes: tuple[str, ...]
    signal: InputSpec
    groups: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    wearers: NDArray[np.str_] | None = None
    published: Split | None = None
    origin_sha256: str = ""
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.x.shape[1:] != self.signal.shape or len(self.x) != len(self.y):
            raise DataError(
                f"{self.name}: {len(self.y)} labels and windows of shape {self.x.shape} do not make "
                f"(n, {', '.join(map(str, self.signal.shape))}): check the file"
            )
        if not len(self.y):
            raise DataError(f"{self.name} holds no windows: check the file")
        if not np.isfinite(self.x).all():
            bad = np.flatnonzero(~np.isfinite(self.x).reshape(len(self.x), -1).all(axis=1))
            raise DataError(
                f"{self.name}: {len(bad)} windows hold NaN or infinity, the first is number {bad[0]}: "
                "leave them out, or get an intact file"
            )
        if self.y.min() < 0 or self.y.max() >= len(self.classes):
            raise DataError(
                f"{self.name}: labels {self.y.min()} to {self.y.max()} for {len(self.classes)} classes: check the file"
            )

    def sha256(self) -> str:
        """Hash of labels and windows, or of labels and of what the windows are computed from, for provenance."""
        if self.origin_sha256:
            windows = self.origin_sha256.encode() + msgspec.json.encode((self.x.shape, self.signal))
        else:
            windows = np.ascontiguousarray(self.x).tobytes()
        digest = hashlib.sha256(windows)
        digest.update(np.ascontiguousarray(self.y).tobytes())
        return digest.hexdigest()


def class_names(name: str, classes: object, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The class names that the option `classes` of the data set `name` stands for; ConfigError names the near match."""
    if not isinstance(classes, str) or classes not in known:
        raise ConfigError(
            f"{name}: no classes are called {classes!r}{near_match(str(classes), known)}; there are: {', '.join(known)}"
        )
    return known[classes]


def stratified_split(labels: Labels, fractions: tuple[float, float, float], seed: int) -> Split:
    """Split 0…n-1 into three parts that keep the class proportions; the same seed gives the same split.

    Args:
        labels: (n,) class indices.
        fractions: Of train, validation and test; they sum to 1.
        seed: Of the shuffle within each class.

    Each class is shuffled and cut at its own rounded counts, so a class differs from its share by at most one window
    a part. ConfigError where the fractions are wrong, DataError where a class is too small to be in all three parts.
    """
    _check_fractions(fractions)
    rng = np.random.default_rng(seed)
    parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        cuts = np.rint(np.cumsum(fractions)[:2] * len(members)).astype(int)
        pieces = np.split(members, cuts)
        if min(len(piece) for piece in pieces) == 0:
            raise DataError(
                f"class {label} has {len(members)} windows, too few to be in train, validation and test: get more"
            )
        for part, piece in zip(parts, pieces, strict=True):
            part.append(piece)
    train, validation, test = (np.sort(np.concatenate(part)) for part in parts)
    return Split(train, validation, test)


def held_out(labels: Labels, share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """0…n-1 without a `share` of each class, and that share: always the same rows, for a published split's validation.

    DataError where a class is too small to be on both sides.
    """
    rng = np.random.default_rng(0)
    kept, held = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        count = round(share * len(members))
        if not 0 < count < len(members):
            raise DataError(
                f"class {label} has {len(members)} windows, too few to hold {share:g} of them out: get more"
            )
        held.append(members[:count])
        kept.append(members[count:])
    return np.sort(np.concatenate(kept)), np.sort(np.concatenate(held))


def wearer_split(labels: Labels, wearers: NDArray[np.str_], fractions: tuple[float, float, float], seed: int) -> Split:
    """Split 0…n-1 so that every wearer is in one part only; the same seed gives the same split.

    Of `_DRAWS` random orders of the wearers, cut where the shares of windows are reached, the one is taken whose parts'
    class counts come nearest (least squares of the relative differences) to `fractions` of each class.

    Args:
        labels: (n,) class indices.
        wearers: (n,) wearer of each window.
        fractions: Of train, validation and test, in windows; they sum to 1.
        seed: Of the orders.

    ConfigError where the fractions are wrong, DataError where no order drawn leaves every class in every part.
    """
    _check_fractions(fractions)
    people, who = np.unique(wearers, return_inverse=True)
    counts = np.zeros((len(people), int(labels.max()) + 1))
    np.add.at(counts, (who, labels), 1)
    wanted = np.outer(fractions, counts.sum(axis=0))
    rng = np.random.default_rng(seed)
    orders = [_parts(counts, rng.permutation(len(people)), fractions) for _ in range(_DRAWS)]
    found = [(_distance(counts, parts, wanted), number) for number, parts in enumerate(orders)]
    distance, number = min(found)
    if not math.isfinite(distance):
        raise DataError(f"{len(people)} wearers cannot be split so that each part has every class: get more")
    train, validation, test = (np.flatnonzero(np.isin(who, part)) for part in orders[number])
    return Split(train, validation, test)


def _parts(
    counts: NDArray[np.float64], order: NDArray[np.int64], fractions: tuple[float, float, float]
) -> list[NDArray[np.int64]]:
    """The wearers of each part: `order` cut where the shares of windows are nearest to `fractions`."""
    reached = np.cumsum(counts[order].sum(axis=1)) / counts.sum()
    cuts = [int(np.abs(reached - share).argmin()) + 1 for share in np.cumsum(fractions)[:2]]
    return np.split(order, cuts)


def _distance(counts: NDArray[np.float64], parts: Sequence[NDArray[np.int64]], wanted: NDArray[np.float64]) -> float:
    """How far the parts' class counts are from those wanted; infinite where a class that there is misses in a part."""
    there = wanted.sum(axis=0) > 0
    found = np.array([counts[part].sum(axis=0) for part in parts])[:, there]
    if not found.all():
        return math.inf
    return float((((found - wanted[:, there]) / wanted[:, there]) ** 2).sum())


def _check_fractions(fractions: tuple[float, float, float]) -> None:
    if not (min(fractions) > 0 and abs(sum(fractions) - 1.0) <= 1e-9):
        raise ConfigError(f"split fractions must be positive and sum to 1, not {fractions}")
