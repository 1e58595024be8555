"""Figures that no device can have: one sender's must not spoil the sums of a fleet, or overflow a column."""

from __future__ import annotations

from typing import Final

from edgeguard.telemetry.messages import Ack, Alert, State, Summary

MOST_WINDOWS_HZ: Final = 100_000.0  # a recording may be replayed faster than real time
MOST_INTERVAL_MS: Final = 2 * 86_400_000  # a device can be told to summarize once a day
MOST: Final = 10**12  # of anything that is counted and summed up
MOST_VALUE: Final = 1e9  # of a score, or a mean latency in milliseconds


def implausible(message: Summary | Alert | Ack | State) -> str | None:
    """Why a message that follows the schema cannot be true, or None."""
    if isinstance(message, State):
        return None
    if message.seq > MOST:
        return f"seq {message.seq} is more than a device can have sent"
    if isinstance(message, Summary):
        return _of_summary(message)
    if isinstance(message, Alert):
        return _of_alert(message)
    return None


def _of_summary(message: Summary) -> str | None:
    tally, length_ms = message.tally, message.to_ms - message.from_ms
    if length_ms > MOST_INTERVAL_MS:
        return f"an interval of {length_ms} ms: the longest is {MOST_INTERVAL_MS}"
    if tally.windows > (most := MOST_WINDOWS_HZ * (10.0 + length_ms / 1000.0)):
        return f"{tally.windows} windows in {length_ms} ms: more than {most:.0f} are not believed"
    counts = (tally.gaps, tally.missing_samples, tally.repeated_samples, tally.suppressed, message.waiting)
    if max(*counts, *tally.faults.values(), *message.dropped.values()) > MOST:
        return f"a count over {MOST}"
    accepted = max(tally.disagreement.total, 1)
    if max(tally.latency_ms.sum, tally.disagreement.sum) > accepted * MOST_VALUE:
        return f"a mean over {MOST_VALUE:g}"
    return None


def _of_alert(message: Alert) -> str | None:
    if max(message.windows, message.suppressed) > MOST:
        return f"a count over {MOST}"
    if max(abs(message.value), abs(message.threshold)) > MOST_VALUE:
        return f"a score over {MOST_VALUE:g}"
    return None
