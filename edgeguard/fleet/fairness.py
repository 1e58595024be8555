"""Whether the model treats its wearers alike, from what their devices sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeguard.errors import ConfigError, NotFound
from edgeguard.fleet import fairness_data
from edgeguard.fleet.actions.settings import bands
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.config import Fairness
from edgeguard.fleet.fairness_data import MOST_TALLIES, WearerData
from edgeguard.fleet.fairness_groups import Grouping, grouped
from edgeguard.fleet.fairness_report import Curve, Question, Report
from edgeguard.fleet.fairness_rows import Rows
from edgeguard.fleet.iso_times import END_MS
from edgeguard.fleet.store import figures
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.figures import Range
from edgeguard.metrics.robustness import estimated_robustness, estimated_unfairness, surviving_shares_of_bins
from edgeguard.telemetry.histogram import ShareHistogram


def report(database: Database, question: Question, settings: Fairness, now_ms: int) -> Report:
    """Every figure by group, with intervals over wearers.

    ConfigError where the range is empty, no wearer has the attribute or groups are too many; NotFound where there is no
    such model.
    """
    window = checked_range(question)
    with database.reading() as connection:
        values = [figures.attribute_values(connection, name) for name in (question.attribute, question.second) if name]
        if question.bundle_id is not None and not figures.has_bundle(connection, question.bundle_id):
            raise NotFound(f"there is no model {question.bundle_id}")
        tolerated = bands(connection, settings)
    data = fairness_data.read(database, window, origin=question.origin, detailed=question.detailed)
    asked = replace(question, from_ms=window.from_ms, to_ms=window.to_ms, origin=data.labelled.origin)
    return answered(data, values, asked, settings, tolerated, now_ms)


def answered(
    data: WearerData,
    values: Sequence[Mapping[int, str]],
    question: Question,
    settings: Fairness,
    tolerated: Mapping[str, float],
    now_ms: int,
) -> Report:
    """The report of what was read, for wearers with these values of the question's attributes."""
    grouping = grouped(data, values, settings.min_wearers)
    rows = Rows(data, grouping, settings, tolerated)
    made = list(rows.all())
    return Report(
        question=question,
        at_ms=now_ms,
        groups=grouping.groups,
        figures=made,
        robustness=estimated_robustness(rows.comparisons["margin"]),
        unfairness=estimated_unfairness(rows.comparisons["margin"]),
        curve=_curve(data, grouping),
        labels=data.labelled.counts,
        left_out=data.left_out,
        ungrouped=grouping.ungrouped,
        notes=_notes(data),
    )


def checked_range(question: Question) -> Range:
    """The question's range in full hours; ConfigError where none is left."""
    begin = -(-question.from_ms // HOUR_MS) * HOUR_MS
    end = question.to_ms // HOUR_MS * HOUR_MS
    if not 0 <= begin < end <= END_MS:
        raise ConfigError(f"from {question.from_ms} to {question.to_ms} there is no full hour: give a longer range")
    return Range(begin, end, question.bundle_id, question.fleet)


def _curve(data: WearerData, grouping: Grouping) -> Curve | None:
    if data.tallied is None or not data.tallied.complete:
        return None
    place = {name: k for k, name in enumerate(grouping.shown)}
    shares = [
        None
        if group.hidden
        else surviving_shares_of_bins(data.tallied.margin[grouping.index == place[group.name]].sum(axis=0)).tolist()
        for group in grouping.groups
    ]
    return Curve(list(ShareHistogram.edges), shares)


def _notes(data: WearerData) -> list[str]:
    notes = []
    if data.labelled.origin == "alarm":
        notes.append("All labels come from alarms: accuracies are those of windows with an alarm, not of all windows.")
    if data.tallied is not None and not data.tallied.complete:
        notes.append(
            f"Reasons of rejection count {MOST_TALLIES} sums only, and there is no curve: take a shorter range."
        )
    if data.left_out:
        notes.append(f"{data.left_out} windows lie in hours in which the wearer changed: they count for nobody.")
    return notes
