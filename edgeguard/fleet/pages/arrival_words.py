"""What a model's arrival changed, in words: no more than its interval says."""

from __future__ import annotations

from typing import Final, Literal

from edgeguard.fleet.arrival import RateChange
from edgeguard.fleet.pages.table import Tone

Rate = Literal["alarms", "rejected"]
_NAMES: Final[dict[Rate, str]] = {"alarms": "alarms", "rejected": "rejected windows"}


def verdict(rate: Rate, change: RateChange) -> tuple[str, Tone]:
    """One sentence, and whether it is for the worse."""
    name = _NAMES[rate]
    if change.low is None or change.high is None:
        return f"One device alone: whether {name} changed cannot be told from it.", ""
    if change.low > 0:
        return f"More {name} than before.", "bad"
    if change.high < 0:
        return f"Fewer {name} than before.", "good"
    return f"No change of {name} that chance would not explain.", ""


def interval(change: RateChange) -> str:
    """The difference in percentage points with its interval."""
    if change.low is None or change.high is None:
        return "–"
    return f"{_points(change.after - change.before)} ({_points(change.low)} to {_points(change.high)})"


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")
