"""The daemon's verdict log, read back; lines that a kill or a full disk cut short are counted, not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.faults.audit import Change


class LoggedChange(msgspec.Struct):
    """An alarm that begins or ends with a verdict."""

    kind: str
    raised: bool


class Logged(msgspec.Struct, kw_only=True):
    """One line, as far as the audit reads it."""

    source: str
    start: int
    rejected: str | None = None
    exit_probabilities: list[list[float]] = []
    alarms: list[LoggedChange] = []


@dataclass(frozen=True)
class VerdictLog:
    """What the log holds.

    Attributes:
        verdicts: In the order of writing.
        cut_short: Lines that are no JSON.
    """

    verdicts: list[Logged]
    cut_short: int

    def changes(self) -> Iterator[Change]:
        """Alarms that began or ended."""
        for verdict in self.verdicts:
            for alarm in verdict.alarms:
                yield Change(verdict.source, alarm.kind, alarm.raised, verdict.start)


def read_log(file: Path) -> VerdictLog:
    """The log and its predecessor."""
    paths = [path for path in (file.with_name(file.name + ".1"), file) if path.exists()]
    lines = [_logged(line) for path in paths for line in path.read_bytes().split(b"\n") if line]
    verdicts = [line for line in lines if line is not None]
    return VerdictLog(verdicts, cut_short=len(lines) - len(verdicts))


def _logged(line: bytes) -> Logged | None:
    try:
        return msgspec.json.decode(line, type=Logged)
    except msgspec.MsgspecError:
        return None
