"""The labels' CSV: what windows really were, one a line. docs/fleet-fairness.md shows one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgeguard import csv_text
from edgeguard.csv_text import MAX_LETTERS, FileRefused, Row, checked_text
from edgeguard.errors import ConfigError
from edgeguard.fleet.iso_times import END_MS, unix_ms_from_iso
from edgeguard.registry import near_match
from edgeguard.telemetry.topics import Address

COLUMNS: Final = ("fleet", "device", "boot", "source", "window_start", "time", "label")
PREDICTED: Final = "predicted"
_BOOT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,15}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9.]+(?:[eE]-?\d+)?", re.ASCII)


@dataclass(frozen=True)
class LabelledLine:
    """One line: which window, what was predicted, and what it was.

    Attributes:
        boot: Empty where the file does not tell.
        probabilities: By class; empty where the file has none.
    """

    line: int
    fleet: str
    device: str
    boot: str
    source: str
    window_start: int
    at_ms: int
    predicted: str
    probabilities: dict[str, float]
    label: str


def read(content: bytes) -> list[LabelledLine]:
    """What the CSV says; FileRefused names every line that cannot be read."""
    header, rows = csv_text.read(content, COLUMNS)
    classes = [name for name in header if name not in {*COLUMNS, PREDICTED}]
    if not classes and PREDICTED not in header:
        raise FileRefused([f"line 1: a column {PREDICTED}, or one for each class with its probability, is missing"])
    lines: list[LabelledLine] = []
    csv_text.take_all(rows, lambda row: lines.append(_line(row, classes)))
    return lines


def checked_label(label: str, classes: Sequence[str]) -> str:
    """`label` if it is one of the model's classes, as far as they are known; ConfigError otherwise."""
    if not classes:
        return checked_text(label, "label")
    if label not in classes:
        near = near_match(label, classes)
        raise ConfigError(f"label {label[:MAX_LETTERS]!r} is none of the classes {', '.join(classes)}{near}")
    return label


def _line(row: Row, classes: Sequence[str]) -> LabelledLine:
    cells = row.cells
    Address(cells["fleet"], cells["device"])
    if cells["boot"] and not _BOOT.fullmatch(cells["boot"]):
        raise ConfigError(f"boot {cells['boot'][:40]!r}: write its 16 hexadecimal digits, or nothing")
    if not _WHOLE.fullmatch(cells["window_start"]):
        raise ConfigError(f"window_start {cells['window_start'][:40]!r} is not the index of a sample")
    probabilities = {name: _probability(name, cells[name]) for name in classes if cells[name]}
    if probabilities and abs(sum(probabilities.values()) - 1) > 0.01:
        raise ConfigError(f"the classes' probabilities add up to {sum(probabilities.values()):.3f}, not to 1")
    return LabelledLine(
        line=row.line,
        fleet=cells["fleet"],
        device=cells["device"],
        boot=cells["boot"],
        source=checked_text(cells["source"], "source"),
        window_start=int(cells["window_start"]),
        at_ms=_time(cells["time"]),
        predicted=_predicted(cells.get(PREDICTED, ""), probabilities),
        probabilities=probabilities,
        label=checked_label(cells["label"], classes),
    )


def _time(text: str) -> int:
    """ISO, or milliseconds since 1970 as the verdict log has them."""
    if _WHOLE.fullmatch(text):
        if int(text) >= END_MS:
            raise ConfigError(f"time {text} lies after the year 9998")
        return int(text)
    return unix_ms_from_iso(text)


def _probability(name: str, text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) and text.count(".") <= 1 and text != "." else -1.0
    if not 0 <= value <= 1:
        raise ConfigError(f"the probability {text[:40]!r} of {name} is not between 0 and 1")
    return value


def _predicted(text: str, probabilities: dict[str, float]) -> str:
    if text or not probabilities:
        return checked_text(text, PREDICTED)
    return max(probabilities, key=probabilities.__getitem__)
