"""A wall clock that jumps, for one process: libfaketime reads how far off it is from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LIBRARIES: Final = (
    *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
    Path("/opt/homebrew/lib/faketime/libfaketimeMT.1.dylib"),
)
LIBFAKETIME: Final = next((path for path in _LIBRARIES if path.exists()), None)


class JumpingClock:
    """The environment of a process whose wall clock can be set; its monotonic clock runs on.

    libfaketime 0.9.10 breaks `time.sleep` of Python 3.11 and later, and without FAKETIME_FORCE_MONOTONIC_FIX=0 timed
    waits on locks too, which then spin or hang.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, offset_s: int) -> None:
        """Set the wall clock off by `offset_s` from the true time, noticed within a second."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+d}\n", encoding="ascii")
        new.replace(self._file)

    def environment(self) -> dict[str, str]:
        """Variables for the process; none where libfaketime is not installed."""
        if LIBFAKETIME is None:
            return {}
        return {
            "LD_PRELOAD": str(LIBFAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_CACHE_DURATION": "1",
        }
