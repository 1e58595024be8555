"""The charts of one alarm, as ECharts options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_CLASSES: Final = 8
Options = dict[str, Any]


def exit_bars(exit_probabilities: Sequence[float], confidence: float) -> Options:
    """Each exit's probability of the predicted class, in order of depth, and the ensemble's as a line."""
    last = len(exit_probabilities)
    names = [f"exit {number}" + (" (last)" if number == last > 1 else "") for number in range(1, last + 1)]
    return _bars(names, [_percent(share) for share in exit_probabilities]) | {
        "series": [
            _series([_percent(share) for share in exit_probabilities])
            | {
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "data": [{"xAxis": _percent(confidence)}],
                    "label": {"formatter": f"ensemble {confidence:.0%}"},
                }
            }
        ]
    }


def class_bars(probabilities: Mapping[str, float]) -> Options:
    """The ensemble's probability of each class, the likeliest first; of many classes the likeliest alone."""
    likeliest = sorted(probabilities.items(), key=lambda item: -item[1])[:MOST_CLASSES]
    return _bars([name for name, _ in likeliest], [_percent(share) for _, share in likeliest])


def _bars(names: Sequence[str], values: Sequence[float]) -> Options:
    return {
        "animation": False,
        "grid": {"left": 8, "right": 56, "top": 24, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": list(names),
            "axisLabel": {"width": 120, "overflow": "truncate"},
        },
        "series": [_series(values)],
    }


def _series(values: Sequence[float]) -> Options:
    return {
        "type": "bar",
        "data": list(values),
        "barMaxWidth": 22,
        "label": {"show": True, "position": "right", "formatter": "{c} %"},
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)
