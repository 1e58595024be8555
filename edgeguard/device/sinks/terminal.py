"""Verdicts for a person at a terminal: one plain line each, and one for each alarm that begins or ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import Alarm, Verdict
from edgeguard.errors import one_line

_BAR: Final = 20  # columns; the threshold is in the middle
_SAMPLE: Final = 10  # columns of the sample index


class TerminalSink:
    """Writes each verdict as a line: source, sample index, class, confidence, disagreement as a bar, alarm.

    Args:
        manifest: Names the classes and the threshold.
        write: Takes a line without its end.
        sources: Names of the sources; shown where there is more than one.
        threshold: Of the policy that judges, where it is not the manifest's own.
    """

    def __init__(
        self,
        manifest: Manifest,
        write: Callable[[str], None],
        sources: Sequence[str] = (),
        threshold: float | None = None,
    ) -> None:
        self._classes = manifest.classes
        self._width = max(len(name) for name in manifest.classes)
        self._threshold = manifest.disagreement.threshold if threshold is None else threshold
        self._write = write
        self._source_width = max(map(len, sources)) if len(sources) > 1 else 0

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:  # noqa: ARG002 - the contract
        """Write one line, and one for each of `alarms`."""
        named = f"{one_line(verdict.source):<{self._source_width}}  " if self._source_width else ""
        self._write(f"{named}{verdict.start:>{_SAMPLE}}  {self._said(verdict)}")
        for alarm in alarms:
            self._write(f"{named}{'':>{_SAMPLE}}  {_changed(alarm)}")

    def tick(self) -> None:
        """Nothing waits for time to pass."""

    def close(self) -> None:
        """Nothing is held back."""

    def _said(self, verdict: Verdict) -> str:
        if verdict.predicted is None:
            return f"rejected: {verdict.rejected}"
        said = (
            f"{self._classes[verdict.predicted]:<{self._width}}  {verdict.confidence:6.1%}  "
            f"{bar(verdict.disagreement, self._threshold)} {verdict.disagreement:8.2g}"
        )
        return f"{said}  ALARM" if verdict.alarm else said


def _changed(alarm: Alarm) -> str:
    if not alarm.raised:
        return f"{alarm.kind} alarm over: {alarm.windows} windows over {alarm.threshold:.2g}"
    held_back = f"; {alarm.suppressed} before it held back" if alarm.suppressed else ""
    return f"{alarm.kind} alarm: {alarm.value:.2g} is over {alarm.threshold:.2g}{held_back}"


def bar(value: float, threshold: float) -> str:
    """`value` as a bar of 20 columns with ``|`` where `threshold` is; full from twice the threshold on."""
    half = _BAR // 2
    filled = _BAR if value >= 2 * threshold else int(half * value / threshold)
    columns = "#" * filled + "." * (_BAR - filled)
    return f"[{columns[:half]}|{columns[half:]}]"
