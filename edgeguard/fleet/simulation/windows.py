"""What a model says of the windows of one interval, drawn from distributions, and their tally."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.fleet.simulation.models import SimulatedModel
from edgeguard.signals.quality import MOTION, SATURATED
from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import NOTHING, Tally

Floats = NDArray[np.float64]

_BASE: Final = 0.25  # Dirichlet concentration of each wrong class
_SUCCESS: Final = 0.7  # share of the windows under attack on which it works
_LATENCY_MS: Final = (4.0, 0.35)  # median, and standard deviation of the logarithm


@dataclass(frozen=True)
class Condition:
    """What windows are like in an interval.

    Attributes:
        motion: Share rejected for it.
        lead_off: Share rejected for a bad contact.
        unsharpness: The model's sharpness is divided by it.
        unrest: Standard deviations by which the logarithm of the disagreement is higher than on clean windows.
        attacks: When there is an attack, from and until which part of the interval: on most windows then, the ensemble
            wavers between classes, and its exits disagree.
    """

    motion: float = 0.0
    lead_off: float = 0.005
    unsharpness: float = 1.0
    unrest: float = 0.0
    attacks: tuple[tuple[float, float], ...] = ()

    def unfair(self) -> Condition:
        """The same for a group that the model was not made for."""
        return replace(
            self,
            motion=min(self.motion * 2 + 0.08, 0.9),
            unsharpness=self.unsharpness * 2.5,
            unrest=self.unrest + 0.7,
        )


@dataclass(frozen=True)
class Windows:
    """The windows of one interval, in their order.

    Attributes:
        rejected: By reason.
        places: Number in the interval of each window that was given to the model, from 0.
        truth: Class index that each really is of.
        probabilities: (windows, classes), the ensemble's.
        disagreement: Of each.
    """

    rejected: Counter[str]
    places: NDArray[np.int64]
    truth: NDArray[np.int64]
    probabilities: Floats
    disagreement: Floats


def draw(rng: np.random.Generator, model: SimulatedModel, condition: Condition, count: int) -> Windows:
    """`count` windows that `model` judges under `condition`."""
    fate = rng.random(count)
    moved, off = fate < condition.motion, fate >= 1 - condition.lead_off
    rejected = Counter({MOTION: int(moved.sum()), SATURATED: int(off.sum())})
    places = np.flatnonzero(~(moved | off))
    shares = [share for _, share in model.classes]
    truth = rng.choice(len(shares), size=len(places), p=shares)
    attacked = _attacked(rng, condition, places / max(count, 1))
    probabilities = _probabilities(rng, truth, attacked, len(shares), model.sharpness / condition.unsharpness)
    unrest = condition.unrest + 6.0 * attacked
    noise = rng.standard_normal(len(places))
    disagreement = model.median * np.exp(model.spread * (noise + unrest))
    return Windows(+rejected, places, truth, probabilities, disagreement)


def _attacked(rng: np.random.Generator, condition: Condition, parts: Floats) -> NDArray[np.bool_]:
    """Which of the windows, at these parts of the interval, an attack succeeds on."""
    under_attack = np.zeros(len(parts), dtype=bool)
    for begin, end in condition.attacks:
        under_attack |= (begin <= parts) & (parts < end)
    return under_attack & (rng.random(len(parts)) < _SUCCESS)


def _probabilities(
    rng: np.random.Generator, truth: NDArray[np.int64], attacked: NDArray[np.bool_], classes: int, sharpness: float
) -> Floats:
    """Dirichlet about the right class; of an attacked window about another, and hardly at all."""
    believed = np.where(attacked, (truth + 1) % classes, truth)
    concentration = np.full((len(truth), classes), _BASE)
    concentration[np.arange(len(truth)), believed] += np.where(attacked, 0.6, sharpness)
    drawn = rng.standard_gamma(concentration) + 1e-12
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def tally_of(rng: np.random.Generator, model: SimulatedModel, windows: Windows) -> Tally:
    """The tally that a device would send of `windows`."""
    ordered = np.sort(windows.probabilities, axis=1)
    confidence, margin = ordered[:, -1], ordered[:, -1] - ordered[:, -2]
    predicted = windows.probabilities.argmax(axis=1)
    names = [name for name, _ in model.classes]
    by_class = {names[k]: ShareHistogram.of(confidence[predicted == k]) for k in np.flatnonzero(np.bincount(predicted))}
    accepted = len(windows.places)
    median, spread = _LATENCY_MS
    return Tally(
        windows=accepted + windows.rejected.total(),
        rejected=dict(windows.rejected),
        gaps=NOTHING.gaps,
        missing_samples=0,
        repeated_samples=0,
        faults={},
        alarms=int((windows.disagreement > model.threshold).sum()),
        suppressed=0,
        stages=(*[0] * (model.exits - 1), accepted) if accepted else (),
        predictions={name: histogram.total for name, histogram in by_class.items()},
        confidence=by_class,
        probability=dict(zip(names, windows.probabilities.sum(axis=0).tolist(), strict=True)) if accepted else {},
        disagreement=DisagreementHistogram.of(windows.disagreement),
        margin=ShareHistogram.of(margin),
        latency_ms=LatencyHistogram.of(median * np.exp(spread * rng.standard_normal(accepted))),
    )
