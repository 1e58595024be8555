"""A fairness report as CSV: a line for each figure and group."""

from __future__ import annotations

from collections.abc import Iterator

from edgeguard import csv_text
from edgeguard.fleet.fairness_report import Report
from edgeguard.fleet.iso_times import iso_from_unix_ms

_HEADER = ("from", "until", "model", "figure", "of", "unit", "group", "wearers", "value", "low", "high", "reason")


def as_csv(report: Report) -> str:
    """Figures as they are, shares in [0, 1]; empty where there is none."""
    return csv_text.written(_HEADER, _lines(report))


def _lines(report: Report) -> Iterator[list[str]]:
    asked = report.question
    model = "" if asked.bundle_id is None else str(asked.bundle_id)
    place = [iso_from_unix_ms(asked.from_ms), iso_from_unix_ms(asked.to_ms), model]
    for row in report.figures:
        for group, each in zip(report.groups, row.groups, strict=True):
            size = "" if group.wearers is None else str(group.wearers)
            figures = ["" if value is None else repr(value) for value in (each.value, each.low, each.high)]
            yield [*place, row.figure, row.of, row.unit, group.name, size, *figures, each.reason]
