"""One replay with its faults, to the end, and what the audit says of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.faults.audit import Account, Alarms, Windows, account, compare_alarms, compare_windows
from benchmarks.faults.chaos import Fault, carry_out
from benchmarks.faults.receiver import Heard
from benchmarks.faults.rig import Rig
from benchmarks.faults.verdict_log import VerdictLog, read_log
from edgeguard.telemetry.messages import State, Summary

_INTERVALS_FULL: Final = 3  # that a full disk may last, with what it was in the middle of


@dataclass(frozen=True)
class Outcome:
    """What a replay came to.

    Attributes:
        faults: Carried out, by kind.
        account: Of the numbers of messages.
        alarms: Log against alerts.
        windows: Log against summaries.
        reported: What the device said was wrong with its sources, by what it is.
        states: The retained state before and after the daemon was stopped.
        boots: Boots that the receiver heard of.
        last_boot: The newest of them.
        kills: Of the daemon.
        crashes: How often the daemon ended by itself.
        tracebacks: In its output.
        exit_code: Of the clean stop.
        log: What the verdict log holds.
    """

    faults: dict[str, int]
    account: Account
    alarms: Alarms
    windows: Windows
    reported: dict[str, int]
    states: tuple[State, State]
    boots: int
    last_boot: str
    kills: int
    crashes: int
    tracebacks: int
    exit_code: int
    log: VerdictLog = field(repr=False)

    def complaints(self) -> list[str]:
        """All that is wrong, one line each; nothing where the device held what it promises."""
        found = [
            *self.account.complaints(),
            *self.alarms.complaints(self.account.dropped.get("alert", 0)),
            *self.windows.complaints(),
        ]
        if self.crashes or self.tracebacks or self.exit_code:
            found.append(f"{self.crashes} crashes, {self.tracebacks} tracebacks, exit code {self.exit_code}")
        ends = [(state.status, state.boot) for state in self.states]
        if ends != [("online", self.last_boot), ("stopped", self.last_boot)]:
            found.append(f"retained states at the end: {ends}, the last boot is {self.last_boot}")
        return found

    def figures(self) -> dict[str, Any]:
        """For a results file."""
        return {
            "faults": self.faults,
            "daemon": {"kills": self.kills, "boots": self.boots, "crashes": self.crashes},
            "messages": {
                "last_number": self.account.last,
                "arrived": self.account.arrived,
                "repeated_and_dropped_by_number": self.account.again,
                "missing": len(self.account.missing),
                "reported_as_dropped": self.account.dropped,
                "twice_after_deduplication": len(self.account.doubled) + len(self.account.altered),
            },
            "alarms": {
                "in_the_log": self.alarms.logged,
                "alerts": self.alarms.announced,
                "in_the_log_without_alert": len(self.alarms.unannounced),
                "alerts_the_log_lost": len(self.alarms.unlogged),
            },
            "windows": {**asdict(self.windows), "log_lines_cut_short": self.log.cut_short},
            "reported_about_sources": self.reported,
            "states_at_the_end": [state.status for state in self.states],
            "complaints": self.complaints(),
        }


def replay(rig: Rig, faults: Sequence[Fault], chance: random.Random, tell: Callable[[str], None]) -> Outcome:
    """Start the daemon, play all signals while the faults happen, let everything arrive, stop it, and look."""
    rig.daemon.start_until_ready()
    carry_out(rig, faults, chance, tell)
    rig.play_until(rig.all_hours)
    rig.wait_delivered()
    return stop_and_look(rig, faults)


def stop_and_look(rig: Rig, faults: Sequence[Fault]) -> Outcome:
    """Stop the daemon cleanly, and audit."""
    before = rig.retained_state()
    exit_code = rig.daemon.stop()
    rig.receiver.wait_quiet(1.0, 20.0)
    log, heard = read_log(rig.log_file), list(rig.receiver.heard)
    accounted = account(heard)
    newest = max(heard, key=lambda message: message.seq)
    by_kind = Counter(fault.kind for fault in faults)
    interrupted = len(rig.feeders) * (rig.daemon.kills + rig.daemon.crashes)
    windows = compare_windows(
        len(log.verdicts),
        heard,
        lost_intervals=interrupted + accounted.dropped.get("telemetry", 0),
        unlogged_intervals=len(rig.feeders) * _INTERVALS_FULL * by_kind["disk full"],
    )
    return Outcome(
        faults=dict(sorted(by_kind.items())),
        account=accounted,
        alarms=compare_alarms(log.changes(), heard),
        windows=windows,
        reported=_reported(heard),
        states=(before, rig.retained_state()),
        boots=len({message.boot for message in heard}),
        last_boot=newest.boot,
        kills=rig.daemon.kills,
        crashes=rig.daemon.crashes,
        tracebacks=rig.daemon.tracebacks(),
        exit_code=exit_code,
        log=log,
    )


def _reported(heard: Iterable[Heard]) -> dict[str, int]:
    found: Counter[str] = Counter()
    summaries = {(message.boot, message.seq): message for message in heard if isinstance(message, Summary)}
    for summary in summaries.values():
        tally = summary.tally
        found.update(tally.faults)
        found.update({f"rejected: {reason}": count for reason, count in tally.rejected.items()})
        for name in ("gaps", "missing_samples", "repeated_samples", "suppressed"):
            found[name.replace("_", " ")] += getattr(tally, name)
    return dict(sorted((name, count) for name, count in found.items() if count))
