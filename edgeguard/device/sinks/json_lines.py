"""The verdict log: one JSON object a line, appended, on its way to the disk at once; it has room for so much."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path

import msgspec

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.reports import unix_ms
from edgeguard.device.samples import Alarm, Verdict
from edgeguard.errors import StorageError

log = logging.getLogger(__name__)


class JsonLinesSink:
    """Appends each verdict to `path`; StorageError where it cannot be opened.

    At half of `max_bytes` the file becomes ``<path>.1``, and the one that bore this name before goes: both together
    never take more. A file that is larger than half, from an earlier setting, is not kept but goes. Where that fails,
    verdicts are lost rather than the cap exceeded. A line cut short by a full disk or a power cut is ended before the
    next one, so that only that line is lost. A file that somebody moves or removes is begun anew.

    Args:
        manifest: Names the classes.
        path: Its folder is made if missing.
        max_bytes: What the file and its predecessor may take together.
        now_ms: The clock for `time_ms`, in milliseconds since 1970.

    Attributes:
        lost: Verdicts that could not be written.
    """

    def __init__(
        self,
        manifest: Manifest,
        path: Path,
        max_bytes: int = 64_000_000,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self.lost = 0
        self._classes = manifest.classes
        self._path = path
        self._half = max_bytes // 2
        self._now_ms = now_ms
        self._fails = False
        self._size, self._cut_short = 0, False
        try:
            self._drop_if_too_large(self._predecessor)
            self._file = self._opened()
        except OSError as error:
            raise StorageError(f"the log {path} cannot be opened ({error.strerror}): choose another file") from error

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Append one line."""
        line = msgspec.json.encode(self._record(verdict, alarms, latency_ms)) + b"\n"
        try:
            self._append(line)
        except OSError as error:
            self.lost += 1
            if not self._fails:
                log.warning("the log %s fails (%s): verdicts are lost until it is mended", self._path, error.strerror)
            self._fails = True
        else:
            self._fails = False

    def tick(self) -> None:
        """Begin the file anew where somebody moved or removed it."""
        with suppress(OSError):
            if not _is_at(self._path, self._file.fileno()):
                self._begin_anew()

    def close(self) -> None:
        """Close the file; harmless when called twice."""
        self._file.close()

    def _append(self, line: bytes) -> None:
        if self._size and self._size + len(line) >= self._half:
            self._rotate()
        if self._cut_short:
            line = b"\n" + line
        if self._size + len(line) > self._half:
            raise OSError(errno.EFBIG, "it may take less than one line")
        written = self._file.write(line)
        self._size += written
        self._cut_short = written < len(line)
        if self._cut_short:
            raise OSError(errno.ENOSPC, "it took a part of a line")

    def _rotate(self) -> None:
        if not self._drop_if_too_large(self._path):
            with suppress(FileNotFoundError):  # somebody was faster
                self._path.replace(self._predecessor)
        self._begin_anew()

    def _begin_anew(self) -> None:
        before, self._file = self._file, self._opened()
        before.close()

    def _opened(self) -> FileIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab", buffering=0)
        self._size = file.tell()
        self._cut_short = _is_cut_short(self._path)
        return file

    @property
    def _predecessor(self) -> Path:
        return self._path.with_name(f"{self._path.name}.1")

    def _drop_if_too_large(self, path: Path) -> bool:
        with suppress(FileNotFoundError):
            if path.stat().st_size > self._half:
                path.unlink()
                log.warning("the log %s was larger than half of what logs may take: it is gone", path)
                return True
        return False

    def _record(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> dict[str, object]:
        record: dict[str, object] = {"time_ms": self._now_ms(), "source": verdict.source, "start": verdict.start}
        if verdict.predicted is None:
            return record | {"rejected": verdict.rejected}
        return record | {
            "class": self._classes[verdict.predicted],
            "confidence": verdict.confidence,
            "disagreement": verdict.disagreement,
            "alarm": verdict.alarm,
            "alarms": [{"kind": alarm.kind, "raised": alarm.raised} for alarm in alarms],
            "stages": verdict.stages,
            "exit_probabilities": verdict.exit_probabilities.tolist(),
            "latency_ms": round(latency_ms, 3),
        }


def _is_cut_short(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, 2):
            return False
        stream.seek(-1, 2)
        return stream.read() != b"\n"


def _is_at(path: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
