"""How many messages one device may send."""

from __future__ import annotations

from typing import Final

from edgeguard.telemetry.topics import Address

_REMEMBERED: Final = 200_000  # devices; with more, all begin anew


class Flood:
    """A token bucket per device.

    Args:
        burst: Messages that a device may send at once.
        rate_hz: More that it may send each second.
    """

    def __init__(self, burst: int, rate_hz: float) -> None:
        self._burst, self._rate_hz = float(burst), rate_hz
        self._left: dict[Address, tuple[float, int]] = {}  # tokens, when that was

    def admits(self, address: Address, now_ms: int) -> bool:
        """Whether the device may send one more now; counts it where it may."""
        tokens, before_ms = self._left.get(address, (self._burst, now_ms))
        tokens = min(self._burst, tokens + max(now_ms - before_ms, 0) * self._rate_hz / 1000.0)
        admitted = tokens >= 1.0
        if len(self._left) >= _REMEMBERED:
            self._left.clear()
        self._left[address] = (tokens - admitted, now_ms)
        return admitted
