"""The windows around each alarm, on this disk alone.

It needs the windows themselves, which verdicts do not hold: who feeds the sinks (the worker) calls ``keep(window)`` of
every sink that has it, for every window, the rejected ones too, directly before ``put`` of that window's verdict.
"""

from __future__ import annotations

import io
import logging
import os
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import numpy as np

from edgeguard.device.config import Raw
from edgeguard.device.reports import unix_ms
from edgeguard.device.samples import Alarm, Verdict, Window
from edgeguard.errors import StorageError
from edgeguard.files import replacing

log = logging.getLogger(__name__)

_OURS: Final = "alarm-*.npz"
_LONGEST: Final = 4  # times the windows of one alarm that a file may hold


class AlarmWindowsSink:
    """Writes a file per alarm, `Raw.windows_before` windows before it and `Raw.windows_after` after it.

    An alarm that begins while the windows after another are still being collected extends that file, up to four times
    the windows of one alarm; then a new file begins. No window is in two files. Only an alarm that begins counts, not
    its end. All files together never take more than `Raw.max_mb`, the oldest go first. A power cut takes what is being
    collected.

    A file is named ``alarm-<time>-<number>-<source>.npz``, readable by this user alone, and holds: ``x`` (n, channels,
    samples) float32, filtered and before the per-window preprocessing; ``starts`` (n,), the index of each window's
    first sample at the source's own rate; ``rejected`` (n,), why a window was not judged, or empty; ``alarm_starts``
    and ``alarm_kinds``, one each for every alarm in it; ``source``, ``time_ms`` of the first alarm, ``bundle_sha256``.

    Args:
        folder: Where; made for this user alone if it is missing. StorageError where it cannot be.
        settings: The config's ``[raw]``.
        bundle_sha256: Of the bundle that judges; see `bundle_sha256`.
        now_ms: The wall clock.

    Attributes:
        lost: Files that could not be written.
        deleted: Older files that went to make room.
    """

    def __init__(self, folder: Path, settings: Raw, bundle_sha256: str, now_ms: Callable[[], int] = unix_ms) -> None:
        self.lost = 0
        self.deleted = 0
        self._bundle_sha256 = bundle_sha256
        self._folder = folder
        self._settings = settings
        self._now_ms = now_ms
        self._numbers = 0
        self._fails = False
        self._before: dict[str, deque[Window]] = {}
        self._begun: dict[str, _Stretch] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for leftover in folder.glob(f".{_OURS}.*.tmp"):  # of a power cut
                leftover.unlink()
        except OSError as error:
            raise StorageError(f"the folder {folder} cannot be made ({error.strerror}): choose another") from error

    @property
    def bundle_sha256(self) -> str:
        """Of the bundle that judges; when it is set anew, what is begun is written and older windows are forgotten."""
        return self._bundle_sha256

    @bundle_sha256.setter
    def bundle_sha256(self, sha256: str) -> None:
        self.close()
        self._before.clear()
        self._bundle_sha256 = sha256

    def keep(self, window: Window) -> None:
        """Remember a window; its values are copied. Directly before `put` of its verdict."""
        copied = Window(window.start, window.values.copy(), window.rejected, window.source)
        if (stretch := self._begun.get(window.source)) is not None:
            stretch.windows.append(copied)
            stretch.left -= 1
            return
        if (before := self._before.get(window.source)) is None:
            before = self._before[window.source] = deque(maxlen=self._settings.windows_before + 1)
        before.append(copied)

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:  # noqa: ARG002 - the contract
        """Begin a file with an alarm, or finish one after its last window."""
        for alarm in alarms:
            if alarm.raised:
                self._begin_or_extend(alarm)
        if (stretch := self._begun.get(verdict.source)) is not None and stretch.left <= 0:
            self._finish(verdict.source)

    def tick(self) -> None:
        """Nothing waits for time to pass."""

    def close(self) -> None:
        """Write what is begun; harmless when called twice."""
        for source in list(self._begun):
            self._finish(source)

    def _begin_or_extend(self, alarm: Alarm) -> None:
        source, after = alarm.verdict.source, self._settings.windows_after
        if (stretch := self._begun.get(source)) is None:
            before = self._before.pop(source, deque())
            stretch = self._begun[source] = _Stretch(list(before), self._now_ms())
        stretch.alarms.append(alarm)
        most = _LONGEST * (self._settings.windows_before + 1 + after)
        stretch.left = min(after, most - len(stretch.windows))

    def _finish(self, source: str) -> None:
        stretch = self._begun.pop(source)
        try:
            self._write(f"{_utc(stretch.time_ms)}-{self._numbers:06}-{_slug(source)}", self._packed(source, stretch))
        except (OSError, StorageError) as error:
            self.lost += 1
            if not self._fails:
                log.warning("the windows of an alarm are not kept: %s", error)
            self._fails = True
        else:
            self._fails = False
        self._numbers += 1

    def _packed(self, source: str, stretch: _Stretch) -> bytes:
        content = io.BytesIO()
        np.savez(
            content,
            x=np.stack([window.values for window in stretch.windows]),
            starts=np.array([window.start for window in stretch.windows], dtype=np.int64),
            rejected=np.array([window.rejected or "" for window in stretch.windows]),
            alarm_starts=np.array([alarm.verdict.start for alarm in stretch.alarms], dtype=np.int64),
            alarm_kinds=np.array([alarm.kind for alarm in stretch.alarms]),
            source=np.array(source),
            time_ms=np.array(stretch.time_ms, dtype=np.int64),
            bundle_sha256=np.array(self._bundle_sha256),
        )
        return content.getvalue()

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room(len(content))
        with replacing(self._folder / f"alarm-{name}.npz") as beside:
            only_ours = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(only_ours, "wb") as file:
                file.write(content)

    def _make_room(self, size: int) -> None:
        room = round(1_000_000 * self._settings.max_mb)
        if size > room:
            raise StorageError(f"they take {size} bytes, more than raw.max_mb: raise it, or keep fewer windows")
        held = sorted((file.stat().st_mtime_ns, file.name, file) for file in self._folder.glob(_OURS))
        taken = sum(file.stat().st_size for *_, file in held)
        for *_, oldest in held:
            if taken + size <= room:
                break
            taken -= oldest.stat().st_size
            oldest.unlink()
            self.deleted += 1


@dataclass
class _Stretch:
    """Windows around one alarm or several, while they are collected."""

    windows: list[Window]
    time_ms: int
    alarms: list[Alarm] = field(default_factory=list)
    left: int = 0


def _utc(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, timezone.utc):%Y%m%dT%H%M%S}.{time_ms % 1000:03}Z"


def _slug(source: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", source)[:40]
