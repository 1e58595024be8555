"""The tally of many windows at once, in numpy: what counting them one by one must come to."""

from __future__ import annotations

import msgspec
import numpy as np

from edgeguard.exits.ensemble import ensemble
from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import NOTHING


def tally_of(classes, *, predicted, confidence, exit_probabilities, disagreement, alarm, latency_ms, temperature=1.0):
    """Of n windows with equally many stages: columns (n,), `exit_probabilities` (n, stages, classes)."""
    by_class = {classes[k]: ShareHistogram.of(confidence[predicted == k]) for k in np.unique(predicted)}
    probability = ensemble(exit_probabilities, temperature).sum(axis=0)
    top = np.partition(ensemble(exit_probabilities), -2, axis=-1)
    return msgspec.structs.replace(
        NOTHING,
        windows=len(predicted),
        alarms=int(alarm.sum()),
        predictions={name: histogram.total for name, histogram in by_class.items()},
        confidence=by_class,
        probability={name: total for name, total in zip(classes, probability.tolist(), strict=True) if total},
        disagreement=DisagreementHistogram.of(disagreement),
        margin=ShareHistogram.of(top[:, -1] - top[:, -2]),
        latency_ms=LatencyHistogram.of(latency_ms),
        stages=(0,) * (exit_probabilities.shape[1] - 1) + (len(predicted),),
    )
