"""What arrived against what the device did: pure, so that it can be shown to fail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from edgeguard.telemetry.messages import Ack, Alert, Summary

Heard = Alert | Summary | Ack


class Change(NamedTuple):
    """An alarm that began or ended, as it stands in the verdict log."""

    source: str
    kind: str
    raised: bool
    window_start: int


@dataclass(frozen=True)
class Account:
    """What became of every number that the device gave to a message.

    Attributes:
        last: The highest number that arrived.
        arrived: Numbers that arrived.
        again: Messages that came again, as QoS 1 allows; told by (boot, seq).
        missing: Numbers up to `last` that never arrived.
        dropped: What the device says it lost for want of room or disk, by kind.
        altered: Numbers that arrived with two contents.
        doubled: Numbers whose content had come under another number.
    """

    last: int
    arrived: int
    again: int
    missing: tuple[int, ...]
    dropped: dict[str, int]
    altered: tuple[int, ...]
    doubled: tuple[int, ...]

    def complaints(self) -> list[str]:
        """What is wrong, one line each; nothing where every number is accounted for."""
        reported = sum(self.dropped.values())
        found = []
        if len(self.missing) != reported:
            found.append(f"{len(self.missing)} numbers missing ({_some(self.missing)}), {reported} reported as dropped")
        if self.altered:
            found.append(f"numbers with two contents: {_some(self.altered)}")
        if self.doubled:
            found.append(f"contents that came under two numbers: {_some(self.doubled)}")
        return found


def account(heard: Sequence[Heard]) -> Account:
    """Account for every number of one device, from 1 on."""
    contents: dict[tuple[str, int], Heard] = {}
    altered = set()
    for message in heard:
        first = contents.setdefault((message.boot, message.seq), message)
        if first != message:
            altered.add(message.seq)
    by_number: defaultdict[int, list[Heard]] = defaultdict(list)
    for message in contents.values():
        by_number[message.seq].append(message)
    altered |= {seq for seq, messages in by_number.items() if len(messages) > 1}
    last = max(by_number, default=0)
    return Account(
        last=last,
        arrived=len(by_number),
        again=len(heard) - len(contents),
        missing=tuple(seq for seq in range(1, last + 1) if seq not in by_number),
        dropped=_dropped(contents.values()),
        altered=tuple(sorted(altered)),
        doubled=tuple(sorted(_doubled(contents.values()))),
    )


def _dropped(messages: Iterable[Heard]) -> dict[str, int]:
    """What the newest summary says; it counts since the spool was begun."""
    summaries = [message for message in messages if isinstance(message, Summary)]
    newest = max(summaries, key=lambda summary: summary.seq, default=None)
    return {} if newest is None else {str(kind): count for kind, count in newest.dropped.items()}


def _doubled(messages: Iterable[Heard]) -> set[int]:
    seen: dict[Any, int] = {}
    return {message.seq for message in messages if seen.setdefault(_said(message), message.seq) != message.seq}


def _said(message: Heard) -> Any:
    """What a message says, whatever its number and the time it was written; one that says nothing is like no other."""
    if isinstance(message, Alert):
        return message.boot, _change(message)
    if isinstance(message, Summary) and message.tally.windows:
        return message.boot, message.source, message.from_ms, message.to_ms, msgspec.json.encode(message.tally)
    return message.boot, message.seq


@dataclass(frozen=True)
class Alarms:
    """The changes of alarms in the verdict log against the alerts that arrived.

    Attributes:
        logged: In the log.
        announced: Alerts that arrived, repetitions left out.
        unannounced: Logged, but no alert came.
        unlogged: Alerts of which the log knows nothing: a kill or a full disk came between spool and log.
    """

    logged: int
    announced: int
    unannounced: tuple[Change, ...]
    unlogged: tuple[Change, ...]

    def complaints(self, dropped: int) -> list[str]:
        """What is wrong where the device reports `dropped` alerts as lost."""
        if len(self.unannounced) <= dropped:
            return []
        return [f"{len(self.unannounced)} alarms without an alert ({_some(self.unannounced)}), {dropped} reported lost"]


def compare_alarms(logged: Iterable[Change], heard: Iterable[Heard]) -> Alarms:
    """Every alarm of the log must have its alert."""
    alerts = {(message.boot, message.seq): message for message in heard if isinstance(message, Alert)}
    in_log, announced = Counter(logged), Counter(_change(alert) for alert in alerts.values())
    return Alarms(
        logged=in_log.total(),
        announced=announced.total(),
        unannounced=tuple(sorted((in_log - announced).elements())),
        unlogged=tuple(sorted((announced - in_log).elements())),
    )


@dataclass(frozen=True)
class Windows:
    """The windows of the log against those that the summaries count.

    Attributes:
        logged: Verdicts in the log.
        summarized: Sum over all summaries that arrived.
        unsummarized_at_most: How many the summaries may lack.
        unlogged_at_most: How many the log may lack.
    """

    logged: int
    summarized: int
    unsummarized_at_most: int
    unlogged_at_most: int

    def complaints(self) -> list[str]:
        """What is wrong."""
        if -self.unlogged_at_most <= self.logged - self.summarized <= self.unsummarized_at_most:
            return []
        counted = f"{self.logged} windows in the log, {self.summarized} in summaries"
        return [f"{counted}, which may lack {self.unsummarized_at_most}, and the log {self.unlogged_at_most}"]


def compare_windows(logged: int, heard: Iterable[Heard], *, lost_intervals: int, unlogged_intervals: int) -> Windows:
    """Sums of summaries against the log.

    Args:
        logged: Verdicts in the log.
        heard: What arrived.
        lost_intervals: A kill, for each source, and a summary that was dropped cost the summaries an interval of one
            source: at most the windows of the fullest summary.
        unlogged_intervals: A full disk costs the log as much for each source and interval that it lasts.
    """
    summaries = {(message.boot, message.seq): message for message in heard if isinstance(message, Summary)}
    counts = [summary.tally.windows for summary in summaries.values()]
    fullest = max(counts, default=0)
    return Windows(logged, sum(counts), lost_intervals * fullest, unlogged_intervals * fullest)


def _change(alert: Alert) -> Change:
    return Change(alert.source, alert.kind, alert.raised, alert.window_start)


_SHOWN: Final = 5


def _some(items: Sequence[object]) -> str:
    return ", ".join(map(str, items[:_SHOWN])) + (" …" if len(items) > _SHOWN else "")
