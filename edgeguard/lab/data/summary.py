"""What a data set holds, in lines of text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeguard.lab.data.dataset import Dataset
from edgeguard.signals.inputs import ImageSpec
from edgeguard.signals.spec import InputSpec, SignalSpec


def summary(dataset: Dataset) -> Iterator[str]:
    """Windows by class, by wearer and by group, and what was left out."""
    yield f"{dataset.name}: {len(dataset.y)} {_inputs(dataset.signal)}"
    yield f"  {_by_class(dataset, np.ones(len(dataset.y), dtype=bool))}"
    if dataset.wearers is not None:
        for wearer in np.unique(dataset.wearers):
            yield f"  wearer {wearer}: {_by_class(dataset, dataset.wearers == wearer)}"
    for attribute, values in dataset.groups.items():
        for value in np.unique(values):
            yield f"  {attribute} {value}: {_by_class(dataset, values == value)}"
    yield from left_out(dataset)


def _inputs(spec: InputSpec) -> str:
    if isinstance(spec, ImageSpec):
        return f"images of {spec.width} by {spec.height} pixels, {'+'.join(spec.channels)}"
    if isinstance(spec, SignalSpec):
        rate = "" if spec.rate_hz is None else f" at {spec.rate_hz:g} Hz"
        return f"windows of {spec.window} samples{rate}, {'+'.join(spec.channels)}"
    return f"rows of {spec.shape[0]} features"


def left_out(dataset: Dataset) -> Iterator[str]:
    """A line where windows or recordings were left out."""
    if dataset.left_out:
        counts = sorted(dataset.left_out.items(), key=lambda pair: -pair[1])
        yield f"{dataset.name}: left out: {', '.join(f'{count} {reason}' for reason, count in counts)}"


def _by_class(dataset: Dataset, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    counts = np.bincount(dataset.y[chosen], minlength=len(dataset.classes))
    return ", ".join(f"{count} {name}" for name, count in zip(dataset.classes, counts.tolist(), strict=True))
