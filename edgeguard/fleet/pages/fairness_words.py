"""What a fairness report says, in words: figures with their intervals, and no more than they say."""

from __future__ import annotations

from typing import Final

from edgeguard.fleet.fairness_report import FigureRow, Group, Report, Unit
from edgeguard.metrics.figures import Estimate

# figure -> its heading, and what it means
TITLES: Final[dict[str, str]] = {
    "alarm_rate": "Alarm rate",
    "rejected_rate": "Rejected signal",
    "rejected_by_reason": "Rejected, by reason",
    "prediction_rate": "How often each class is predicted",
    "confidence": "Confidence, by predicted class",
    "probability": "Probability of each class",
    "disagreement": "Disagreement of the exits",
    "margin": "Margin",
    "accuracy": "Accuracy",
    "class_accuracy": "Accuracy, by true class",
    "true_probability": "Probability of the true class",
    "labelled_margin": "Margin of labelled windows",
    "cau": "CAU: gap between classes",
}
MEANINGS: Final[dict[str, str]] = {
    "alarm_rate": "Share of the windows given to the model whose exits disagreed over the threshold. A group with more "
    "alarms is attacked more, has poorer signals, or is one that the model knows less well.",
    "rejected_rate": "Share of all windows that were never given to the model because the signal was too poor. Nobody "
    "is watched over in these windows.",
    "rejected_by_reason": "The same for each reason by itself.",
    "prediction_rate": "Share of the windows in which the model predicts the class. Groups may truly differ in it.",
    "confidence": "How sure the model is, on average, when it predicts the class. It needs no labels.",
    "probability": "Mean probability that the model gives the class over all windows. Its largest gap between groups "
    "is EOU without labels.",
    "disagreement": "Mean disagreement of the exits. It rises before alarms do.",
    "margin": "The highest probability minus the second highest: how far the verdicts are from changing. It stands for "
    "the distance to the boundary where nobody can measure that; the mean over a group is Rob(P).",
    "accuracy": "Share of labelled windows whose verdict was right.",
    "class_accuracy": "Share of the labelled windows of a class whose verdict was right.",
    "true_probability": "Mean probability of the true class on labelled windows of it; its largest gap is EOU as the "
    "paper defines it.",
    "labelled_margin": "As the margin, on labelled windows, and 0 where the verdict is wrong.",
    "cau": "The largest difference between the accuracies of two classes within a group.",
}
PARTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Alarms and signals", ("alarm_rate", "rejected_rate", "disagreement", "margin")),
    ("Where there are labels", ("accuracy", "cau", "class_accuracy", "true_probability", "labelled_margin")),
    ("By class", ("confidence", "prediction_rate", "probability", "rejected_by_reason")),
)
_SUBJECTS: Final[dict[str, str]] = {  # "{figure of the highest group}, {of the lowest}"
    "alarm_rate": "The model raises alarms on {high} of the windows of {first}, and on {low} of those of {last}",
    "rejected_rate": "{high} of the windows of {first} are rejected for their signal, and {low} of those of {last}",
    "margin": "The mean margin is {high} for {first}, and {low} for {last}",
    "disagreement": "The exits' mean disagreement is {high} for {first}, and {low} for {last}",
    "accuracy": "{high} of the labelled verdicts on {first} are right, and {low} of those on {last}",
}


def shown(value: float | None, unit: Unit) -> str:
    """A figure in its unit; an en dash where there is none."""
    if value is None:
        return "–"
    return f"{_percent(value)} %" if unit == "share" else f"{value:.3g}"


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """``1.2 to 3.4 %``; empty where there is none."""
    if low is None or high is None:
        return ""
    return f"{_percent(low)} to {_percent(high)} %" if unit == "share" else f"{low:.3g} to {high:.3g}"


def _percent(share: float) -> str:
    """To a tenth; what is smaller, to two digits, so that it is never 0 where it is not."""
    percent = 100 * share
    return f"{percent:.1f}" if percent == 0 or abs(percent) >= 0.95 else f"{percent:.2g}"


def told(estimate: Estimate, unit: Unit) -> str:
    """``2.3 % (1.2 to 3.4 %)``, or why there is none."""
    if estimate.value is None:
        return estimate.reason
    between = interval(estimate.low, estimate.high, unit)
    return shown(estimate.value, unit) + (f" ({between})" if between else "")


def sentence(row: FigureRow, report: Report, confidence: float) -> str:
    """The row's largest gap: between whom, how large, how sure."""
    gap = row.gap
    if gap is None or gap.value is None:
        return ""
    figures = dict(zip((group.name for group in report.groups), row.groups, strict=True))
    first, last = _value(figures.get(gap.highest), row.unit), _value(figures.get(gap.lowest), row.unit)
    template = _SUBJECTS.get(row.figure, "{what} is {high} for {first}, and {low} for {last}")
    what = TITLES[row.figure] + (f" ({row.of})" if row.of else "")
    words = template.format(high=first, low=last, first=gap.highest, last=gap.lowest, what=what)
    size = f"{_percent(gap.value)} percentage points" if row.unit == "share" else f"{gap.value:.3g}"
    if gap.low is None or gap.high is None:
        return f"{words}. The gap is {size}; there are too few wearers for an interval."
    between = interval(gap.low, gap.high, row.unit).removesuffix(" %")
    return f"{words}. The gap is {size} ({confidence:.0%} interval {between}). {_judgement(row)}"


def _judgement(row: FigureRow) -> str:
    gap, band = row.gap, row.band
    if gap is None or gap.low is None:
        return ""
    if gap.low <= 0:
        return "The groups may be alike."
    if band is None:
        return "It is not chance alone."
    if gap.low > band:
        return f"It is more than the {shown(band, row.unit)} that are tolerated."
    return f"It is not chance alone, but may be within the {shown(band, row.unit)} that are tolerated."


def outside(row: FigureRow) -> bool:
    """Whether the whole interval of the gap lies over what is tolerated."""
    return row.gap is not None and row.gap.low is not None and row.band is not None and row.gap.low > row.band


def largest(report: Report, most: int = 3) -> list[FigureRow]:
    """The rows whose gap is surely there, those furthest over what is tolerated first."""
    sure = [row for row in report.figures if row.gap is not None and row.gap.low is not None and row.gap.low > 0]
    return sorted(sure, key=_urgency, reverse=True)[:most]


def _urgency(row: FigureRow) -> tuple[bool, float]:
    """Figures with a band first, by how many bands the gap is at least; of the others, shares by size."""
    low = row.gap.low if row.gap is not None and row.gap.low is not None else 0.0
    return row.band is not None, low / row.band if row.band else low * (row.unit == "share")


def size(group: Group) -> str:
    """Of a group, or why it is hidden."""
    if group.hidden:
        return group.hidden
    return f"{group.wearers:,} wearers, {group.devices:,} devices, {group.windows:,} windows"


def _value(estimate: Estimate | None, unit: Unit) -> str:
    return shown(estimate.value if estimate else None, unit)


def origin(report: Report) -> str:
    """Where the labels come from that count."""
    counts = f"{report.labels.get('sample', 0):,} of drawn samples, {report.labels.get('alarm', 0):,} of alarms"
    if report.question.origin == "sample":
        return f"Labels in this range: {counts}. Those of samples count here."
    if report.question.origin == "alarm":
        return (
            f"Labels in this range: {counts}. Those of alarms count here: they say how right the model is in windows "
            "with an alarm, and nothing about the others."
        )
    return "There are no labels in this range."


def notes(report: Report, min_wearers: int) -> list[str]:
    """What a reader should know, each a sentence."""
    made = [
        *report.notes,
        f"Groups of fewer than {min_wearers} wearers are not shown, so that nobody can be singled out.",
        "Intervals are over wearers, not windows: windows of one person are alike.",
        "The range ends with the last full hour: what is newer, labels too, counts from the next hour on.",
    ]
    if report.ungrouped:
        made.append(f"{report.ungrouped:,} wearers in this range have no value of the attribute and count in no group.")
    return made
