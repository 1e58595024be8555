r"""Recordings of a link, ``.egb``: the bytes as they came, damaged ones too, each with the time at which it came.

    file    "\x89EGB\r\n\x1a\n" | format (2) | length (2) | header: JSON of that length | CRC (4)
    chunk   microseconds since the recording began (8) | length (4) | bytes of the wire | CRC (4)

Numbers are little endian, the CRC is CRC-32 (zlib) of all that stands before it in the file's head or in the chunk.
Chunks are only ever appended: a file that was cut off anywhere, by a full disk or a power cut, loses its last chunk at
most.
"""

from __future__ import annotations

import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Final

from firmware_bridge.client import Bytes
from firmware_bridge.errors import RecordingError

SUFFIX: Final = ".egb"
MAGIC: Final = b"\x89EGB\r\n\x1a\n"  # shows a transfer that turned line ends
FORMAT: Final = 1
MAX_CHUNK: Final = 1 << 16

_HEAD = struct.Struct("<8sHH")
_CHUNK = struct.Struct("<QI")
_CRC = struct.Struct("<I")


@dataclass(frozen=True)
class Header:
    """What a recording says of itself.

    Attributes:
        link: Name of the link, such as ``serial:/dev/ttyACM0``.
        started_utc: When it began, ISO 8601.
        software: What wrote it.
    """

    link: str
    started_utc: str
    software: str


class RecordingWriter:
    """Writes a recording; what was written is on its way to the disk at once.

    Args:
        path: Of the file.
        link_name: Of the link whose bytes these are.
        software: What writes it, with its version.
        overwrite: Whether an old file may go.
        monotonic: The clock of the times that `write` is given.

    Attributes:
        size: Bytes of the file.
        empty: Whether nothing came yet.

    Raises:
        RecordingError: the file is there already, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        link_name: str,
        *,
        software: str = "firmware_bridge",
        overwrite: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.size = 0
        self.empty = True
        self._began_s, self._last_us = monotonic(), 0
        try:
            self._file = path.open("wb" if overwrite else "xb", buffering=0)
        except FileExistsError as error:
            raise RecordingError(f"{path} is there already: choose another name") from error
        except OSError as error:
            raise RecordingError(f"{path} cannot be written ({error.strerror}): choose another place") from error
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        said = json.dumps(asdict(Header(link_name, now, software))).encode()
        self._append(_HEAD.pack(MAGIC, FORMAT, len(said)) + said)

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, host_s: float, data: bytes) -> None:
        """Append what came at `host_s`; RecordingError where the disk takes no more: what was written stays."""
        self._last_us = max(self._last_us, round((host_s - self._began_s) * 1e6))
        for start in range(0, len(data), MAX_CHUNK):
            part = data[start : start + MAX_CHUNK]
            self._append(_CHUNK.pack(self._last_us, len(part)) + part)
            self.empty = False

    def close(self) -> None:
        """Have everything on the disk; harmless when called twice."""
        if self._file.closed:
            return
        with self._file:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise RecordingError(
                    f"{self.path} is not safely on the disk ({error.strerror}): record anew"
                ) from error

    def _append(self, record: bytes) -> None:
        left = memoryview(record + _CRC.pack(zlib.crc32(record)))
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._file.truncate(self.size)  # a chunk is whole or not there
            raise RecordingError(
                f"{self.path} takes no more ({error.strerror}): its {self.size} bytes are kept; "
                "free some space and record anew"
            ) from error
        self.size += len(record) + _CRC.size


class Recording:
    """The recording at `path`, which may still be written. Iterating gives its `Bytes`, one chunk in memory at a time.

    RecordingError where it is missing, no recording, or of a newer format.

    Attributes:
        header: What it says of itself.
        cut: Bytes at its end that are no whole chunk; known once it was read to there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut = 0
        with self._opened() as file:
            self.header = self._header(file)

    def __iter__(self) -> Iterator[Bytes]:
        """What came, at seconds since the recording began; ends at the first chunk that is not whole."""
        with self._opened() as file:
            self._header(file)
            while True:
                whole = file.tell()
                try:
                    chunk = _chunk(file)
                except OSError as error:
                    raise self._unreadable(error) from error
                if chunk is None:
                    self.cut = file.seek(0, os.SEEK_END) - whole
                    return
                yield chunk

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except FileNotFoundError as error:
            raise RecordingError(f"there is no recording at {self.path}: check the path") from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> RecordingError:
        return RecordingError(f"{self.path} cannot be read ({error.strerror}): check its permissions and the disk")

    def _header(self, file: BinaryIO) -> Header:
        head = file.read(_HEAD.size)
        if head[: len(MAGIC)] != MAGIC:
            raise RecordingError(f"{self.path} is no recording of a wearable's link: give the .egb file")
        damaged = RecordingError(f"{self.path} has a damaged header, the rest cannot be trusted: record anew")
        if len(head) < _HEAD.size:
            raise damaged
        _, version, length = _HEAD.unpack(head)
        if version != FORMAT:
            raise RecordingError(f"{self.path} is of format {version}, but {FORMAT} is known here: upgrade EdgeGuard")
        text = file.read(length)
        if file.read(_CRC.size) != _CRC.pack(zlib.crc32(head + text)):
            raise damaged
        try:
            said = json.loads(text)
            return Header(said["link"], said["started_utc"], said["software"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise damaged from error


def read_recording(path: Path) -> Recording:
    """The recording at `path`, to iterate over; RecordingError where there is none that can be read."""
    return Recording(path)


def _chunk(file: BinaryIO) -> Bytes | None:
    """The next chunk; None where it is not whole, or where there is none."""
    head = file.read(_CHUNK.size)
    if len(head) < _CHUNK.size:
        return None
    time_us, length = _CHUNK.unpack(head)
    if length > MAX_CHUNK:
        return None
    data, crc = file.read(length), file.read(_CRC.size)
    return Bytes(time_us / 1e6, data) if crc == _CRC.pack(zlib.crc32(head + data)) else None
