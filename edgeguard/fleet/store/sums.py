"""A tally as the columns of `tables.figures`: what can be sorted and summed in SQL, and the tally itself."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from edgeguard.telemetry.tally import Tally

COUNTS: Final = ("windows", "alarms", "suppressed", "gaps", "missing_samples", "repeated_samples")


def columns_of(tally: Tally) -> dict[str, Any]:
    """Every column that summaries, hours and days have of a tally."""
    return {
        **{name: getattr(tally, name) for name in COUNTS},
        "rejected": sum(tally.rejected.values()),
        "faults": sum(tally.faults.values()),
        "disagreement_sum": tally.disagreement.sum,
        "margin_sum": tally.margin.sum,
        "confidence_sum": sum(histogram.sum for histogram in tally.confidence.values()),
        "latency_sum": tally.latency_ms.sum,
        "tally": msgspec.json.encode(tally),
    }


def class_columns_of(tally: Tally) -> list[dict[str, Any]]:
    """Every column that class_hours and class_days have of a tally, a row for each class."""
    return [
        {
            "class": name,
            "predictions": tally.predictions.get(name, 0),
            "confidence_sum": tally.confidence[name].sum if name in tally.confidence else 0.0,
            "probability_sum": tally.probability.get(name, 0.0),
        }
        for name in sorted({*tally.predictions, *tally.probability})
    ]
