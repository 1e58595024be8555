"""One alarm in plain words: what happened, and no more than its figures say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from edgeguard.exits.disagreement import in_words
from edgeguard.fleet.store.alarms import AlarmRow

KINDS: Final[dict[str, str]] = {
    "window": "exits disagree",
    "drift": "drift",
    "slowdown": "slowdown",
}
TITLES: Final[dict[str, str]] = {
    "window": "The exits disagree",
    "drift": "The exits disagree more and more",
    "slowdown": "More stages are needed than on clean signals",
}
MEANINGS: Final[dict[str, str]] = {
    "window": "The exits of the model contradict each other on this signal more than they do on clean ones: an attack "
    "on the model, an artifact, or a heart the model has not learned.",
    "drift": "Many windows in a row disagree a little more than clean ones do: a sensor that slips, a noise that "
    "grows, or an attack that keeps each window under the threshold.",
    "slowdown": "Many windows need more stages than clean ones do: inputs made to cost time and battery, or a signal "
    "that has become harder.",
}
_HALF: Final = 0.5


def happened(row: AlarmRow, now_ms: int) -> str:
    """When, where, how long and how far over the threshold, in one or two sentences."""
    length = duration((row.ended_ms or now_ms) - row.began_ms)
    windows = f"{row.windows:,} windows" if row.windows != 1 else "1 window"
    if row.ended_ms is None:
        told = f"{row.device} has been raising this alarm for {length}, with {windows} over the threshold so far."
    else:
        told = f"{row.device} raised this alarm for {length}, with {windows} over the threshold. It is over."
    return f"{told} When it began, {crossing(row.kind, row.score, row.value, row.threshold)}."


def crossing(kind: str, score: str, value: float, threshold: float) -> str:
    """How far over its threshold the alarm began: ``mutual_information 0.412, 3.2 times the threshold of 0.129``."""
    times = f"{value / threshold:.1f} times the threshold of {threshold:.3g}" if threshold > 0 else "threshold 0"
    name = in_words(score)
    what = f"its {name}" if kind == "window" else f"the sum over {name}"
    return f"{what} was {value:.3g}, {times}"


def spread(predicted: str, exit_probabilities: Sequence[float]) -> str:
    """What the exits said of the predicted class, from the least sure to the surest."""
    if len(exit_probabilities) == 1:
        return f"The model has one exit; it gives {predicted} {exit_probabilities[0]:.0%}."
    doubters = [number for number, share in enumerate(exit_probabilities, 1) if share < _HALF]
    least, most = min(exit_probabilities), max(exit_probabilities)
    told = f"The exits give {predicted} between {least:.0%} and {most:.0%}"
    if not doubters:
        return f"{told}; all give it at least half."
    return f"{told}; {exits(doubters)} less than half."


def exits(numbers: Sequence[int]) -> str:
    """``exit 2 gives it`` or ``exits 2, 3 and 4 give it``."""
    if len(numbers) == 1:
        return f"exit {numbers[0]} gives it"
    return f"exits {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} give it"


def ensemble(predicted: str, confidence: float, probabilities: Mapping[str, float]) -> str:
    """What the ensemble predicted, and what came next."""
    second = runner_up(predicted, probabilities)
    return f"It predicted {predicted} at {confidence:.0%}" + (f", before {second}." if second else ".")


def runner_up(predicted: str, probabilities: Mapping[str, float]) -> str | None:
    """The class that the ensemble holds next likely, with its probability; None where the alert names no other."""
    others = [(share, name) for name, share in probabilities.items() if name != predicted]
    if not others:
        return None
    share, name = max(others)
    return f"{name} at {share:.0%}"


def duration(milliseconds: int) -> str:
    """``40 s``, ``12 min``, ``3 h 05 min``, ``2 d 4 h``, with blanks that no line breaks at."""
    seconds = max(milliseconds, 0) // 1000
    if seconds < 60:
        words = f"{seconds} s"
    elif (minutes := seconds // 60) < 60:
        words = f"{minutes} min"
    elif minutes < 24 * 60:
        words = f"{minutes // 60} h {minutes % 60:02d} min"
    else:
        words = f"{minutes // 1440} d {minutes // 60 % 24} h"
    return words.replace(" ", "\u00a0")
