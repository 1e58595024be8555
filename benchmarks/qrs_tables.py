"""The tables of qrs-detection.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import markdown, number, percent_2

SHARES: Final = ("sensitivity", "predictivity")


def qrs_detection(figures: dict[str, Any]) -> Iterable[str]:
    """How many beats each detector finds, how many of its peaks are beats, and its CPU time."""
    rows = [
        [
            f"{row['name']}, lead {row['lead']}",
            *(f"{percent_2(row[key])} ({' – '.join(map(percent_2, row[f'{key}_95']))})" for key in SHARES),
            *(percent_2(row["average"][key]) for key in SHARES),
            *(f"{percent_2(share)} ({record})" for share, record in (row["worst"][key] for key in SHARES)),
            f"{row['cpu_s_per_hour']:.2f}",
        ]
        for row in figures["detectors"]
    ]
    header = ["%", "sensitivity (95 %)", "+P (95 %)", "average sensitivity", "average +P"]
    yield from markdown([*header, "worst sensitivity", "worst +P", "CPU s per hour"], rows)
    yield ""
    outside, without = (
        " and ".join(percent_2(figures[name][key]) for key in SHARES)
        for name in ("outside_flutter", "without_flutter_rule")
    )
    yield (
        f"{number(figures['beats'])} beats in {figures['hours']:.1f} hours. "
        f"Ours on lead 1 outside ventricular flutter: {outside}; with flutter, but without the rule on it: {without}."
    )


def qrs_detection_scaled(figures: dict[str, Any]) -> Iterable[str]:
    """Sensitivity and positive predictivity of ours with each constant a fifth smaller and larger."""
    pairs = zip(figures["scaled"][::2], figures["scaled"][1::2], strict=True)
    rows = [
        [
            f"`{low['constant']}`",
            "yes" if low["chosen_here"] else "no",
            *(f"{side['value']:.3g}: {' / '.join(percent_2(side[key]) for key in SHARES)}" for side in (low, high)),
        ]
        for low, high in pairs
    ]
    return markdown(["sensitivity / +P in %", "chosen on MIT-BIH", "value − 20 %", "value + 20 %"], rows)


def qrs_detection_records(figures: dict[str, Any]) -> Iterable[str]:
    """Beats missed and peaks that are none, in each record, of each detector; those with the same figures once."""
    detectors = list({str(row["records"]): row for row in reversed(figures["detectors"])}.values())[::-1]
    names = [f"{row['name']}, lead {row['lead']}" for row in detectors]
    rows = [
        [
            record,
            str(right + missed),
            *(f"{row['records'][record][2]} / {row['records'][record][1]}" for row in detectors),
        ]
        for record, (right, _, missed) in detectors[0]["records"].items()
    ]
    return markdown(["missed / false", "beats", *names], rows)
