"""The rows of a fairness report: each figure by group, with intervals over wearers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from edgeguard.fleet.config import Fairness
from edgeguard.fleet.fairness_data import WearerData
from edgeguard.fleet.fairness_groups import Grouping
from edgeguard.fleet.fairness_report import FIGURES, FigureRow
from edgeguard.metrics.classification import Floats
from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.figures import Estimate, Gap, undefined
from edgeguard.metrics.groups import Comparison, Scale, compare


class Rows:
    """Compares the groups that are shown; all figures share the same draws of wearers."""

    def __init__(self, data: WearerData, grouping: Grouping, settings: Fairness, bands: Mapping[str, float]) -> None:
        self._data, self._grouping, self._settings, self._bands = data, grouping, settings, bands
        self._chosen = grouping.index >= 0
        self._index = grouping.index[self._chosen]
        self._member = np.eye(len(grouping.shown))[self._index]  # (chosen wearers, groups)
        self._bootstrap = ClusterBootstrap(self._index)
        self.comparisons: dict[str, Comparison] = {}  # of the last row of each figure

    def all(self) -> Iterator[FigureRow]:
        """Every row, in the order of `FIGURES`."""
        yield from self._of_windows()
        yield from self._of_labels()

    def _of_windows(self) -> Iterator[FigureRow]:
        data = self._data
        sums, windows = data.sums, data.sums["windows"]
        accepted = windows - sums["rejected"]
        yield self._row("alarm_rate", "", sums["alarms"], accepted)
        yield self._row("rejected_rate", "", sums["rejected"], windows)
        if data.tallied is not None:
            for k, reason in enumerate(data.tallied.reasons):
                yield self._row("rejected_by_reason", reason, data.tallied.rejected[:, k], windows)
        predictions = data.by_class["predictions"]
        for figure, above, below in (
            ("prediction_rate", predictions, None),
            ("confidence", data.by_class["confidence_sum"], predictions),
            ("probability", data.by_class["probability_sum"], None),
        ):
            for k, name in enumerate(data.classes):
                yield self._row(figure, name, above[:, k], accepted if below is None else below[:, k])
        yield self._row("disagreement", "", sums["disagreement_sum"], accepted)
        yield self._row("margin", "", sums["margin_sum"], accepted)

    def _of_labels(self) -> Iterator[FigureRow]:
        labelled = self._data.labelled
        if labelled.origin is None:
            return
        yield self._row("accuracy", "", labelled.hits.sum(axis=1), labelled.windows.sum(axis=1))
        for figure, above, below in (
            ("class_accuracy", labelled.hits, labelled.windows),
            ("true_probability", labelled.true_probability, labelled.known),
        ):
            for k, name in enumerate(labelled.classes):
                yield self._row(figure, name, above[:, k], below[:, k])
        yield self._row("labelled_margin", "", labelled.margin.sum(axis=1), labelled.known.sum(axis=1))
        yield self._class_gaps()

    def _row(self, figure: str, of: str, above: Floats, below: Floats) -> FigureRow:
        above, below = above[self._chosen, None], below[self._chosen, None]
        between = self._compare(figure, self._grouping.shown, above * self._member, below * self._member)
        whole = self._compare(figure, ["all"], above, below)
        self.comparisons[figure] = between
        unit, band = FIGURES[figure][0], self._bands.get(figure)
        return FigureRow(figure, of, unit, self._placed(between.groups), _shown(whole.groups[0]), between.gap, band)

    def _compare(self, figure: str, names: list[str], above: Floats, below: Floats) -> Comparison:
        scale: Scale = "share" if FIGURES[figure][0] == "share" else "amount"
        settings = self._settings
        return compare(
            names,
            above,
            below,
            self._bootstrap,
            scale=scale,
            confidence=settings.confidence,
            fewest=settings.min_wearers,
        )

    def _class_gaps(self) -> FigureRow:
        """CAU over the classes within each group, and over all groups."""
        hits, windows = self._data.labelled.hits[self._chosen], self._data.labelled.windows[self._chosen]
        parts = []
        for k in range(len(self._grouping.shown)):
            of_group = self._member[:, [k]]
            parts.append(self._class_gap(hits * of_group, windows * of_group))
        return FigureRow("cau", "", "share", self._placed(parts), self._class_gap(hits, windows), None)

    def _class_gap(self, hits: Floats, windows: Floats) -> Estimate:
        gap = self._compare("cau", self._data.labelled.classes, hits, windows).gap
        if gap.value is None:
            return undefined("fewer than two classes have enough labelled wearers")
        return _estimate(gap, int((windows.sum(axis=1) > 0).sum()), float(windows.sum()))

    def _placed(self, shown: list[Estimate]) -> list[Estimate]:
        """A figure for every group, those that are hidden too."""
        found = dict(zip(self._grouping.shown, map(_shown, shown), strict=True))
        return [found[group.name] if not group.hidden else undefined(group.hidden) for group in self._grouping.groups]


def _shown(estimate: Estimate) -> Estimate:
    """Without the sizes where they are too small to be told."""
    return estimate if estimate.value is not None else undefined(estimate.reason)


def _estimate(gap: Gap, wearers: int, windows: float) -> Estimate:
    return Estimate(gap.value, gap.low, gap.high, wearers, windows)
