"""The wearable's clock against the host's: offset and drift, robust against late frames, monotone. Pure."""

from __future__ import annotations


class ClockModel:
    """Estimates host time as a line over device time. Frames come late, never early: the earliest ones count.

    Attributes:
        drift_ppm: How much faster the wearable's clock runs than the host's, in millionths; None before it is known.
    """

    def __init__(self) -> None:
        self.drift_ppm: float | None = None

    def observe(self, device_us: int, host_s: float) -> None:
        """A frame whose (unfolded) clock is `device_us` came at `host_s`."""
        raise NotImplementedError

    def host_s(self, device_us: int) -> float:
        """When it was `device_us`, in host seconds; for rising `device_us` never goes back, however the line turns."""
        raise NotImplementedError
