"""The server's wall clock, as tests can replace it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
Now = Callable[[], int]


def unix_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
