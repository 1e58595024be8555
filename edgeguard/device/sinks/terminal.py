"""Verdicts for a person at a terminal: one plain line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import Verdict

_BAR: Final = 20  # columns; the threshold is in the middle


class TerminalSink:
    """Writes each verdict as a line: sample index, class, confidence, disagreement as a bar, alarm.

    Args:
        manifest: Names the classes and the threshold.
        write: Takes a line without its end.
    """

    def __init__(self, manifest: Manifest, write: Callable[[str], None]) -> None:
        self._classes = manifest.classes
        self._width = max(len(name) for name in manifest.classes)
        self._threshold = manifest.disagreement.threshold
        self._write = write

    def put(self, verdict: Verdict, latency_ms: float) -> None:  # noqa: ARG002 - the contract of sinks
        """Write one line."""
        if verdict.predicted is None:
            self._write(f"{verdict.start:>10}  rejected: {verdict.rejected}")
            return
        line = (
            f"{verdict.start:>10}  {self._classes[verdict.predicted]:<{self._width}}  {verdict.confidence:6.1%}  "
            f"{bar(verdict.disagreement, self._threshold)} {verdict.disagreement:8.2g}"
        )
        self._write(f"{line}  ALARM" if verdict.alarm else line)

    def close(self) -> None:
        """Nothing is held back."""


def bar(value: float, threshold: float) -> str:
    """`value` as a bar of 20 columns with ``|`` where `threshold` is; full from twice the threshold on."""
    half = _BAR // 2
    filled = _BAR if value >= 2 * threshold else int(half * value / threshold)
    columns = "#" * filled + "." * (_BAR - filled)
    return f"[{columns[:half]}|{columns[half:]}]"
