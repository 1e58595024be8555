"""What a fairness report is asked and what it answers; docs/fleet-fairness.md says what each figure means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from edgeguard.metrics.figures import Estimate, Gap

Origin = Literal["alarm", "sample"]
Unit = Literal["share", "score"]

# figure -> its unit and what it is, in words; of "*_by_*", "confidence", … there is one row for each class or reason.
FIGURES: Final[dict[str, tuple[Unit, str]]] = {
    "alarm_rate": ("share", "windows over the threshold, of those given to the model"),
    "rejected_rate": ("share", "windows rejected for their signal, of all"),
    "rejected_by_reason": ("share", "windows rejected for one reason, of all"),
    "prediction_rate": ("share", "windows predicted to be of the class, of those given to the model"),
    "confidence": ("share", "mean probability of the predicted class, where it is this one"),
    "probability": ("share", "mean probability of the class, over all windows given to the model; its gap is EOU"),
    "disagreement": ("score", "mean disagreement of the exits"),
    "margin": ("share", "mean margin, which stands for the distance to the boundary; Rob(P)"),
    "accuracy": ("share", "labelled windows whose verdict is right"),
    "class_accuracy": ("share", "labelled windows of the class whose verdict is right"),
    "true_probability": ("share", "mean probability of the true class on labelled windows of it; its gap is EOU"),
    "labelled_margin": ("share", "mean margin of labelled windows, 0 where the verdict is wrong; Rob(P)"),
    "cau": ("share", "largest gap between the accuracies of two classes: CAU"),
}


@dataclass(frozen=True)
class Question:
    """What to report on.

    Attributes:
        from_ms: Begin of the range, brought forward to the full hour.
        to_ms: Its end, taken back to the full hour.
        attribute: What wearers are grouped by.
        second: Another attribute: groups are then pairs of values.
        bundle_id: Of one model only; None: of all.
        fleet: Of one fleet only; empty: of all.
        origin: Which labels count; None: ``sample`` where there are any, else ``alarm``.
        detailed: Also what is in the tallies alone: reasons of rejection and the curve I_P(τ).
    """

    from_ms: int
    to_ms: int
    attribute: str
    second: str = ""
    bundle_id: int | None = None
    fleet: str = ""
    origin: Origin | None = None
    detailed: bool = False


@dataclass(frozen=True)
class Group:
    """Wearers with the same value; sizes are None where the group is hidden, and `hidden` says why."""

    name: str
    wearers: int | None
    devices: int | None
    windows: int | None
    hidden: str = ""


@dataclass(frozen=True)
class FigureRow:
    """One figure of every group.

    Attributes:
        figure: A key of `FIGURES`.
        of: The class, or the reason; empty where there is but one row.
        unit: How to show it.
        groups: In the order of the report's groups.
        overall: Over all groups that are shown.
        gap: Between those groups; None where it has no meaning.
        band: The gap that is tolerated; None where none is configured.
    """

    figure: str
    of: str
    unit: Unit
    groups: list[Estimate]
    overall: Estimate
    gap: Gap | None
    band: float | None = None


@dataclass(frozen=True)
class Curve:
    """I_P(τ): for each group the share of windows with a margin of at least each τ; None where it is hidden."""

    taus: list[float]
    shares: list[list[float] | None]


@dataclass(frozen=True)
class Report:
    """The answer.

    Attributes:
        question: With the range and the origin that were really used.
        at_ms: When it was made.
        groups: By name.
        figures: In the order of `FIGURES`.
        robustness: Rob(f) of the margin's groups.
        unfairness: V_f(P) of the margin's groups.
        curve: Where it was asked for.
        labels: How many labelled windows there are, by origin.
        left_out: Windows of hours that lie only partly in a wearing, which no figure counts.
        ungrouped: Wearers who have windows in the range, but no value of the attribute.
        notes: What a reader should know, each a sentence.
    """

    question: Question
    at_ms: int
    groups: list[Group]
    figures: list[FigureRow]
    robustness: Estimate
    unfairness: Estimate
    curve: Curve | None
    labels: dict[str, int]
    left_out: int
    ungrouped: int
    notes: list[str]
