"""The windows around each alarm, on this disk alone.

It needs the windows themselves, which verdicts do not hold: who feeds the sinks (the worker) calls ``keep(window)`` of
every sink that has it, for every window, the rejected ones too, directly before ``put`` of that window's verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeguard.device.config import Raw
from edgeguard.device.samples import Alarm, Verdict, Window


class AlarmWindowsSink:
    """Writes one .npz per alarm; StorageError where the folder cannot be made.

    Args:
        folder: Where; made readable by this user alone if it is missing.
        settings: The config's ``[raw]``.
        bundle_sha256: Of the bundle that judges; may be set anew when another one is loaded.

    Attributes:
        lost: Alarms whose windows could not be written.
        deleted: Older files that went to make room.
    """

    lost: int
    deleted: int

    def __init__(self, folder: Path, settings: Raw, bundle_sha256: str) -> None:
        raise NotImplementedError

    def keep(self, window: Window) -> None:
        """Remember a window; its values are copied. Directly before `put` of its verdict."""
        raise NotImplementedError

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Begin or go on writing down an alarm."""
        raise NotImplementedError

    def tick(self) -> None:
        """Nothing waits for time to pass."""

    def close(self) -> None:
        """Write what is begun; harmless when called twice."""
        raise NotImplementedError
