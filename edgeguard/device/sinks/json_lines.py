"""The verdict log: one JSON object a line, appended, on its way to the disk at once."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import Verdict
from edgeguard.errors import StorageError

log = logging.getLogger(__name__)


class JsonLinesSink:
    """Appends each verdict to `path`; StorageError where it cannot be opened.

    A line cut short by a full disk or a power cut is ended before the next one, so that only that line is lost.

    Attributes:
        lost: Verdicts that could not be written.
    """

    def __init__(self, manifest: Manifest, path: Path) -> None:
        self.lost = 0
        self._classes = manifest.classes
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
            self._cut_short = _is_cut_short(path)
        except OSError as error:
            raise StorageError(f"the log {path} cannot be opened ({error.strerror}): choose another file") from error

    def put(self, verdict: Verdict, latency_ms: float) -> None:
        """Append one line."""
        line = msgspec.json.encode(self._record(verdict, latency_ms)) + b"\n"
        if self._cut_short:
            line = b"\n" + line
        try:
            self._cut_short = self._file.write(line) < len(line)
        except OSError as error:
            self._cut_short = True
            if not self.lost:
                log.warning("the log %s fails (%s): verdicts are lost until it is mended", self._path, error.strerror)
        self.lost += self._cut_short

    def close(self) -> None:
        """Close the file; harmless when called twice."""
        self._file.close()

    def _record(self, verdict: Verdict, latency_ms: float) -> dict[str, object]:
        record: dict[str, object] = {"start": verdict.start}
        if verdict.predicted is None:
            return record | {"rejected": verdict.rejected}
        return record | {
            "class": self._classes[verdict.predicted],
            "confidence": verdict.confidence,
            "disagreement": verdict.disagreement,
            "alarm": verdict.alarm,
            "exit_probabilities": verdict.exit_probabilities.tolist(),
            "latency_ms": round(latency_ms, 3),
        }


def _is_cut_short(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, 2):
            return False
        stream.seek(-1, 2)
        return stream.read() != b"\n"
